"""A follow-up question ("And who leads it?") -> interpretations of it that stand alone.

Only the two questions and the answer between them are used: a pronoun is replaced by a name from them, or,
if there is nothing to replace, the previous question is put in front. Each interpretation is asked, and the
answer with the highest confidence is given, with the interpretation that it answers.
`python -m eval.studies.followups` measures how often that is right, on two-turn questions over the seeds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from indexer.engine import Filters

MAX_INTERPRETATIONS = 6
"""The most interpretations of one question; each costs a retrieval and a reading."""

_WORDS = 40  # the most words of the previous question that are put in front


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation: its question, the answer's words, and the article they were cited from."""

    question: str
    answer: str | None = None
    article_id: str | None = None


@dataclass(frozen=True, slots=True)
class Interpretation:
    """A question to ask in place of a follow-up; with `article_id`, only that article is searched."""

    question: str
    article_id: str | None = None

    def within(self, filters: Filters | None) -> Filters | None:
        """Return the filters narrowed to the interpretation's article, if there is one and they admit it."""
        filters = filters or Filters()
        excluded = filters.article_ids and self.article_id not in filters.article_ids
        if self.article_id is None or excluded:
            return filters
        return replace(filters, article_ids=(self.article_id,))


_PERSON = r"(?:he|she|him|her|his|hers)"
_THING = r"(?:it|its|they|them|their|theirs)"
_DEMONSTRATIVE = r"(?:this|that|these|those)"
_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must)"
# Lower case only: "IT" is not a pronoun.
_PRONOUN = re.compile(rf"\b({_PERSON}|{_THING})\b")
_SUBJECT = re.compile(rf"\b{_AUXILIARY}\s+({_PERSON}|{_THING}|{_DEMONSTRATIVE})\b")
_OBJECT = re.compile(rf"\b(?:doing|become|of|for|about|under|by|from|with)\s+({_DEMONSTRATIVE})\s*\W*$")
_NOUN = re.compile(rf"\b({_DEMONSTRATIVE})(?=\s+[a-z])")
_START = re.compile(r"^(?:and|but|so|then|also|what about|how about)\b", re.IGNORECASE)
_END = re.compile(r"\b(?:there|then|one|ones)\W*$")
_PERSONAL = re.compile(_PERSON)
_POSSESSIVE = frozenset({"his", "its", "their"})

_LINKS = r"(?:\s+(?:of|and|for|the|&))*"
_NAME = re.compile(rf"(?:\b[Tt]he\s+)?[A-Z][\w’'–.-]*(?:{_LINKS}\s+[A-Z0-9][\w’'–-]*)*")
_QUESTION_WORD = re.compile(
    r"(?:a|an|and|at|by|for|from|how|i|in|is|list|name|of|on|the|to|what|when|where|which|who|whom|whose|why)$",
    re.IGNORECASE,
)
_POSSESSION = re.compile(r"[’']s$")


def is_followup(question: str) -> bool:
    """Whether a question depends on the turn before it.

    It does if it starts like a continuation ("And"), if a pronoun is its subject, if a pronoun or a word like
    "there" has no name before it, or if it consists of question words alone ("Why?").
    """
    if _START.search(question) or _SUBJECT.search(question) or _OBJECT.search(question):
        return True
    found = _PRONOUN.search(question) or _END.search(question)
    if found is not None and not names(question[: found.start()]):
        return True
    return all(_QUESTION_WORD.match(word) for word in re.findall(r"\w+", question))


def interpretations(question: str, previous: Turn) -> list[Interpretation]:
    """Return the interpretations of a question, itself first; if it is no follow-up, only itself."""
    found = [Interpretation(question)]
    if is_followup(question):
        if previous.article_id is not None:
            found.append(Interpretation(question, previous.article_id))
        texts = [*dict.fromkeys(_replaced(question, previous))]
        if not texts:
            # Cut so that the reader has room for the question itself. Only if nothing can be replaced: of two
            # questions in one, usually the first gets a confident answer.
            texts = [f"{' '.join(previous.question.split()[:_WORDS])} {question}"]
        found += [Interpretation(text) for text in texts]
    return found[:MAX_INTERPRETATIONS]


def _replaced(question: str, previous: Turn) -> Iterator[str]:
    """Yield the question with its pronoun replaced by each name it may refer to, the likeliest first."""
    found = (
        _SUBJECT.search(question)
        or _PRONOUN.search(question)
        or _NOUN.search(question)
        or _OBJECT.search(question)
    )
    if found is None:
        return
    pronoun, start, end = found[1], *found.span(1)
    if re.fullmatch(_DEMONSTRATIVE, pronoun) and (noun := re.match(r"\s+[a-z]+", question[end:])):
        end += noun.end()  # "this minister"
    answered = names(previous.answer or "")[:1]
    asked = names(previous.question)
    # "He" is most likely the person who was the answer; "it" is most likely what the question was about.
    personal = _PERSONAL.fullmatch(pronoun) is not None
    for referent in [*answered, *asked] if personal else [*asked[:1], *answered, *asked[1:]]:
        words = f"{referent}’s" if _possessive(pronoun, question[end:]) else referent
        yield question[:start] + words + question[end:]


def _possessive(pronoun: str, after: str) -> bool:
    # "her" is a possessive before a noun: "her position", but not "met her in Baku".
    return pronoun in _POSSESSIVE or (
        pronoun == "her" and bool(re.match(r"\s+(?!in|at|on|with)[a-z]", after))
    )


def names(text: str) -> list[str]:
    """Return the names in a text, in order: runs of capitalised words without a leading question word."""
    found = []
    for match in _NAME.finditer(text):
        words = match[0].split()
        # The first word of a sentence is always capitalised. Elsewhere "the" belongs to its name.
        while match.start() == 0 and words and _QUESTION_WORD.match(words[0]):
            words.pop(0)
        if words and not words[-1].isdigit():
            found.append(_POSSESSION.sub("", " ".join(words)))
    return [*dict.fromkeys(found)]
