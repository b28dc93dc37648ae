"""Questions that ask for the opposite of what their text says: a word turned round.

SQuAD 2.0's writers made many of their unanswerable questions this way (Rajpurkar, Jia and Liang, 2018, table
2). A word is replaced by one of the same form, and left alone where it is part of a name or an expression.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from eval.studies.examples import ContextExample
from eval.training.negatives import replaced, sampled, split_sentences
from eval.training.wording import quoted
from indexer.analyzer import is_function_word, terms

_PAIRS = """
largest smallest|biggest smallest|highest lowest|longest shortest|oldest youngest|oldest newest
|earliest latest|most least|best worst|fastest slowest|strongest weakest|richest poorest
|greatest smallest|heaviest lightest|tallest shortest|deepest shallowest|busiest quietest|hottest coldest
|larger smaller|bigger smaller|higher lower|longer shorter|older younger|earlier later|better worse
|faster slower|stronger weaker|greater smaller|heavier lighter|wider narrower|deeper shallower
|large small|big small|new old|early late|strong weak|rich poor|major minor|common rare
|last first|first second|second third|third fourth|above below|inside outside
|north south|east west|northern southern|eastern western|northeast southwest|northwest southeast|upper lower
|start end|started ended|began ended|begin end|starts ends|begins ends
|increase decrease|increased decreased|increases decreases|increasing decreasing|grow shrink
|win lose|won lost|wins loses|buy sell|bought sold|built demolished|build demolish
|created abolished|open close|opened closed|join leave|joined left|accept reject
|accepted rejected|allow forbid|allowed forbidden|allows forbids|permitted prohibited|approve reject
|approved rejected|supported opposed|supports opposes|support oppose|supporters opponents|agree disagree
|agreed disagreed|include exclude|included excluded|includes excludes|add remove|added removed|succeed fail
|succeeded failed|success failure|advantage disadvantage|advantages disadvantages|strengths weaknesses
|benefits drawbacks|friends enemies|allies enemies|ally enemy|majority minority|maximum minimum
|import export|imports exports|imported exported|male female|men women|boys girls|father mother
|son daughter|brother sister|king queen|parents children|teacher student|teachers students
|rural urban|domestic foreign|internal external|positive negative|legal illegal|able unable|required forbidden
|always never|often rarely|usually rarely|successful unsuccessful|direct indirect|warm cold
|wet dry|summer winter|morning evening|victory defeat|attack defend|attacked defended|arrive depart
|arrived departed|appear disappear|appeared disappeared|ancient modern|senior junior|employer employee
|employers employees|lender borrower|landlord tenant|sender recipient|strengthen weaken
|strengthened weakened|encourage discourage|encouraged discouraged|encourages discourages
|improve worsen|improved worsened|expand shrink|established abolished|founded dissolved|enter leave
|praised condemned|helped hindered|helps hinders|prevents causes|prevented caused|hired dismissed
|promoted demoted|winner loser|similarities differences|optimistic pessimistic|voluntary compulsory
|public private|temporary permanent|unemployed employed|popular unpopular
"""

_ONE_WAY = """
rose>fell|beginning>end|gain>lose|gained>lost|husband>wife|born>killed|introduced>abolished|adopted>rejected
|raise>lower|raised>lowered|main>least important
|more than>less than|less than>more than|fewer than>more than|at least>at most|at most>at least
"""

OPPOSITES: dict[str, list[str]] = {}
"""By word, the words that may replace it, and that it may replace."""
for _pair in _PAIRS.replace("\n", "").split("|"):
    _one, _other = _pair.split()
    OPPOSITES.setdefault(_one, []).append(_other)
    OPPOSITES.setdefault(_other, []).append(_one)

_REPLACED = {word: [*others] for word, others in OPPOSITES.items()}
for _pair in _ONE_WAY.replace("\n", "").split("|"):
    _one, _other = _pair.split(">")
    _REPLACED.setdefault(_one, []).append(_other)

_WORD = re.compile(rf"\b(?:{'|'.join(sorted(_REPLACED, key=len, reverse=True))})\b(?![-’'])")

_IDIOM = re.compile(
    r"(?i)\b(?:(?:named|called|look\w*|modell?ed) after|how \w+(?! than)|(?:first|second|third) world"
    r"|in front|no longer"
    r"|(?:first|last) (?:names?|aid|lady|ladies|nations?|person)|most (?:recent\w*|of|likely|people|data)"
    r"|(?:more|less) or (?:more|less)|(?:best|better) known|years? old|\d old|end up|ends up"
    r"|grow up|close to|open to"
    r"|start with|allowed for|common (?:names?|law|era|market|sense|ground|denominator|core|cold|room)"
    r"|in common"
    r"|left (?:side|hand|wing|ventricle|atrium|over|by|out|of)|higher education"
    r"|(?:upper|lower) (?:house|case|class)"
    r"|major(?:ed)? (?:leagues?|depressive|general|key|scale|in)|minor (?:leagues?|key|outlying)"
    r"|public (?:key|domain)"
    r"|male and|men and|(?:before|after) (?:all|the fact|that|christ)|positive (?:feedback|integer)"
    r"|at first|at last"
    r"|(?:the )?(?:last|first) (?:year|week|month|time|few)|long before|active in|be able|a better|do better"
    r"|support for|support of|supports? from|of support|right after|ever after|open source|first degree"
    r"|arrived? (?:in|at|from|to)|(?:established|created|founded) as|at least one|(?:more|less) than one"
    r"|second half|left or|(?:joined|left) (?:by|at)|(?:first|last) centur\w+"
    r"|includ(?:e|es|ed) (?:in|along|with)|(?:begin|began|start|started|begins|starts) (?:to|\w+ing))\b"
)
"""Words that have no opposite where they stand: "named after", "first name"."""

_AFTER_THE = frozenset("most least first second third last king queen main best worst".split())  # noqa: SIM905
"""Words that are used as they are in the table after "the" or a possessive alone."""

_BEFORE_NOUNS = frozenset(
    """
    public private major minor new old large small big rich poor strong weak ancient modern senior junior
    temporary permanent direct indirect male female domestic foreign internal external positive negative
    northern southern eastern western rural urban
    """.split()  # noqa: SIM905
)
"""Words that have their opposite only before a noun."""

_NOT_BEFORE_NOUNS = frozenset(
    ["common", "rare", "legal", "illegal", "popular", "unpopular", "successful", "unsuccessful", "able"]
)
_TIMES = re.compile(
    r"(?i)\s(?:\d|\w+teenth|twentieth|middle|centur|years?\b|stages?\b|periods?\b|part\b|career|life\b|childhood)"
)
_PASSIVE_ONLY = frozenset(["allowed", "required", "closed", "opened", "permitted", "promoted"])

_RESULTS = frozenset("win wins won lose lost".split())  # noqa: SIM905
_CONTEST = re.compile(
    r"(?i)\b(?:elections?|games?|match|war|battle|championships?|cup|votes?|titles?|states?|season|race|bowl|tournament"
    r"|nomination|seats?|majority|league|finals?)\b"
)
_WITHOUT_TO = frozenset("add added remove removed caused prevented causes prevents".split())  # noqa: SIM905
"""Verbs whose opposite does not go with "to"."""

_VERBS = frozenset(
    """
    support oppose attack open close import export increase decrease start end lower win lose defeat
    build sell buy accept reject join leave enter gain improve
    """.split()  # noqa: SIM905
)
"""Verbs that are also other parts of speech, or stand in names: replaced after "did" or "to"."""

_IN_TITLES = frozenset(
    """
    new old big small king queen major minor rich poor strong summer winter best worst last first second third
    lost black men women boys girls upper lower long ancient modern north south east west father mother
    brother sister son
    daughter open private public great after before home
    """.split()  # noqa: SIM905 - shorter than a list of strings
)
"""Words that are often part of a title, which cannot be told in a question without capitals."""

_CONTRAST = re.compile(
    r"(?i)\b(?:not|but|while|whereas|unlike|although|however|compared|instead|rather)\b|n['’]t\b"
)

_SAME = {"male": "men", "female": "women", "men": "male", "women": "female"}
"""Other words for a replacement, which a text may not have either."""


def opposites(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with one word of the question replaced by its opposite.

    The opposite occurs neither in the text nor elsewhere in the question. A question without such a word is
    left out, and so is one whose answer's sentence has a contrast or a negation: it may say both.
    """
    draw = random.Random(seed)
    found = []
    for example in sampled(examples, share, draw):
        answering, _ = split_sentences(example)
        if _CONTRAST.search(" ".join(answering)):
            continue
        present = {*terms(example.text), *terms(example.question)}
        choices = [
            (part.span(), other)
            for part in _turned(example.question)
            for other in _REPLACED[part[0]]
            if not _known(other, present, part[0])
        ]
        if choices:
            found.append(replaced(example, *draw.choice(choices), "/opposite"))
    return found


