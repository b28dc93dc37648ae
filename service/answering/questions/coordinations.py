"""One question with several phrases of one kind -> their questions: "the capital and the population of X".

Only what cannot be one thing: two attributes, two counts of things, opposites, two years of one figure, and
two events that cannot happen at once. "Which countries and organisations signed?" and "What did A and B agree
on?" ask for one thing. Pure functions of words; the rules are for English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.answering.questions.clauses import AUX, MEASURE, PREPOSITION, is_embedding


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of a question: `start` and `end` in it, and the question for it alone."""

    start: int
    end: int
    question: str


_BE = r"(?:is|are|was|were)"
# What a thing has one of, told apart by its noun. Two words for much the same ("role and function") are not
# here, nor what is told in one breath ("terms and conditions").
_ATTRIBUTE = (
    r"(?:names?|address|age|height|length|width|depth|weight|size|area|population|capital|currency|language"
    r"|religion|nationality|dates?|year|time|place|location|venue|costs?|price|value|revenues?|turnover"
    r"|profits?|income|budget|salary|number|author|title|publisher|president|chair|chairman|chairwoman"
    r"|chairperson|ceo|founders?|director|manager|secretary|minister|mayor|king|queen|head|headquarters"
    r"|owner|editor|speed|range|temperature|density|gdp|altitude|elevation|distance|duration|deadline|fees?"
    r"|fine|penalty|tax|rates?|deductible|purpose|aim|goal|cause)"
)
_SOMEONE = re.compile(
    r"(?:author|publisher|president|chair\w*|ceo|founders?|director|manager|secretary|minister|mayor|king|queen"
    r"|owner|editor)$"
)
_RELATION = re.compile(
    r"\b(?:relations?|relationship|differences?|links?|connections?|ratio|comparison|balance|similarit(?:y|ies)"
    r"|rest|combination|sum|total)\b"
)
# Attributes that are told together, or are one in two words.
_SAME = (
    r"(?:dates?|time|year)",
    r"(?:aim|goal|purpose)",
    r"(?:costs?|price|value|fees?)",
    r"(?:place|location|venue|address)",
    r"(?:size|area)",
    r"(?:fine|penalty)",
    r"(?:revenues?|turnover|income)",
)
_OPPOSITES = (
    ("advantages?", "disadvantages?"), ("benefits?", "drawbacks?"), ("benefits?", "risks?"),
    ("benefits?", "costs?"), ("strengths?", "weaknesses"), ("strength", "weakness"),
    ("causes?", "effects?"), ("causes?", "consequences?"), ("causes?", "symptoms?"), ("causes?", "results?"),
    ("symptoms?", "treatments?"), ("imports?", "exports?"), ("revenues?", "expenses?"),
    ("revenues?", "profits?"), ("beginning", "end"), ("start", "end"), ("similarities", "differences"),
    ("births?", "deaths?"), ("minimum", "maximum"), ("opportunities", "challenges"),
)  # fmt: skip
_PLAIN_OPPOSITES = "|".join(
    rf"(?:{one})\s+and\s+(?:the\s+)?(?:{other})|(?:{other})\s+and\s+(?:the\s+)?(?:{one})"
    for one, other in _OPPOSITES
)
_EXTREMES = (
    ("highest", "lowest"), ("largest", "smallest"), ("biggest", "smallest"), ("oldest", "youngest"),
    ("oldest", "newest"), ("longest", "shortest"), ("minimum", "maximum"), ("upper", "lower"),
    ("best", "worst"), ("earliest", "latest"), ("opening", "closing"), ("gross", "net"), ("first", "last"),
    ("start", "end"),
)  # fmt: skip
_ADJECTIVES = "|".join(
    f"{one}\\s+and\\s+(?:the\\s+)?{other}" for pair in _EXTREMES for one, other in (pair, pair[::-1])
)
_OPENING = (
    rf"(?P<opening>(?:what|who)\s+(?P<be>{_BE})|what['’]s|who['’]s"
    r"|name|give(?:\s+me)?|state|tell\s+(?:me|us)|identify|list|describe|explain|outline)"
)
_AFTER = r"(?P<rest>(?:\s+(?:of|in|for|at|between|on)\s+\S.*)?)"
_WORDS = r"(?:[A-Za-z][\w-]*\s+){0,2}?"
_ONE = rf"(?:the\s+)?{_WORDS}{_ATTRIBUTE}"
# "the name and date of birth of the victim": the name is the victim's.
_OWN_RESTS = re.compile(
    r"\s+of\s+(?:birth|death|foundation|formation|establishment|construction|publication|origin|manufacture"
    r"|issue|expiry|completion|arrival|departure|release|signature)\b"
)
_OF_EVENT = re.compile(r"(?:date|place|time|year|month|day|cause|location|country|city)s?$")
_ATTRIBUTES = re.compile(
    rf"{_OPENING}\s+(?P<owner>(?:its|his|her|their|(?:[^\s,]+\s+){{0,6}}?[^\s,]+(?:['’]s|s['’]))\s+)?"
    rf"(?P<items>{_ONE}(?:,\s+{_ONE}){{0,2}},?\s+and\s+{_ONE}|(?:the\s+)?(?:{_PLAIN_OPPOSITES}))(?![\w-])"
    rf"{_AFTER}"
)
_WITH_ARTICLES = re.compile(
    rf"{_OPENING}\s+(?P<owner>)(?P<items>the\s+(?:[a-z][\w-]*\s+){{1,3}}?and\s+the\s+[a-z][\w-]*(?:\s+[a-z][\w-]*)?)"
    r"(?P<rest>\s+of\s+\S.*)"
)
_OF_EACH = re.compile(
    rf"{_OPENING}\s+(?P<one>the\s+(?:[a-z][\w-]*\s+){{1,3}}?of\s+\S.*?)"
    rf"\s+and\s+(?P<other>(?:the|its|his|her|their)\s+{_WORDS}{_ATTRIBUTE}\s+of\s+\S.*)"
)
_EXTREME = re.compile(
    r"(?P<before>(?:what|who|which|name)\b.*?(?:\s(?:is|are|was|were|the|its|his|her|their)|['’]s|s['’])\s+)"
    rf"(?P<items>{_ADJECTIVES})(?P<rest>\s+(?!names?\b)[a-z].*)"
)
# People are counted together ("How many men and women attended?", "How many companies and units took part?"):
# an article gives one number for them as often as two. So are units of one measure.
_PEOPLE = re.compile(
    r"(?:people|persons?|men|women|children|boys|girls|adults|students|pupils|staff|troops|guests|kids|members"
    r"|firms|companies|units|organi[sz]ations|institutions|countries|nations|states|agencies|businesses"
    r"|enterprises|cities|towns|villages|families|households|friends|parents|patients|residents|tenants|agents"
    r"|respondents|participants|applicants|claimants|defendants|migrants|immigrants|inhabitants|servants"
    r"|doctors|authors|visitors|investors|directors|editors|senators|actors|professors|survivors"
    r"|(?!towers|rivers|papers|flowers|numbers|letters|orders|computers|printers|containers|chapters|shelters"
    r"|centers|theaters|trailers)\w+ers|\w+(?:ists|ians|ees(?<!trees)|men|women|people|mates|folk))"
)
_TOGETHER = re.compile(
    r"(?:years?|months?|weeks?|days?|nights?|hours?|minutes?|seconds?|feet|inches|pounds|ounces|dollars|cents"
    r"|miles|yards|goods|services|rules|regulations|terms|conditions|times|arts|crafts|ways|kinds|types|sorts)"
)
_COUNTS = re.compile(
    rf"(?P<how>how\s+(?:many|much)\s+)(?P<one>[a-z][a-z-]+)\s+and\s+(?P<other>[a-z][a-z-]+)"
    rf"(?P<rest>\s+{AUX}\s+\S.*)"
)
_FIGURE = (
    rf"(?:how\s+(?:many|much)\b|what\s+{_BE}\s+(?:the|its|his|her|their|\S+['’]s)\s+{_WORDS}(?:{_ATTRIBUTE}|rate|share"
    r"|gdp|output|sales|earnings|result|score|growth)\b)"
)
_IN_YEARS = re.compile(
    rf"(?P<before>{_FIGURE}.*\s)(?P<one>in\s+(?P<year>1[5-9]\d\d|20\d\d))\s+and\s+(?P<other>(?:in\s+)?(?:1[5-9]|20)\d\d)"
)
# "What was found in Lund and in York?" may ask for what was found in both.
_TOLD_APART = (
    rf"(?:{_FIGURE}|when\s+{AUX}\b|(?:at\s+)?what\s+(?:time|date|year)\b|how\s+{MEASURE}\b"
    r"|what\s+(?:do|does|did)\b)"
)
_IN_EACH = re.compile(
    rf"(?P<before>{_TOLD_APART}[^,]*\s)(?P<one>(?P<preposition>{PREPOSITION})\s+(?!which|what)[^,]+?)\s+and\s+"
    rf"(?P<other>(?P=preposition)\s+[^,]+?)(?P<rest>(?:\s+{AUX}\s.*)?)"
)
_MEASURES = re.compile(
    rf"how\s+(?P<one>(?!many|much){MEASURE})\s+and\s+(?:how\s+)?(?P<other>(?!many|much){MEASURE})(?P<rest>\s+{AUX}\s+\S.*)"
)
_CASUALTIES = re.compile(
    r"(?P<before>how\s+many\s+(?:\S+\s+){0,3}?)(?P<be>were\s+)?(?P<one>killed|died|dead)\s+and\s+"
    r"(?:how\s+many\s+)?(?P<other>(?:were\s+)?(?:injured|wounded|hurt|arrested|displaced|rescued|missing))"
    r"(?P<rest>(?:\s+\S.*)?)"
)
_BEGINNING = (
    r"(?:found(?:ed)?|establish(?:ed)?|born|open(?:ed|s)?|start(?:ed|s)?|begin|began|begun|begins|launch(?:ed)?"
    r"|introduced?|adopt(?:ed)?|proposed?|built|created?|formed?|signed?|announced?|leaves?|departs?|join(?:ed)?"
    r"|rises?|enter(?:ed)?)"
)
_ENDING = (
    r"(?:dissolved?|close[sd]?|abolish(?:ed)?|end(?:ed|s)?|complete[d]?|finish(?:ed|es)?|cancel(?:led|ed)?"
    r"|repeal(?:ed)?|ratif(?:y|ied)|demolish(?:ed)?|dies?|died|arrives?|stop(?:ped|s)?|sets?|disband(?:ed)?|expires?"
    r"|leave|shut|fall)"
)
_EVENTS = re.compile(
    rf"(?P<when>(?:when|where|(?:(?:in|on|at)\s+)?(?:what|which)\s+(?:time|year|date|day|month|century|city|place)))"
    rf"\s+(?P<aux>{AUX})\s+(?P<subject>(?:[^\s,]+\s+){{1,12}}?)(?P<one>{_BEGINNING}(?P<object>(?:\s+[^\s,]+){{0,6}}?))"
    rf"\s+and\s+(?P<other>{_ENDING}(?P<rest>(?:\s+\S.*)?))"
)


