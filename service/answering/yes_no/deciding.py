"""The sentence that decides a yes/no question.

A reader of spans has no words for "yes": it offers some name in the sentence. So every sentence that was read
is compared with the question (`polarity`), and one that clearly says yes or no is the answer, whole. Without
one, the sentence of the reader's best candidate is, without a label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from indexer.records import Article, ScoredPassage
from service.answering.answers import Polarity, Quotation, Span, same_place
from service.answering.citations import cite, widened
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


def whole_sentence(best: Quotation, quotations: Sequence[Quotation], article: Articles) -> Quotation:
    """Return the sentence or sentences of the best candidate for a yes/no question, with what they say.

    `quotations` are all the candidates, those of `decisions` among them: a sentence without a label there has
    none here.
    """
    whole = widened(best.citation, article(best.citation.article_id))
    others = (one for one in best.other_citations if one.quote == whole.quote)
    return replace(
        best,
        text=whole.exact,
        citation=whole,
        other_citations=tuple(widened(one, article(one.article_id)) for one in others),
        polarity=next((one.polarity for one in quotations if same_place(one.citation, whole)), None),
    )
