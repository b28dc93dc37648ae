"""Questions with a negation added or taken away: "Who never opened it?", "Who was invited?".

A text rarely says who did not, and one that says who was not invited does not say who was. The negation goes
where English puts it, and only where a person would ask so: not for a name, a date or a number.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from eval.studies.examples import ContextExample
from eval.training.negatives import sampled

_AUX = (
    r"(?:is|are|was|were|be|been|being|do|does|did|has|have|had|can|could|will|would|should|may|might|must)"
)
_NOUNS = (
    r"(?:[Ww]hich|[Ww]hat)(?:\s(?:type|kind|group)s?\sof)?"
    rf"(?:\s(?!(?:{_AUX}|that|else|instead|in)\b)[a-z]+){{1,2}}"
)
_ASKED = rf"(?:[Ww]ho|[Ww]hat|{_NOUNS})"
_PLURAL = rf"{_NOUNS}(?<=s)"
_MANY = (
    r"(?:include|use|contain|support|allow|recommend|require|cover|accept|affect|reveal|believe|like|want|need|have|do"
    r"|receive|offer|provide|own|visit|eat|speak|produce|contribute|encourage|protect|attack|invade|conquer|join"
    r"|recognise|recognize|regulate|apply|belong|invite|help|teach|sell|buy|influence|prevent|trust|give|consider"
    r"|mention|show|represent|change|discuss|treat|share|trade|fight|defeat|control|explain|prove)"
)
"""Verbs of which a person may ask what they do not apply to."""

_AUXILIARY = re.compile(
    rf"^(?P<before>{_ASKED}\s)(?P<verb>does|do|did|could|would|should)\b"
    rf"(?=\s(?:[\w’'.-]+\s){{1,7}}?{_MANY}\b(?!\sin\scommon))"
)
_PASSIVE = re.compile(
    rf"^(?P<before>{_ASKED}\s)(?P<verb>is|are|was|were)\b"
    r"(?=\s(?:usually\s|often\s|also\s)?(?:allowed|required|included|used|mentioned|affected|permitted|accepted"
    r"|covered|represented|invited|supported|protected|needed|reelected|taught|sold|spoken|produced|grown|paid"
    r"|recommended|excluded|involved|freed|occupied|conquered|influenced|counted|offered|provided)\b)"
)
_PLAIN_VERB = re.compile(
    rf"^(?P<before>{_PLURAL}"
    r"|[Ww]ho(?=\s(?:support|vot|join|accept|attend|participat|sign|convert|agree|assist|help)ed))\s"
    r"(?=(?:[a-z]+ed|won|took|gave|held|fought|lost|sent|left|came|went|paid|kept|had|made|led)\s)(?!\S+\sby\b)"
)
_NEGATIVE = re.compile(r"(?i)\b(?:not|never|no|none|nor|without|except|cannot)\b|n['’]t\b|\bother than\b")
_FIXED_VALUE = re.compile(
    r"(?i)^(?:(?:which|what)\s(?:\w+\s)?(?:year|years|date|day|month|time|century|decade|age|percent|percentage"
    r"|number|amount|portion|proportion|length|height|size|rank|name|term|word|title|position|happened|became)\b)"
    r"|\b(?:called|named|known as|considered|mean|means|stand|stands|like|referred|defined|located|born"
    r"|titled|become|happen|happened|originally|first|last|most|only|name|\w{3,}est)\b"
)
"""Questions for what has one value, or a definition: nobody asks for all the others."""

_SEVERAL = re.compile(
    r"(?i)\b(?:do|does|did|would|could|should)\s(?:you|one|we|i)\b"
    r"|\b(?:and|or)\s(?:how|what|who|when|where|why|which)\b"
)
_SHARE_OF_NEVER = 0.3  # "What did he never say?" is rarer than "What didn't he say?"

_TAKEN_AWAY = (
    (re.compile(r"(?i)\b(do|does|did|is|are|was|were|has|have|had|could|would|should)n['’]t\b"), r"\1"),
    (re.compile(r"(?i)\b(?:can['’]t|cannot|can not)\b"), "can"),
    (
        re.compile(
            r"(?i)\b(was|were|is|are|did|does|do|has|have|had|could|would|should|may|might|must)\snot\b"
        ),
        r"\1",
    ),
    (re.compile(r"(?i)\b(was|were|is|are|did|has|have|had)((?:\s[\w’']+){1,3})\s(?:not|never)\b"), r"\1\2"),
    (re.compile(r"(?i)\bnever\s"), ""),
)
_KEPT = re.compile(
    r"(?i)\b(?:fact|despite|although|because|if|whether|unless)\b|\bnot\s(?:only|just|even|all)\b"
    r"|\bor not\b|\bwhy not\b|\bif not\b|\bno\b|\bother than\b|\bbut not\b"
)


def negated(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with a negation added to the question, or its own taken away.

    Questions whose verb is not found are left out, and so are those for one value or a definition.
    """
    draw = random.Random(seed)
    found = []
    for example in sampled(examples, share, draw):
        if any(re.match(r"(?i)(?:no|none|nobody|nothing)\b", words) for words in example.references):
            continue
        question = affirmation(example.question) or negation(example.question, draw)
        if question is not None:
            found.append(example.unanswerable("/negated", question=question))
    return found


def negation(question: str, draw: random.Random) -> str | None:
    """Return the question with a negation after its first verb, None if that cannot be found."""
    if _NEGATIVE.search(question) or _FIXED_VALUE.search(question) or _SEVERAL.search(question):
        return None
    match = _AUXILIARY.match(question) or _PASSIVE.match(question)
    if match is not None:
        verb, rest = match["verb"], question[match.end() :]
        if match.re is _PASSIVE and draw.random() < _SHARE_OF_NEVER:
            return f"{match['before']}{verb} never{rest}"
        return f"{match['before']}{verb}n't{rest}"
    match = _PLAIN_VERB.match(question)
    if match is not None:
        return f"{match[0]}never {question[match.end() :]}"
    return None


def affirmation(question: str) -> str | None:
    """Return a question without its one negation, None if it has none that can be taken away."""
    if question == question.lower() and "never" in question:
        return None  # a title without its capitals: "never say never"
    if _KEPT.search(question) or len(_NEGATIVE.findall(question)) != 1:
        return None
    for pattern, words in _TAKEN_AWAY:
        if pattern.search(question):
            return pattern.sub(words, question)
    return None
