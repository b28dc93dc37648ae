"""The sentence that decides a yes/no question.

A reader of spans has no words for "yes": it offers some name in the sentence. So every sentence that was read
is compared with the question (`polarity`), and one that clearly says yes or no is the answer, whole. Without
one, the sentence of the reader's best candidate is, without a label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from indexer.records import Article, ScoredPassage
from service.answering.answers import Polarity, Quotation, Span
from service.answering.citations import cite
from service.answering.yes_no.polarity import is_yes_no, polarity

Articles = Callable[[str], Article]
"""An article's id -> the article with its text."""

DECIDED = 0.9
"""Confidence of a sentence that says yes or no by the rules of `polarity`, which are silent in doubt."""


def decisions(question: str, passages: Sequence[ScoredPassage], article: Articles) -> list[Quotation]:
    """Return the sentences that say yes or no to a question, those of the best passages first.

    If some say yes and others no, none of them decides it, and they carry no label.
    """
    if not is_yes_no(question):
        return []
    found = [*_labelled(question, passages)]
    labels = {label for _, label in found}
    return [
        Quotation(
            span.text,
            DECIDED,
            cite(article(span.passage.article_id), span),
            polarity=label if len(labels) == 1 else None,
        )
        for span, label in found
    ]


def _labelled(question: str, passages: Sequence[ScoredPassage]) -> Iterator[tuple[Span, Polarity]]:
    seen: set[tuple[str, int]] = set()
    for scored in passages:
        first = scored.passage.start
        for start, end in scored.sentences:
            if (scored.passage.article_id, start) in seen:
                continue  # passages overlap
            seen.add((scored.passage.article_id, start))
            sentence, before = scored.text[start - first : end - first], scored.text[: start - first]
            # The text before may say whom "she" names. If it names several people, the context says more.
            said = polarity(question, sentence, scored.context)
            said = said or polarity(question, sentence, f"{scored.context} {before}")
            if said is not None:
                yield Span(scored, start, end, scored.score), said


def whole_sentence(question: str, best: Quotation, spans: Sequence[Span], article: Articles) -> Quotation:
    """Return the sentence of the best candidate for a yes/no question, with what it says.

    `spans` are the reader's candidates, the best one among them unless it is a sentence already.
    """
    cited = best.citation
    span = next(
        (
            one
            for one in spans
            if (one.passage.article_id, one.start, one.end) == (cited.article_id, cited.start, cited.end)
        ),
        None,
    )
    if span is None or best.polarity is not None:
        return best
    start, end = span.quote_range
    whole = replace(span, start=start, end=end)
    said = polarity(question, whole.text, span.scored.context)
    others = tuple(one for one in best.other_citations if one.quote == cited.quote)
    return Quotation(
        whole.text, best.confidence, cite(article(cited.article_id), whole), others, polarity=said
    )
