"""The grammar of one clause of a question: its question phrase, its auxiliary and its rest.

"In which year | was | Telenor founded". Clauses are in the form of `parts`: the first word in lower case, no
punctuation at the end, quoted characters replaced. Pure functions of words; the rules are for English.
"""

from __future__ import annotations

import re

from service.answering.questions.ellipsis import AUXILIARY, QUESTION_WORD, filled
from service.answering.questions.ellipsis import PREPOSITION as _PREPOSITION

AUX = rf"{AUXILIARY}(?:n['’]t)?"
PREPOSITION = rf"(?:{_PREPOSITION}|as|via|despite)"
PRONOUN = r"(?:it|he|she|they|there|I|i|we|you)"
MEASURE = (
    r"(?:much|many|long|often|far|old|big|high|tall|fast|large|deep|heavy|wide|soon|well|hot|cold|strong"
    r"|thick|expensive|likely|\w+ly|common|dangerous|deadly|strict|popular|severe|serious|steep|rare|safe|close"
    r"|small|short|low|late|early|rich|poor|accurate|\w+(?:able|ible|ous|tal|cal|ful|ive|tant|rtant|cient))"
)
COMMAND = r"(?:name|give|state|tell|list|identify|describe|explain|outline)"
_TIME = r"(?:year|date|day|month|time|century|decade)"
_PLACE = r"(?:city|town|country|place|state|region)"
_EXACTLY = r"(?:\s+(?:exactly|precisely|specifically))?"
# A word of a question phrase: "how many | square | metres".
_INNER = (
    rf"(?!(?:{AUX}|and|or|it|he|she|they|we|you|i|the|this|that|these|those|an?|{QUESTION_WORD})(?![\w-]))"
    r"[^\s,;?!]+"
)
_COUNTED = r"(?:how\s+many|how\s+much|which|what|whose)"
_FRONTED = re.compile(
    rf"(?P<phrase>(?:{PREPOSITION}\s+)?(?:(?:when|where|why|whom?|what|which){_EXACTLY}"
    rf"|how(?:\s+{MEASURE})?|{_COUNTED}(?P<nouns>(?:\s+{_INNER}){{1,6}})))"
    rf"\s+(?P<aux>{AUX})\s+(?P<rest>\S.*)"
)
_CONTRACTED = re.compile(r"(?P<phrase>who|what|where|when|how)['’]s\s+(?P<rest>\S.*)")
_YES_NO = re.compile(rf"{AUX}\s+\S.*")
# A question phrase that is no subject or object: a question without it still has all of its verb's.
_ADJUNCT = re.compile(
    rf"(?!about\s)(?:{PREPOSITION}\s+(?:whom?|when|where|how\s+(?:much|many|long)|(?:what|which)"
    rf"(?:\s+{_INNER}){{0,3}})|(?:when|where|why){_EXACTLY}|how(?:\s+(?!much|many){MEASURE})?"
    rf"|(?:what|which)\s+{_TIME})"
)
_BARE = re.compile(rf"{_ADJUNCT.pattern}|(?:what|which)\s+{_PLACE}|how\s+much")
_STRANDED = re.compile(r"(?P<wh>who|what)\s+(?P<preposition>by|with|to|for|from|against)")
_NOUNS = rf"{_INNER}(?:\s+{_INNER})?(?:\s+of\s+{_INNER})?"
_VERB = re.compile(
    r"\w+ed|won|lost|led|fell|rose|came|left|leads|exists|remains|grew|broke|sank|ran|went|survive"
)
_PHRASE = re.compile(rf"{_COUNTED}\s+(?P<nouns>{_NOUNS})")
_SUBJECT = re.compile(rf"(?P<counted>{_COUNTED})\s+(?P<noun>{_INNER})\s+(?P<rest>\S.*)")
_WHO = re.compile(rf"(?:who|what)\s+(?!(?:{PREPOSITION}|to|else|not|and|or|{PRONOUN}|the)\b)[a-z]+\b.*")
_WITHOUT_NOUN = re.compile(
    rf"(?P<counted>how\s+many|how\s+much|which)\s+(?P<rest>(?:{AUX}\s|\w+ed\b|left\b|fell\b|won\b|lost\b).*)"
)
_IN_ANOTHER = re.compile(
    rf"(?P<wh>{QUESTION_WORD}(?:\s+(?:many|much))?)\s+(?P<phrase>{PREPOSITION}(?:\s+(?!{AUX}\b)\S+)+)"
)
_ABOUT = re.compile(r"(?:what|how)\s+about\s+\S.*")
_EMBEDDED = re.compile(rf"\s(?:{QUESTION_WORD}|that|whether)(?![\w-])")
_EMBEDDED_IF = re.compile(rf"{_EMBEDDED.pattern}|\sif\s")  # "Do we know if he left and who paid?"
_NO_CLAUSE = re.compile(
    rf"what(?:\s+is|['’]s)\s+more\b.*|how\s+come\b.*|{QUESTION_WORD}\s+(?:{MEASURE}\s+)?to\b.*"
    rf"|{QUESTION_WORD}(?:\s+{AUX})?\s+not|{QUESTION_WORD}\s+{AUX}|.*\s(?:do|does|did)n['’]t"
)
# "how much did Nordea": the verb is the first clause's.
_WITHOUT_VERB = re.compile(r"(?:the\s+)?[A-Z]\S*(?:\s+[A-Z]\S*){0,4}")
# "when did Norway and when did Sweden join": the verb is the second clause's.
_NAME_ONLY = re.compile(
    rf"(?P<phrase>when|where|why|how(?:\s+{MEASURE})?|what|{_COUNTED}(?:\s+{_INNER}){{1,3}})"
    rf"\s+(?P<aux>do|does|did)\s+(?:{_WITHOUT_VERB.pattern})"
)
_NAME_AND_VERB = re.compile(rf"(?:{_WITHOUT_VERB.pattern})\s+(?P<rest>[a-z].*)")
# "what percentage of men and what percentage of women voted": the verb is the second clause's.
_SHARE = re.compile(rf"(?P<share>{_COUNTED}\s+{_INNER}\s+of)\s+{_INNER}")
_SHARE_AND_VERB = re.compile(rf"{_SHARE.pattern}\s+(?P<rest>\S.*)")
_PARTICIPLES = {
    "wrote": "written", "began": "begun", "chose": "chosen", "took": "taken", "gave": "given",
    "drew": "drawn", "broke": "broken", "stole": "stolen", "sang": "sung", "overthrew": "overthrown",
    **{
        verb: verb
        for verb in (
            "built", "made", "found", "won", "led", "held", "bought", "sold", "sent", "shot", "lost",
            "taught", "set", "put", "cut", "brought",
        )
    },
}  # fmt: skip
_DONE = re.compile(
    rf"(?:who|{_COUNTED}\s+{_INNER})\s+(?P<verb>[a-z]+ed|{'|'.join(_PARTICIPLES)})"
    rf"\s+(?P<object>(?!(?:{PREPOSITION}|to|that|up|out|down|off|and|him|them|me|us)\b)\S.*)"
)
_KNOWN = re.compile(
    rf"(?P<phrase>(?:{PREPOSITION}\s+)?(?:when|where|why|how(?:\s+{MEASURE})?|(?:what|which)\s+{_TIME}))"
    rf"\s+(?P<subject>(?!{AUX}\b)\S+(?:\s+\S+){{0,7}}?)\s+(?P<aux>{AUX})\b(?P<rest>.*)"
)
_KNOWN_WHAT = re.compile(
    rf"(?P<phrase>who|what)\s+(?P<subject>(?:{PRONOUN}|(?:the|an?)\s+\S+|[A-Z]\S*(?:\s+[A-Z]\S*){{0,5}}))"
    r"\s+(?P<aux>is|are|was|were)(?P<rest>)"
)
_TRANSITIVE = (
    r"(?:wrote|directed|founded|designed|built|owns|owned|funds|funded|financed|made|produced|composed"
    r"|performed|discovered|invented|created|edited|published|signed|leads|led|runs|manages|developed)"
)
_ONE_OBJECT = re.compile(
    rf"who\s+{_TRANSITIVE}\s+(?P<object>(?!(?:{PRONOUN}|him|her|them|{PREPOSITION})\b)\S.*)"
)
_NO_OBJECT = re.compile(rf"who\s+{_TRANSITIVE}")


