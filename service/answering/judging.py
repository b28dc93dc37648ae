"""What the kind of a question means for its candidates, and why none of them is an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from service.answering.answers import Quotation, Reason
from service.answering.questions.bare import is_bare, is_reason, is_source
from service.answering.questions.ellipsis import is_fragment, rest_of
from service.answering.questions.followups import Turn
from service.answering.questions.kinds import QuestionKind, is_incomplete, words_of
from service.answering.questions.negation import states_negation
from service.answering.questions.referents import PRONOUN

_REASONS = {
    QuestionKind.SMALL_TALK: Reason.SMALL_TALK,
    QuestionKind.ABOUT_THE_SERVICE: Reason.ABOUT_THE_SERVICE,
    QuestionKind.SUMMARY_REQUEST: Reason.SUMMARY_REQUEST,
}
# These are searched for; the reason is given where no candidate is an answer.
_REASONS_AFTER_READING = {
    QuestionKind.NEGATED: Reason.NEGATED,
    QuestionKind.OTHER_LANGUAGE: Reason.OTHER_LANGUAGE,
    QuestionKind.INCOMPLETE: Reason.INCOMPLETE,
}

_MORE = re.compile(r"\b(?:else|other|another|more)\b", re.IGNORECASE)
_CAUSE = re.compile(
    r"\b(?:because|due to|owing to|thanks to|caused by|as a result|so that|in order|so as"
    r"|the (?:reason|cause)|reasons?|therefore|in response|in view of|on account of|for fear)\b",
    re.IGNORECASE,
)
# "It cost 40 million dollars to build" names no purpose.
_NO_PURPOSE = re.compile(
    r"\b(?:cost|costs|costing|took|takes|taking|spent|needed|dollars|euros|pounds|years|months|weeks|days|hours"
    r"|minutes|plans?|planned|aims?|agreed|wants?|wanted|able|likely|set|due|began|begins|continues?|expected|failed"
    r"|tried|hopes?|hoped|decided|first|last|next|going|has|have|had|ought|seems?|appears?)\W+(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)
_PURPOSE = re.compile(r"^(?:in order |so as )?to\s+\w+\s+\w+", re.IGNORECASE)
_BEFORE_CAUSE = re.compile(
    r"\b(?:because(?: of)?|since|as|due to|owing to|thanks to|for|to|so that|in order to"
    r"|reasons? (?:is|was|were|are))\s+$",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(?:sa(?:id|ys?)|told|tells?|according to|report(?:s|ed)|stat(?:es|ed)|announc(?:es|ed)|wr(?:ote|ites)"
    r"|claim(?:s|ed)|explain(?:s|ed)|add(?:s|ed)|not(?:es|ed)|stress(?:es|ed)"
    r"|argu(?:es|ed)|call(?:s|ed)|confirm(?:s|ed))\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d|\b(?:yesterday|today|tomorrow|tonight|now|ago|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january"
    r"|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|winter|year"
    r"|month|week|day|decade"
    r"|century|hour|minute|morning|afternoon|evening|night|noon|midnight|since|until|always"
    r"|never|often|daily|weekly|yearly"
    r"|annually|monthly|once|twice)s?\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(r"\bwhen\b|\bhow (?:long|often)\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_MOST = 0.7  # share of the previous answer's words that a sentence about it holds


def judged(
    quotations: Sequence[Quotation],
    question: str,
    kind: QuestionKind,
    previous: Turn | None = None,
    asked: str | None = None,
) -> list[Quotation]:
    """Return the candidates that may answer a question, best first; `asked` is how it was interpreted.

    To a negated question, words whose sentence states no negation have a confidence of 0: they answer the
    opposite question. The previous answer is not given again where something else is asked for, and a
    question word alone ("Why?") is answered only by a sentence about the previous answer, "And in 2019?" only
    by one that names the year.
    """
    kept = list(quotations)
    if previous is not None:
        twice = asked is not None and asked != question and asked.startswith(f"{previous.question} ")
        kept = [one for one in kept if not repeats(one, question, previous, always=twice)]
        rest, opened = rest_of(question)
        if opened and is_fragment(rest):
            kept = [one for one in kept if {*_YEAR.findall(rest)} <= {*_YEAR.findall(one.citation.quote)}]
        if kind is QuestionKind.INCOMPLETE and is_bare(question):
            kept = [one for one in kept if _completes(one, question, previous)]
    if kind is QuestionKind.NEGATED:
        kept = [one if states_negation(one.citation.quote) else replace(one, confidence=0.0) for one in kept]
        kept.sort(key=lambda one: one.confidence, reverse=True)
    return kept


def repeats(candidate: Quotation, question: str, previous: Turn, *, always: bool = False) -> bool:
    """Whether a candidate is the previous answer's words in its article, where other words are asked for.

    They are for a question that says nothing new ("Why?"), for "else" and "other", and for a continuation
    ("And the Karin bridge?") none of whose words is in the candidate's sentence; `always`, for a question
    that was asked with the previous one in front.
    """
    if previous.answer is None or candidate.citation.article_id != previous.article_id:
        return False
    before, now = words_of(previous.answer), words_of(candidate.text)
    if not now or not (_holds(before, now) or _holds(now, before)):
        return False
    if always or is_bare(question) or _MORE.search(question):
        return True
    rest, opened = rest_of(question)
    if not opened or PRONOUN.search(rest):
        return False
    sentence = {*words_of(candidate.citation.quote)}
    new = [word.removesuffix("'s") for word in words_of(rest) if not is_incomplete(word)]
    return not any(word in sentence for word in new)


def reason_unread(kind: QuestionKind) -> Reason:
    """Return why a question of this kind is not searched for."""
    return _REASONS.get(kind, Reason.INCOMPLETE)


def reason_after_reading(kind: QuestionKind, *, found: bool) -> Reason:
    """Return why a question has no answer; `found` is whether any passage was found."""
    return _REASONS_AFTER_READING.get(kind, Reason.LOW_CONFIDENCE) if found else Reason.NO_PASSAGES


def _completes(candidate: Quotation, question: str, previous: Turn) -> bool:
    """Whether a candidate says why, when, where or who of the previous answer, by its sentence's words."""
    before, _, _ = candidate.citation.quote_parts
    quote, text = candidate.citation.quote, candidate.text
    reason = is_reason(question)
    if not (_is_about(quote, previous) or (reason and _CAUSE.search(quote))):
        return False
    if reason:
        purpose = _PURPOSE.match(text) or (re.search(r"\bto\s+$", before) and len(words_of(text)) > 1)
        if purpose and not _CAUSE.search(text):
            return _NO_PURPOSE.search(re.sub(r"\bto\s+$", "", before)) is None
        return bool(_CAUSE.search(text) or _BEFORE_CAUSE.search(before) or _CAUSE.search(quote))
    if is_source(question):
        return _SAID.search(quote) is not None
    return _TIME.search(text) is not None if _ASKS_TIME.search(question) else True


def _is_about(quote: str, previous: Turn) -> bool:
    """Whether a sentence holds the previous answer or, if there was none, the previous question's words."""
    said = words_of(quote)
    words = [word for word in words_of(previous.answer or previous.question) if not is_incomplete(word)]
    return bool(words) and sum(word in said for word in words) >= _MOST * len(words)


def _holds(words: list[str], part: list[str]) -> bool:
    return any(words[start : start + len(part)] == part for start in range(len(words) - len(part) + 1))