def coordinated(clause: str) -> list[Phrase]:
    """Return the phrases of a clause that ask for one thing each; none if it asks for one thing.

    `clause` is in the form of `parts`: the first word in lower case, no punctuation at its end.
    """
    for rule in (
        _extremes,
        _attributes,
        _of_each,
        _counts,
        _casualties,
        _in_years,
        _in_each,
        _measures,
        _events,
    ):
        if found := rule(clause):
            return found
    return []


def _phrases(spans: Sequence[tuple[int, int]], questions: Sequence[str]) -> list[Phrase]:
    return [Phrase(*span, question) for span, question in zip(spans, questions, strict=True)]


def _verb(match: re.Match[str], phrase: str) -> str:
    """Return the opening of the question for one of several: "What are the A and B" -> "What is the A"."""
    opening: str = match["opening"]
    someone = match["be"] is None and not opening.startswith("what") and _SOMEONE.search(phrase)
    word = "who" if opening.startswith("who") or someone else "what"
    plural = re.search(r"(?<!s)s$", phrase) is not None and not phrase.endswith("headquarters")
    past = match["be"] in {"was", "were"}
    return f"{word} {('were' if past else 'are') if plural else ('was' if past else 'is')}"


def _attributes(clause: str) -> list[Phrase]:
    match = _ATTRIBUTES.fullmatch(clause)
    if match is None:
        match = _WITH_ARTICLES.fullmatch(clause)
        plural = match and any(
            re.search(r"[^s]s$", item) for item in re.split(r"\s+and\s+the\s+", match["items"])
        )
        if match is None or plural or match["be"] is None:
            return []
    if _RELATION.search(match["items"]) and "similarities" not in match["items"]:
        return []
    same = any(len(re.findall(rf"\b{kind}\b", match["items"])) > 1 for kind in _SAME)
    one_person = match["opening"].startswith("who") and match["be"] in {"is", "was", None}
    if same or (one_person and not re.search(r"\band\s+the\s", match["items"])):
        return []
    spans = _items(match)
    owner = match["owner"] or ""
    questions = []
    own = _OWN_RESTS.match(match["rest"])
    for number, (start, end) in enumerate(spans, start=1):
        phrase = re.sub(r"^the\s+", "", clause[start:end])
        rest = match["rest"]
        if own is not None and number < len(spans) and not _OF_EVENT.search(phrase):
            rest = rest[own.end() :]
        questions.append(f"{_verb(match, phrase)} {owner or 'the '}{phrase}{rest}")
    return _phrases(spans, questions)