def opens(clause: str) -> bool:
    """Whether a clause at the start of a sentence is a question, to which more can be added."""
    return bool(
        fronted(clause)
        or _CONTRACTED.fullmatch(clause)
        or _YES_NO.fullmatch(clause)
        or (_WHO.fullmatch(clause) or _SUBJECT.fullmatch(clause))
        or re.match(rf"how\s+{MEASURE}\s+and\s", clause)
        or re.match(rf"{COMMAND}\s+(?:(?:me|us)\s+)?the\s", clause)
    )


def fronted(clause: str) -> re.Match[str] | None:
    """Return the phrase, the auxiliary and the rest of a clause that has its auxiliary before its subject."""
    return _FRONTED.fullmatch(clause)


def is_sure(clause: str) -> bool:
    """Whether a clause can be nothing but a question: "when was it founded", not "who was born there"."""
    if _NO_CLAUSE.fullmatch(clause):
        return False
    if re.match(rf"{AUX}\s+{PRONOUN}\s+\S", clause):
        return True
    if found := fronted(clause):
        return bool(
            _ADJUNCT.fullmatch(found["phrase"])
            or re.match(r"do|does|did", found["aux"])
            or re.match(rf"{PRONOUN}\b", found["rest"])
        )
    return re.match(r"(?:where|when|how)['’]s\s+\S", clause) is not None


