"""A follow-up question ("And who leads it?") -> interpretations of it that stand alone.

Only the two questions and the answer between them are used: a pronoun is replaced by a name from them, a
fragment ("And the Karin bridge?") takes the place of its like in the previous question, and a question word
alone ("Why?") is put to what the previous turn said. A question that names something new is asked as it
is. Each interpretation is asked, and the answer with the highest confidence is given, with the
interpretation that it answers. `python -m eval.studies.followups` measures how often that is right, on
two-turn questions over the seeds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from indexer.engine import Filters
from service.answering.questions.bare import completed
from service.answering.questions.ellipsis import filled, is_fragment, rest_of
from service.answering.questions.kinds import is_incomplete, words_of
from service.answering.questions.referents import END, OBJECT, ORDER, PRONOUN, SUBJECT, names, replaced, topic

MAX_INTERPRETATIONS = 4
"""The most interpretations of one question; each costs a retrieval and a reading."""

_SHORT = 4  # the most words of a fragment without "And"
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


_START = re.compile(r"^(?:and|but|so|then|also|what about|how about)\b", re.IGNORECASE)
# "Who was the engineer?": it says of what only if the turn before it does.
_DEFINITE = re.compile(
    r"^(?:who|what|when|where) (?:is|are|was|were) the (?:[a-z][\w-]*[ ?]*){1,3}$", re.IGNORECASE
)
# Said to go on, or in doubt: there is nothing to look up.
_REMARK = re.compile(
    r"(?:and|so|then|yes|no|really|sure|right|true|more|indeed|maybe|perhaps|what|which|which ones?|go on"
    r"|continue|what now|now what|then what"
    r"|(?:and|so) (?:what|then)|what (?:about|of) (?:it|that|this|them|those|these)|(?:is|was) (?:that|it"
    r"|this) (?:all|it|true|right|so|everything)"
    r"|are you (?:really )?sure(?: about (?:that|this|it))?|(?:can|could|would) you (?:please )?(?:say"
    r"|tell|explain|elaborate|continue|go on).*"
    r"|(?:please )?(?:tell|say|explain|elaborate|continue)\b.*|(?:more|further) details?|(?:anything"
    r"|something|what|who) (?:else|more)"
    r"|what do you mean.*|how (?:do|can|would) you know.*|what (?:is|was) (?:this|that|it)|what (?:do"
    r"|does) (?:that|it|this) mean"
    r"|(?:is|was|are|were|does|did|do|has|have|will|can|could|should|may) (?:it|that|this|he|she|they"
    r"|there)\b.*)"
)


def is_followup(question: str) -> bool:
    """Whether a question depends on the turn before it.

    It does if it starts like a continuation ("And"), if a pronoun is its subject, if a pronoun or a word like
    "there" has no name before it, or if it consists of question words alone ("Why?").
    """
    if (
        _START.search(question)
        or SUBJECT.search(question)
        or OBJECT.search(question)
        or ORDER.search(question)
    ):
        return True
    found = PRONOUN.search(question) or END.search(question)
    if found is not None and not names(question[: found.start()]):
        return True
    return is_incomplete(question)


def interpretations(question: str, previous: Turn) -> list[Interpretation]:
    """Return the interpretations of a question, the likeliest first; none if it cannot be understood.

    If it is no follow-up, it is its own only interpretation.
    """
    rest, opened = rest_of(question)
    if is_incomplete(question):
        return _of_incomplete(question, rest, previous)
    if opened and is_fragment(rest):
        return _of_fragment(rest, previous)
    if _is_short(question) and is_fragment(question):
        return [Interpretation(question), *_of_fragment(question, previous)][:MAX_INTERPRETATIONS]
    known = {*names(previous.question), *names(previous.answer or "")}
    new = [name for name in names(f"x {rest}" if opened else rest) if name not in known]
    if not is_followup(question):
        open_ = _DEFINITE.match(rest) is not None and not names(rest)
        about = topic(previous.question, previous.answer) if open_ else None
        return [
            Interpretation(question),
            *([Interpretation(f"{rest.rstrip('?. ')} of {about}?")] if about else []),
        ]
    if opened and new and not is_followup(rest):
        return [Interpretation(_capitalised(rest))]  # a new subject
    texts = [*dict.fromkeys(replaced(question, previous.question, previous.answer))]
    within = [] if previous.article_id is None else [Interpretation(question, previous.article_id)]
    # Alone, a pronoun may be anyone's; the question is asked so only if it names something itself.
    alone = [Interpretation(question)] if new or not texts else []
    if not texts:
        # Cut so that the reader has room for the question itself. Only if nothing can be replaced: of two
        # questions in one, usually the first gets a confident answer.
        texts = [f"{' '.join(previous.question.split()[:_WORDS])} {question}"]
    return [*alone, *within, *map(Interpretation, texts)][:MAX_INTERPRETATIONS]


def _of_incomplete(question: str, rest: str, previous: Turn) -> list[Interpretation]:
    """Interpret question words and pronouns alone, with what the previous turn said."""
    if not rest or any(_REMARK.fullmatch(" ".join(words_of(text))) for text in (question, rest)):
        return []
    text = completed(rest, previous.question, previous.answer)
    if text is not None:
        return [Interpretation(text, previous.article_id)]
    texts = [*dict.fromkeys(replaced(rest, previous.question, previous.answer))]
    return [Interpretation(one) for one in texts][:MAX_INTERPRETATIONS]


def _of_fragment(rest: str, previous: Turn) -> list[Interpretation]:
    """Interpret words without a verb: each takes the place of its like in the previous question."""
    fragments = [*dict.fromkeys(replaced(rest, previous.question, previous.answer))][:2] or [rest]
    texts = [text for one in fragments for text in filled(one, previous.question, previous.answer)]
    return [Interpretation(text) for text in dict.fromkeys(texts)][:MAX_INTERPRETATIONS]


def _is_short(question: str) -> bool:
    """Whether words without "And" are few enough for a fragment: "On Sunday?", "Karin bridge?"."""
    words = question.split()
    return question.endswith("?") and len(words) <= _SHORT and not {"and", "or"} & {*words}


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
