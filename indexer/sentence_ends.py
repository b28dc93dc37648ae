"""Whether a sentence goes on after a full stop that may end it: what sentencex does not know. Pure."""

from __future__ import annotations

import re


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Never the last word of a sentence.
_INSIDE = _words("approx viz cf ca vs e.g i.e esp incl excl messrs resp c.f")
# Before a number, a letter or a name: "Vol. Two", "App. B".
_NUMBERED = _words(
    """
    vol vols para paras nos art arts sec secs sect sects fig figs p pp chap chaps ch app apps eq eqs tab
    tabs ed eds pt pts ref refs reg regs thm lem def cor fol bk est ver exs tel ext no ex fax max min prop
    cl c circa r s
    """
)
# Those of them that are words as well: "I love art. Kim left."
_ALSO_WORDS = _words("art arts sec secs tab tabs app apps fig figs no ex fax max min prop ref refs r s c p")
# Before a name, with a capital letter.
_TITLES = _words(
    """
    Amb Gov Sen Rep Reps Sens Gen Col Capt Lt Sgt Rev Hon Pres Prof Profs Dr Drs St Ste Mt Ft Msgr Supt Insp
    Cpl Pvt Adm Cmdr Comdr Maj Brig Atty Asst Dept Univ Ald Treas Sec Det Dir Assoc Br Fr Mr Mrs Ms Mx Mme
    Mlle Sra Srta Esq Pte Spc Dep Cllr Dist Hwy Rte Eng Ing Sig
    """
)
_MONTHS = _words("Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec")
_WEEKDAYS = _words("Mon Tue Tues Wed Weds Thu Thur Thurs Fri Sat Sun")
_UNITS = _words(
    "kg km cm mm m g mg ml l lb lbs oz ft in yd yds yr yrs hr hrs h min mins sec secs mo mos wk wks mi sq"
    " cu gal qt pt tsp tbsp mph kph deg pcs pc pct"
)
# Before a word in lower case, these go on; without vowels an abbreviation is known by its letters ("bldg.").
_ABBREVIATIONS = (
    _INSIDE
    | (_NUMBERED - _ALSO_WORDS)
    | {word.casefold() for word in _TITLES - _words("Sec")}
    | _words(
        "inc ltd co corp llc plc bros jr sr etc govt avg temp orig usu al ave blvd rd mfg mfr dept bldg def"
        " capt assn natl intl misc pkg qty div ph.d m.d b.c a.d u.s u.k u.n e.u a.m p.m a.k.a d.c"
    )
)
# Words that begin a sentence and are no names.
_STARTERS = _words(
    """
    The A An He She It They We You I This That These Those There Here In On At By For From To With Without
    After Before When While If As But And Or So Then His Her Its Their Our Your My All Not No Some Many Most
    Each Every Once Since Until Although Though Because However Who What Which Where Why How Is Are Was Were
    Do Does Did Has Have Had Can Could Will Would Should May Might Also Now Today Yesterday Later Meanwhile
    Yet Still Even Only Let Please Other Others Another Both Several Such Under Over During Between Not Well
    Yes
    """
)
_VOWELS = frozenset("aeiouyáéíóúäöüåøæ")
_MAY_GO_ON = _INSIDE | _NUMBERED
_NUMBER = re.compile(
    r"[(\[]?[#$£€]?[\d½¼¾]|(?:[A-Z]|[IVXLC]{1,7})\b(?!['’])|(?:one|two|three|four|five|six|seven|eight|nine|ten"
    r"|eleven|twelve|twenty|thirty|forty|fifty|hundred|first|second|third)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"[(\[]?[#$£€]?[\d½¼¾]|(?:[B-HJ-Z]|[IVXLC]{2,7})\b(?!['’])")
_FIRST_WORD = re.compile(r"[^\W_]+")
_AFTER_HOUR = re.compile(
    r"\(?(?:(?:Mon|Tues?|Wednes|Thurs?|Fri|Satur|Sun)days?\b|(?:Mon|Tues?|Weds?|Thu|Thurs?|Fri|Sat|Sun)\b"
    r"|(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b"
    r"|(?:Christmas|Easter|Thanksgiving|New\sYear|Independence\sDay|Labou?r\sDay|Memorial\sDay|Good\sFriday)\b"
    r"|(?:Eastern|Central|Pacific|Mountain|Atlantic|Greenwich|Hawaii|Alaska|Indian|Japan|Local|Moscow)"
    r"\s(?:Standard\s|Daylight\s|Summer\s|Mean\s)?Time\b|(?:Eastern|Pacific|Mountain|Central)\b(?=[.,;)]|$|\s[a-z])"
    r"|(?:[ECMPA][SD]?T|AK[SD]T|H[SD]?T|GMT|UTC|BST|IST|WES?T|CES?T|EES?T|MSK|SGT|HKT|JST|KST|PKT|AES?T|AEDT|ACST"
    r"|AWST|NZS?T|NZDT|SAST|WAT|EAT|CAT|WIB|PHT|Z|ET)\b"
    r"|\d{1,2}\s(?:January|February|March|April|May|June|July|August|September|October|November|December)\b)"
)
_SPEECH = (
    "says?|said|asks?|asked|tells?|told|warns?|warned|claims?|claimed|writes|wrote|replie[sd]|reply|adds?|added|cries"
    "|cried|shouts?|shouted|insists?|insisted|urges?|urged|admits?|admitted|answered|answers|wonders|wondered|demands"
    "|demanded|yelled|screamed|whispered"
)
_REPORTED = re.compile(rf"(?:[^\W\d_a-z][\w.'’-]*\s+){{1,4}}(?:{_SPEECH})\b|(?i:(?:{_SPEECH}))\b")
_CLOSERS = "\"'”’»)]"
_STRAY = re.compile(r"[,;)\]}”’»%]|[.!?:]+(?:\s|$)")
_MARKER_ALONE = re.compile(r"\(?(?:\d{1,3}|[a-z]|[ivx]{1,4}|[IVX]{1,4})[.)]|[-*•]")
_LOOK = 60  # characters looked at on either side


def begins_sentence(word: str) -> bool:
    """Whether a word with a capital letter begins a sentence, and is no name."""
    return word in _STARTERS


def goes_on(text: str, start: int, end: int, following: int) -> bool:  # noqa: PLR0911 - rules in their order
    """Whether the sentence `text[start:end]`, which ends with a mark, goes on at `following`.

    White space lies between `end` and `following`, or nothing.
    """
    last, first = text[end - 1], text[following]
    # Most often a word that is no abbreviation stands before a full stop, and a capital letter follows.
    if last == "." and first.isupper():
        word = text[max(text.rfind(" ", start, end) + 1, start) : end - 1]
        if word.isalpha() and word.islower() and len(word) > 1 and word not in _MAY_GO_ON:
            return False
    head = text[following : following + _LOOK]
    if not first.isalnum() and _STRAY.match(head):
        return True
    if end - start <= 5 and _MARKER_ALONE.fullmatch(text, start, end):  # noqa: PLR2004 - "(iii)" is the longest
        return True
    tail = text[max(start, end - _LOOK) : end]
    words = tail.rstrip(_CLOSERS)
    closed = len(words) < len(tail)
    if words.endswith(("!", "?", "…", "..")):
        return _goes_on_after_mark(words, head, closed=closed, lower=first.islower())
    if not words.endswith("."):
        return False
    if closed:
        return first.islower()
    return _goes_on_after_stop(words, head, lower=first.islower())


def _goes_on_after_mark(words: str, head: str, *, closed: bool, lower: bool) -> bool:
    if lower:
        last = words.rsplit(maxsplit=1)[-1].lstrip("\"'“‘«(")
        # "Jeopardy! host", but not "so good! it is": there the mark ends a sentence of a careless writer.
        return closed or words.endswith(("…", "..")) or last[:1].isupper()
    return closed and words[-1] in "!?" and _REPORTED.match(head) is not None


def _goes_on_after_stop(words: str, head: str, *, lower: bool) -> bool:  # noqa: PLR0911 - rules in their order
    parts = words.split()
    last = parts[-1][:-1].lstrip("\"'“‘«([")
    folded = last.casefold()
    if folded.endswith(("a.m", "p.m")):
        return lower or _AFTER_HOUR.match(head) is not None
    if folded in _INSIDE:
        return True
    if lower:
        return _abbreviates(parts, last, folded)
    if last in _MONTHS:
        return head[0].isdigit()
    if last in _WEEKDAYS:
        return head[0].isdigit() or head[:3] in _MONTHS
    begins = _FIRST_WORD.match(head)
    starter = begins is not None and begins.group() in _STARTERS
    if folded in _ALSO_WORDS and (last.islower() or len(parts) == 1):
        return _FIGURE.match(head) is not None
    if folded in _NUMBERED and not starter and (folded not in _ALSO_WORDS or _NUMBER.match(head)):
        return True
    return last in _TITLES and not starter and head[0].isupper() and not _after_figure(parts)


def _abbreviates(parts: list[str], last: str, folded: str) -> bool:
    """Whether a word before a full stop and a word in lower case is an abbreviation."""
    if folded in _ABBREVIATIONS or last in _MONTHS or last in _WEEKDAYS:
        return True
    if folded in _UNITS and _after_figure(parts):
        return True
    if last[:1].isdigit() and last.lstrip("0123456789.,") in _UNITS:
        return True
    return len(last) > 1 and last.isalpha() and not last.isupper() and _VOWELS.isdisjoint(folded)


def _after_figure(parts: list[str]) -> bool:
    return len(parts) > 1 and parts[-2][-1:].isdigit()