def continues(clause: str, first: str) -> bool:
    """Whether a clause after "and" is a question of its own, after the question `first`."""
    if is_sure(clause):
        return True
    # "Who knows what happened and who was there": a clause of the question before it.
    if is_embedding(first) or _NO_CLAUSE.fullmatch(clause):
        return False
    if re.match(rf"which\s+{AUX}\b", clause) and not first.startswith("which"):
        return False
    subject = _SUBJECT.fullmatch(clause)
    other = subject is not None and not re.match(rf"{PREPOSITION}\b", subject["rest"])
    return bool(fronted(clause) or other or _WHO.fullmatch(clause) or _CONTRACTED.fullmatch(clause))


def is_of_it(clause: str) -> bool:
    """Whether a clause asks who did something with what was spoken of: "who built it" continues no clause."""
    return re.fullmatch(r"who\s+\w+\s+(?:it|them)", clause) is not None


def is_embedding(clause: str) -> bool:
    """Whether a clause has a clause within it, after its question word."""
    return (_EMBEDDED_IF if _YES_NO.fullmatch(clause) else _EMBEDDED).search(clause) is not None


def is_head(text: str) -> bool:
    """Whether a text is a question phrase without its rest: "when", "how many tonnes of freight"."""
    return bool(
        _BARE.fullmatch(text)
        or re.fullmatch(r"who|what|which|how\s+many", text)
        or _NAME_ONLY.fullmatch(text)
        or _is_phrase(text)
        or _NO_OBJECT.fullmatch(text)
    )


def is_tail(text: str) -> bool:
    """Whether a text after a question asks for more of the same: "when", "by whom", "how many women"."""
    return bool(
        _BARE.fullmatch(text)
        or _STRANDED.fullmatch(text)
        or _ABOUT.fullmatch(text)
        or _IN_ANOTHER.fullmatch(text)
        or _is_phrase(text)
    ) and not _NO_CLAUSE.fullmatch(text)


def _is_phrase(text: str) -> bool:
    """Whether a text is a question word with its nouns and no verb: a plural is followed by none."""
    found = _PHRASE.fullmatch(text)
    before = re.split(r"\s+of\s", found["nouns"])[0].split() if found else []
    plural = any(re.search(r"s$|^people$|men$|^children$", word) for word in before[:-1])
    return bool(before) and not plural and not _VERB.fullmatch(before[-1])


def headed(head: str, clause: str) -> str | None:
    """Return the question of a head that shares the rest of a clause: "when" with "where was X born"."""
    if _NO_OBJECT.fullmatch(head):
        one = _ONE_OBJECT.fullmatch(clause)
        return f"{head} {one['object']}" if one else None
    if _NAME_ONLY.fullmatch(head) or _SHARE.fullmatch(head):
        return _with_verb(head, clause)
    found = fronted(clause)
    counted = _SUBJECT.fullmatch(clause)
    if counted and re.fullmatch(r"which|how\s+many", head):
        return f"{head} {counted['noun']} {counted['rest']}"
    if found and _share_rest(head, found):
        return f"{head} {found['aux']} {found['rest']}"
    if _BARE.fullmatch(head) and (passive := _passive(clause)):
        return f"{head} {passive}"
    # "how many men and how many women attended": the verb is known by its ending.
    verb = None if counted is None else re.match(r"\w+ed\b|live\b|work\b|won\b|took\b", counted["rest"])
    return f"{head} {counted['rest']}" if counted and verb and not found and _is_phrase(head) else None


