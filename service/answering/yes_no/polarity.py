"""Whether a sentence says yes or no to a question that asks for one of them. Pure rules, silent in doubt.

The words of the question are found in the sentence, in their order (`alignment`). Whatever the
sentence has besides must be known to change nothing: a condition, a hedge, an attribution, a quantifier,
another tense or an unknown word within what is asked leaves it without a label.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexer.segmenter import sentence_offsets
from service.answering.answers import Polarity
from service.answering.yes_no.alignment import QUANTITY, Alignment, align
from service.answering.yes_no.claims import Claim, Token, claim_of, normalised, speaks_of_refusal, tokens
from service.answering.yes_no.endings import ends, is_event
from service.answering.yes_no.measures import Comparison, measured
from service.answering.yes_no.named import with_names
from service.answering.yes_no.opposites import Opposition
from service.answering.yes_no.places import BEFORE_SUBJECT, Place, places
from service.answering.yes_no.recognition import is_yes_no
from service.answering.yes_no.reservations import is_reserved, is_unreliable, without_marks
from service.answering.yes_no.tenses import relation
from service.answering.yes_no.word_sets import word_set

__all__ = ["is_yes_no", "polarity"]

_MOST_CHARACTERS = 4_000  # of a quotation
_MOST_SENTENCES = 20
_MOST_CONTEXT = 1_000  # characters at either end of it
_MOST_TOKENS = 150  # of a sentence
_MOST_ITEMS = 40  # of a question

_PRONOUNS = word_set("he she they his her their")


def polarity(question: str, quote: str, context: str = "") -> Polarity | None:
    """Return what an article's sentences say to a yes/no question, None if unsure or the question is another.

    `quote` is the deciding sentence or sentences, `context` the article's title, its headings and the text
    before: it may say whom "she" names, and whose handbook it is.

    None too if the question's subject is a pronoun: who is meant is not known here.

    The label is that of what the question puts without its negation: "Isn't X the chief executive?" and "Is X
    not the chief executive?" get SAYS_YES from "X is the chief executive". A word that denies, as in "Is
    smoking prohibited?", belongs to what is put: "Smoking is not allowed" says yes.
    """
    claim = claim_of(question)
    if claim is None or len(claim.items) > _MOST_ITEMS or len(quote) > _MOST_CHARACTERS:
        return None
    if len(context) > 2 * _MOST_CONTEXT:
        context = f"{context[:_MOST_CONTEXT]}\n{context[-_MOST_CONTEXT:]}"
    if _is_about_nobody(claim) or is_unreliable(context):
        return None
    sentences = [quote[start:end] for start, end in sentence_offsets(quote)]
    if len(sentences) > _MOST_SENTENCES:
        return None
    labels = [_label(question, claim, sentence, context) for sentence in sentences]
    found = {label for label in labels if label is not None}
    if len(found) != 1:
        return None
    others = (sentence for sentence, label in zip(sentences, labels, strict=True) if label is None)
    if any(is_reserved(tokens(normalised(sentence)), set()) for sentence in others):
        return None
    return found.pop()


def _is_about_nobody(claim: Claim) -> bool:
    """Whether the subject is a pronoun: any "she" might be meant. In "Is it legal to fish?" it is none."""
    first, others = claim.items[0].word, {item.word for item in claim.items[1:]}
    return first in _PRONOUNS or (first in {"it", "its"} and not others & {"to", "that"})


def _label(question: str, claim: Claim, sentence: str, context: str) -> Polarity | None:
    marked = without_marks(sentence.replace(QUANTITY, " "), question)
    if marked is None or "?" in marked:
        return None
    text = normalised(marked, refusals=not speaks_of_refusal(question))
    text, put = with_names(text, claim, context)
    text, put, comparison = measured(text, put)
    words = tokens(text)
    if len(words) > _MOST_TOKENS:
        return None
    for place in places(put, words):
        alignment = align(place.claim, words, place.start)
        if alignment is not None:
            affirms = _affirms(place, words, alignment, comparison)
            if affirms is not None:
                return Polarity.SAYS_YES if affirms != claim.negative else Polarity.SAYS_NO
    return None


def _affirms(
    place: Place, words: Sequence[Token], alignment: Alignment, comparison: Comparison | None
) -> bool | None:
    """Return whether the sentence affirms what the claim puts, None if unsure."""
    _take_determiners(words, alignment)
    denied = relation(place.claim, alignment) if alignment.negations <= 1 else None
    if denied is None:
        return None
    affirms: bool | None = not denied
    if comparison is not None:
        affirms = comparison.says(place.claim, alignment, affirms=not denied)
    if affirms is not None and alignment.opposite is not None:
        affirms = None if denied and alignment.opposite is Opposition.CONTRARY else not affirms
    plain = affirms is True and alignment.opposite is None and comparison is None
    if not plain and (alignment.modifiers or place.limited):
        return None
    if place.limited and not is_event(place.claim):
        return None
    if not _is_definite(place.claim, alignment) or not ends(place.claim, words, alignment, plain=plain):
        return None
    return None if is_reserved(words, alignment.aligned) else affirms


def _take_determiners(words: Sequence[Token], alignment: Alignment) -> None:
    """Count the "no" of "No dogs are allowed", and explain the words before the subject."""
    first = alignment.start
    while first and words[first - 1].word in BEFORE_SUBJECT:
        first -= 1
        alignment.negations += words[first].word in {"no", "neither"}
        alignment.aligned.add(first)


def _is_definite(claim: Claim, alignment: Alignment) -> bool:
    """Whether "the bank" is not just "a bank", unless a rule is about banks."""
    return not (alignment.indefinite if is_event(claim) else alignment.indefinite - {0})
