"""Questions that ask for the opposite of what their text says: a word turned round, or a negation added.

SQuAD 2.0's writers made a third of their unanswerable questions this way (Rajpurkar, Jia and Liang, 2018,
table 2). Each change keeps the sentence grammatical: a word is replaced by one of the same form, a negation
goes where English puts it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from eval.studies.examples import ContextExample
from eval.training.negatives import replaced, sampled
from indexer.analyzer import terms

_PAIRS = """
largest smallest|biggest smallest|highest lowest|longest shortest|oldest youngest|oldest newest
|earliest latest|most least|best worst|fastest slowest|strongest weakest|richest poorest
|greatest smallest|heaviest lightest
|larger smaller|bigger smaller|higher lower|longer shorter|older younger|earlier later|better worse
|faster slower|stronger weaker|greater smaller|heavier lighter|wider narrower|deeper shallower
|large small|big small|long short|old new|early late|strong weak|rich poor|major minor|common rare
|first last|first second|second third|third fourth|before after|above below|inside outside
|north south|east west|northern southern|eastern western|northeast southwest|northwest southeast|upper lower
|top bottom|front back|start end|beginning end|started ended|began ended|begin end|starts ends
|increase decrease|increased decreased|increases decreases|increasing decreasing|rise fall|rose fell
|grow shrink
|gain lose|gained lost|win lose|won lost|wins loses|buy sell|bought sold|built demolished|build demolish
|created destroyed|create destroy|open close|opened closed|join leave|joined left|accept reject
|accepted rejected
|allow forbid|allowed forbidden|allows forbids|permitted prohibited|approve reject|approved rejected
|supported opposed|supports opposes|supporters opponents|agree disagree|agreed disagreed
|include exclude|included excluded|includes excludes|add remove|added removed|succeed fail|succeeded failed
|success failure|advantage disadvantage|advantages disadvantages|strengths weaknesses|benefits drawbacks
|friends enemies|allies enemies|ally enemy|majority minority|maximum minimum|import export|imports exports
|imported exported|male female|men women|boys girls|husband wife|father mother|son daughter
|brother sister|king queen|parents children|teacher student|teachers students|born killed
|rural urban|domestic foreign|internal external|positive negative|legal illegal|possible impossible
|able unable
|required forbidden|always never|often rarely|usually rarely
|successful unsuccessful|direct indirect|active passive|warm cold|wet dry
|summer winter|morning evening|victory defeat|attack defend|attacked defended
|arrive depart|arrived departed|appear disappear|appeared disappeared|discovered lost|ancient modern
|senior junior|employer employee|employers employees|lender borrower|landlord tenant|sender recipient
|January February|March April|May June|July August|September October|November December
|Monday Tuesday|Wednesday Thursday|Friday Saturday
"""

OPPOSITES: dict[str, list[str]] = {}
"""By word, the words that may replace it."""
for _pair in _PAIRS.replace("\n", "").split("|"):
    _one, _other = _pair.split()
    OPPOSITES.setdefault(_one, []).append(_other)
    OPPOSITES.setdefault(_other, []).append(_one)

_WORD = re.compile(r"\b[A-Za-z]+\b")
_IDIOM = re.compile(
    r"(?i)\b(?:(?:named|called|look\w*|modell?ed) after|how \w+|world \w+|at \w+|in front"
    r"|(?:first|last) (?:names?|aid|lady)|(?<!the )first)\b"
)
"""Words that have no opposite where they stand: "named after", "first name"."""
_AUXILIARY = re.compile(
    r"(?i)^(?P<before>(?:(?:in|on|at|for|to|from|with|by|of)\s+)?"
    r"(?:who|what|when|where|why|how|which(?:\s+\w+)?|what\s+\w+)\s+)"
    r"(?P<verb>is|are|was|were|does|do|did|has|have|had|could|would|should)\b(?=\s+\w)"
)
_PLAIN_VERB = re.compile(r"(?i)^(?:(?P<who>who\s+)(?=[a-z]+(?:ed|[^s]s)\s)|(?P<what>what\s+)(?=[a-z]+ed\s))")


def opposites(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with one word of the question replaced by its opposite.

    The opposite occurs neither in the text nor elsewhere in the question. A question without such a word is
    left out.
    """
    draw = random.Random(seed)
    found = []
    for example in sampled(examples, share, draw):
        present = {*terms(example.text), *terms(example.question)}
        idioms = [match.span() for match in _IDIOM.finditer(example.question)]
        choices = [
            (part.span(), other)
            for part in _WORD.finditer(example.question)
            if not any(start <= part.start() < end for start, end in idioms)
            for other in OPPOSITES.get(part[0], ())
            if not present & set(terms(other))
        ]
        if choices:
            found.append(replaced(example, *draw.choice(choices), "/opposite"))
    return found


def negated(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with the question negated: "Who never built it?" for "Who built it?".

    A text rarely says who did not. Questions whose verb is not found are left out, and so are those that are
    negated already, or ask why or how: the reason for something is also why its opposite did not happen.
    """
    draw = random.Random(seed)
    found = []
    for example in sampled(examples, share, draw):
        question = negation(example.question, draw)
        if question is not None:
            found.append(example.unanswerable("/negated", question=question))
    return found


_NEGATIVE = re.compile(r"(?i)\b(?:not|never|no|none|without|except|cannot)\b|n['’]t\b|\bother than\b")
_NOT_NEGATED = re.compile(r"(?i)^\W*(?:why|how)\b")


_FOLLOWED_BY_NOT = frozenset(["is", "are", "was", "were", "has", "have", "had"])
_SHARE_OF_NOT = 0.3  # "Who was never king?", else "Who wasn't king?"


def negation(question: str, draw: random.Random) -> str | None:
    """Return the question with a negation after its first verb, None if that cannot be found."""
    if _NEGATIVE.search(question) or _NOT_NEGATED.match(question):
        return None
    if match := _AUXILIARY.match(question):
        verb, rest = match["verb"], question[match.end() :]
        bare = match["before"].split()[-1].casefold() in ("who", "what", "which")
        if bare and verb.casefold() in _FOLLOWED_BY_NOT and draw.random() < _SHARE_OF_NOT:
            return f"{match['before']}{verb} {draw.choice(['not', 'never'])}{rest}"
        return f"{match['before']}{verb}n't{rest}"
    if match := _PLAIN_VERB.match(question):
        return f"{match[0]}never {question[match.end() :]}"
    return None