def _items(match: re.Match[str]) -> list[tuple[int, int]]:
    """Return where the items of an enumeration stand."""
    start, spans = match.start("items"), []
    items = match["items"]
    at = 0
    for joint in [*re.finditer(r",?\s+and\s+|,\s+", items), None]:
        end = len(items) if joint is None else joint.start()
        spans.append((start + at, start + end))
        at = end if joint is None else joint.end()
    return spans


def _of_each(clause: str) -> list[Phrase]:
    match = _OF_EACH.fullmatch(clause)
    if match is None or _RELATION.search(match["one"]) or match["be"] in {"are", "were"}:
        return []
    spans = [match.span("one"), match.span("other")]
    heads = [re.split(r"\s+of\s", match[name])[0] for name in ("one", "other")]
    return _phrases(
        spans,
        [f"{_verb(match, head)} {match[name]}" for head, name in zip(heads, ("one", "other"), strict=True)],
    )


def _extremes(clause: str) -> list[Phrase]:
    match = _EXTREME.fullmatch(clause)
    if match is None:
        return []
    spans = _items(match)
    words = [re.sub(r"^the\s+", "", clause[start:end]) for start, end in spans]
    return _phrases(spans, [f"{match['before']}{word}{match['rest']}" for word in words])


def _counts(clause: str) -> list[Phrase]:
    match = _COUNTS.fullmatch(clause)
    if match is None:
        return []
    nouns = (match["one"], match["other"])
    if any(_PEOPLE.fullmatch(noun) or _TOGETHER.fullmatch(noun) for noun in nouns):
        return []
    if "many" in match["how"] and not all(noun.endswith("s") for noun in nouns):
        return []  # an adjective: "primary and secondary schools"
    return _phrases(
        [match.span("one"), match.span("other")], [f"{match['how']}{noun}{match['rest']}" for noun in nouns]
    )