def _with_verb(head: str, clause: str) -> str | None:
    """Return a head that lacks the verb of the clause, which is about another thing of its kind."""
    if share := _SHARE.fullmatch(head):
        counted = _SHARE_AND_VERB.fullmatch(clause)
        return f"{head} {counted['rest']}" if counted and counted["share"] == share["share"] else None
    name, found = _NAME_ONLY.fullmatch(head), fronted(clause)
    other = found and _NAME_AND_VERB.fullmatch(found["rest"])
    same = name and found and (name["phrase"], name["aux"]) == (found["phrase"], found["aux"])
    return f"{head} {other['rest']}" if other and same else None


def _share_rest(head: str, found: re.Match[str]) -> bool:
    """Whether a head can be put before the auxiliary and the rest of a clause: both are of one kind."""
    phrase = found["phrase"]
    if head == "what":
        return phrase == "where" and re.fullmatch(r"is|are|was|were", found["aux"]) is not None
    alike = _BARE.fullmatch(head) and _ADJUNCT.fullmatch(phrase)
    return bool(alike) or (_is_phrase(head) and _is_phrase(phrase))


def tailed(tail: str, clause: str) -> tuple[str, bool] | None:
    """Return the question of a tail after a clause, and whether it depends on the clause's answer.

    None if it cannot be asked, and the question had better be left whole.
    """
    if _ABOUT.fullmatch(tail):
        return tail, True
    if is_embedding(clause) or _CONTRACTED.fullmatch(clause):
        return None
    if _BARE.fullmatch(tail) or _STRANDED.fullmatch(tail):
        return _with_adjunct(tail, clause)
    if another := _IN_ANOTHER.fullmatch(tail):
        same = clause.startswith(f"{another['wh']} ")
        return (filled(another["phrase"], clause, None)[0].rstrip("?"), False) if same else None
    rest = _rest_of_count(clause) if re.match(_COUNTED, tail) else None
    counted = re.match(_COUNTED, clause)
    return (f"{tail} {rest}", False) if rest and counted and tail.startswith(f"{counted[0]} ") else None


def _rest_of_count(clause: str) -> str | None:
    """Return what stands after the counted noun: "how many men | attended the summit"."""
    if found := fronted(clause):
        return f"{found['aux']} {found['rest']}"
    subject = _SUBJECT.fullmatch(clause)
    return None if subject is None else subject["rest"]


def _with_adjunct(tail: str, clause: str) -> tuple[str, bool]:
    found = fronted(clause)
    stranded = _STRANDED.fullmatch(tail)
    word, after = (stranded["wh"], f" {stranded['preposition']}") if stranded else (tail, "")
    if found and _ADJUNCT.fullmatch(found["phrase"]):
        return f"{word} {found['aux']} {found['rest']}{after}", False
    if _YES_NO.fullmatch(clause):
        return f"{word} {clause}{after}", False
    if passive := _passive(clause):
        return f"{word} {passive}{after}", False
    known = _KNOWN.fullmatch(clause)
    if known:
        return f"{word} {known['aux']} {known['subject']}{known['rest']}{after}", False
    return tail, True


def _passive(clause: str) -> str | None:
    """Return a clause that asks for its subject in the passive: "who wrote X" -> "was X written"."""
    done = _DONE.fullmatch(clause)
    return done and f"was {done['object']} {_PARTICIPLES.get(done['verb'], done['verb'])}"


def completed(clause: str, first: str) -> str | None:
    """Return a later clause with what it leaves out of the first; None if that is unclear.

    "how many were injured" has the first's noun, "how much did Nordea" its verb.
    """
    before = fronted(first)
    without = _WITHOUT_NOUN.fullmatch(clause)
    if without and first.startswith(f"{without['counted']} "):
        subject = _SUBJECT.fullmatch(first)
        nouns = (before and before["nouns"]) or (subject and f" {subject['noun']}")
        if nouns:
            return f"{without['counted']}{nouns} {without['rest']}"
    found = fronted(clause)
    if found and re.match(r"do|does|did", found["aux"]) and _WITHOUT_VERB.fullmatch(found["rest"]):
        same = before and before["phrase"] == found["phrase"]
        return filled(found["rest"], first, None)[0].rstrip("?") if same else None
    return clause


def direct(clause: str) -> str:
    """Return a clause after "tell me" as a question: "when it was founded" -> "when was it founded"."""
    known = _KNOWN.fullmatch(clause) or _KNOWN_WHAT.fullmatch(clause)
    return f"{known['phrase']} {known['aux']} {known['subject']}{known['rest']}" if known else clause