def _known(other: str, present: set[str], instead_of: str) -> bool:
    new = {*terms(other)} - {*terms(instead_of)} or {*terms(other)}
    return bool(present & new) or bool(present & {*terms(_SAME.get(other, ""))})


def _turned(question: str) -> list[re.Match[str]]:
    """Return the words of a question that have an opposite where they stand."""
    idioms = [match.span() for match in _IDIOM.finditer(question)]
    return [
        part
        for part in _WORD.finditer(question)
        if not any(start <= part.start() < end for start, end in idioms)
        and not quoted(question, part.start())
        and _stands(part[0], question[: part.start()], question[part.end() :], question)
    ]


def _stands(word: str, before: str, after: str, question: str) -> bool:
    """Whether a word is used as its opposite would be, and not part of a name."""
    last = (before.split() or [""])[-1].casefold()
    following = re.match(r"\s([a-z]+)", after)
    noun = following is not None and not is_function_word(following[1])
    return not any(
        (
            re.search(r"\bnot\b|n['’]t\b", question),
            question == question.lower() and word in _IN_TITLES,
            last in ("most", "least", "more", "less", "very", "so") or last.endswith("-"),
            word in _AFTER_THE and last not in _THE and not last.endswith(("'s", "’s")),
            word in ("most", "least", "main") and following is None,
            word in _VERBS and not _AFTER_DID.search(before),
            word in _RESULTS and not _CONTEST.search(question),
            word in _WITHOUT_TO and re.search(r"\bto\b", after),
            word in ("left", "joined") and last in ("the", "to", "a"),
            word in _PASSIVE_ONLY
            and last not in _BE
            and not (last == "who" and word in ("closed", "opened")),
            # Yes or no: the text decides the opposite as well.
            re.match(r"(?i)(?:is|are|was|were|do|does|did|has|have|had|can|could|will)\s", question),
            word == "grow" and not re.match(r"\W*$|\s(?:in|by|from|to|at|over|during)\b", after),
            word == "required" and not after.startswith(" to "),
            word in ("early", "late") and last in ("to", "mid", "and", "or"),
            word in _BEFORE_NOUNS and not noun,
            word in _NOT_BEFORE_NOUNS and noun,
            word in ("helps", "helped") and not re.match(r"\s(?:the|a|an|his|her|their|its)\b", after),
            word in ("early", "late") and not _TIMES.match(after),
            # "old York House", "the last 5".
            word in _IN_TITLES and re.match(r"\s[A-Z]", after),
            word in ("last", "first") and re.match(r"\s\d", after),
        )
    )


_THE = frozenset(["the", "its", "his", "her", "their"])
_BE = frozenset(["was", "were", "is", "are", "be", "been"])
_AFTER_DID = re.compile(r"(?i)\b(?:to|who|did|does|do|would|could|can)\s(?:[\w’']+\s){0,4}$")
