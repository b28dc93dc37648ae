"""What came of a question's parts -> one Answer: which quotations answer it, and which part has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from indexer.engine import IndexInfo
from indexer.records import ScoredPassage
from service.answering.answers import (
    Answer,
    Quotation,
    ReadPassage,
    Reason,
    Span,
    overlap,
    same_place,
)
from service.answering.citations import cite
from service.answering.questions.parts import Part
from service.answering.several import answering_together
from service.answering.yes_no.deciding import Articles, whole_sentence
from service.answering.yes_no.polarity import is_yes_no


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one part of a question.

    `read_as` is the question that was asked for it. `passages` were read, `spans` are the reader's candidates
    in them, best first, and `quotations` those of distinct words, the most confident first. `reason` is why
    none of them is given, None if the first is.
    """

    part: Part
    read_as: str
    passages: Sequence[ScoredPassage]
    spans: Sequence[Span]
    quotations: Sequence[Quotation]
    threshold: float
    reason: Reason | None

    @property
    def confidence(self) -> float:
        """The best candidate's, given or withheld."""
        return self.quotations[0].confidence if self.quotations else 0.0


def answers_to(outcome: Outcome, article: Articles) -> list[Quotation]:
    """Return the quotations that answer a part of a question, the best first; none if it has no answer."""
    if outcome.reason is not None:
        return []
    best = outcome.quotations[0]
    if is_yes_no(outcome.read_as):
        return [whole_sentence(best, outcome.quotations, article)]
    likely = [one for one in outcome.quotations if one.confidence >= outcome.threshold]
    spans = [span for span in outcome.spans if any(overlap(span, one.citation) for one in likely)]
    spans.sort(key=lambda span: (not same_place(span, best.citation), not overlap(span, best.citation)))
    found = []
    for span in answering_together(outcome.read_as, spans):
        owner = next((one for one in likely if overlap(span, one.citation)), best)
        if same_place(span, owner.citation):
            found.append(owner)
        else:
            citation = cite(article(span.passage.article_id), span)
            found.append(Quotation(span.text, owner.confidence, citation))
    return found


def composed(
    question: str,
    outcomes: Sequence[Outcome],
    article: Articles,
    *,
    threshold: float,
    alternatives: int,
    info: IndexInfo,
    reader: str,
    timings_ms: Mapping[str, float],
) -> Answer:
    """Return the answer to a question from the outcomes of its parts, of which there is at least one.

    `alternatives`: the most that are given beside the answer.
    """
    answers: list[Quotation] = []
    for outcome in outcomes:
        found = answers_to(outcome, article)
        if len(outcomes) > 1:
            found = [replace(one, part=outcome.part.text) for one in found]
        answers += found
    given = [outcome for outcome in outcomes if outcome.reason is None]
    # Without an answer, the part that came nearest to one; a tie goes to the first.
    first = given[0] if given else max(outcomes, key=lambda outcome: outcome.confidence)
    quotation = _first(first, answers) if given else None
    return Answer(
        question=question,
        quotation=quotation,
        reason=None if given else first.reason,
        confidence=first.confidence,
        threshold=threshold,
        alternatives=_alternatives(first, answers, alternatives),
        passages=_passages(outcomes, article),
        generation=info.generation,
        encoder=info.encoder.name,
        reader=reader,
        read_as=first.read_as if len(outcomes) == 1 and first.read_as not in {"", question} else None,
        timings_ms=timings_ms,
        answers=tuple(answers),
        unanswered=tuple(one.part.text for one in outcomes if one.reason is not None) if given else (),
    )


def _first(outcome: Outcome, answers: Sequence[Quotation]) -> Quotation:
    """The answer to show alone: the best candidate, whole where `answers` are its items."""
    best, first = outcome.quotations[0], answers[0]
    if is_yes_no(outcome.read_as):
        return first
    return replace(best, part=first.part)


def _alternatives(outcome: Outcome, answers: Sequence[Quotation], most: int) -> tuple[Quotation, ...]:
    if outcome.reason is not None:
        return tuple(outcome.quotations[:most])
    others = [
        one
        for one in outcome.quotations[1 : 1 + most]
        if one.confidence >= outcome.threshold
        and not any(overlap(one.citation, given.citation) for given in answers)
    ]
    return tuple(others)


def _passages(outcomes: Sequence[Outcome], article: Articles) -> tuple[ReadPassage, ...]:
    """The passages that were read for all parts, each once."""
    found: dict[int, ScoredPassage] = {}
    for outcome in outcomes:
        for scored in outcome.passages:
            found.setdefault(scored.passage.id, scored)
    return ranked([*found.values()], article)


def ranked(passages: Sequence[ScoredPassage], article: Articles) -> tuple[ReadPassage, ...]:
    """Return passages, best first, with their ranks and articles."""
    return tuple(
        ReadPassage(rank, scored, article(scored.passage.article_id))
        for rank, scored in enumerate(passages, start=1)
    )