def _casualties(clause: str) -> list[Phrase]:
    match = _CASUALTIES.fullmatch(clause)
    if match is None or (match["be"] is None) != (match["one"] == "died"):
        return []
    be = match["be"] or ""
    other = match["other"] if match["other"].startswith("were") else f"were {match['other']}"
    return _phrases(
        [(0, match.end("one")), match.span("other")],
        [f"{match['before']}{be}{match['one']}{match['rest']}", f"{match['before']}{other}{match['rest']}"],
    )


def _joined_once(clause: str) -> bool:
    """Whether a clause has one "and"; it also keeps the patterns above from trying each pair of several."""
    return len(re.findall(r"\sand\s", clause)) == 1


def _in_years(clause: str) -> list[Phrase]:
    match = _IN_YEARS.fullmatch(clause) if _joined_once(clause) else None
    if match is None:
        return []
    other = f"in {match['other'].removeprefix('in').strip()}"
    return _phrases(
        [(0, match.end("one")), match.span("other")],
        [f"{match['before']}{match['one']}", f"{match['before']}{other}"],
    )


def _in_each(clause: str) -> list[Phrase]:
    match = _IN_EACH.fullmatch(clause) if _joined_once(clause) else None
    if match is None or _RELATION.search(clause) or is_embedding(match["before"]):
        return []
    return _phrases(
        [(0, match.end("one")), match.span("other")],
        [f"{match['before']}{match[name]}{match['rest']}" for name in ("one", "other")],
    )


def _measures(clause: str) -> list[Phrase]:
    match = _MEASURES.fullmatch(clause)
    if match is None:
        return []
    return _phrases(
        [match.span("one"), match.span("other")],
        [f"how {match[name]}{match['rest']}" for name in ("one", "other")],
    )


def _events(clause: str) -> list[Phrase]:
    match = _EVENTS.fullmatch(clause)
    if match is None:
        return []
    start = f"{match['when']} {match['aux']} {match['subject']}"
    shared = "" if match["object"] else match["rest"]  # "join and leave | the union"
    return _phrases(
        [(0, match.end("one")), match.span("other")],
        [f"{start}{match['one']}{shared}", f"{start}{match['other']}"],
    )
