"""The one quantity of a question, compared with the one of the same unit in a sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from service.answering.confidence.bounds import Bounds, bounds_with_ranges
from service.answering.yes_no.alignment import QUANTITY, Alignment
from service.answering.yes_no.claims import Claim, Token
from service.answering.yes_no.word_forms import base_forms

_MEASURES = frozenset(
    [
        "km",
        "metre",
        "mile",
        "feet",
        "foot",
        "inch",
        "cm",
        "mm",
        "kg",
        "gram",
        "ton",
        "tonne",
        "litre",
        "percent",
        "year",
        "month",
        "week",
        "day",
        "hour",
        "minute",
        "hectare",
        "acre",
        "dollar",
        "usdollar",
        "euro",
        "pound",
        "degree",
    ]
)
# "costs more than …": elsewhere a quantity may limit what is spoken of ("orders over 50 euros").
_VERBS = frozenset(
    [
        "have",
        "hold",
        "cost",
        "last",
        "weigh",
        "measure",
        "take",
        "employ",
        "contain",
        "seat",
        "span",
        "cover",
        "earn",
        "win",
        "receive",
        "own",
        "pay",
        "spend",
        "reach",
        "run",
        "serve",
        "stretch",
        "comprise",
    ]
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The quantity that a question puts, and the sentence's."""

    asked: Bounds
    stated: Bounds

    def says(self, claim: Claim, alignment: Alignment, *, affirms: bool) -> bool | None:
        """Return whether the sentence affirms the claim with its quantity, None if unsure."""
        if self.asked == self.stated:
            return affirms
        if not affirms or alignment.opposite is not None or not self._measured(claim, alignment):
            return None
        if self.stated.within(self.asked):
            return True
        # Who won five medals has won three: only a measure of something is exact.
        exact = self.asked.exact and claim.auxiliaries[0] not in {"is", "was"}
        return False if self.stated.excludes(self.asked) and not exact else None

    @staticmethod
    def _measured(claim: Claim, alignment: Alignment) -> bool:
        place = next(at for at, item in enumerate(claim.items) if item.text == QUANTITY)
        if claim.auxiliaries[:1] in {("is",), ("was",)}:
            return len(claim.auxiliaries) == 1 and alignment.auxiliary_at == place
        if claim.auxiliaries[:1] not in {("do",), ("did",)} or not place:
            return False
        return not _VERBS.isdisjoint(base_forms(claim.items[place - 1].word))


def measured(text: str, claim: Claim) -> tuple[str, Claim, Comparison | None]:
    """Replace the quantity of a claim, and the one of its unit in a sentence, by a mark.

    Both are returned as they are if the claim has no quantity with a unit, or more than one, or the sentence
    has not exactly one with that unit.
    """
    put = " ".join(item.text for item in claim.items)
    quantities = [(at, found) for at, found in bounds_with_ranges(put) if _is_quantity(found)]
    if len(quantities) != 1:
        return text, claim, None
    (start, end), asked = quantities[0]
    same = [(at, found) for at, found in bounds_with_ranges(text) if found.unit == asked.unit]
    if len(same) != 1:
        return text, claim, None
    first = len(put[:start].split())
    count = len(put[start:end].split())
    items = (*claim.items[:first], Token(QUANTITY, QUANTITY), *claim.items[first + count :])
    (begins, ends), stated = same[0]
    text = f"{text[:begins]} {QUANTITY} {text[ends:]}"
    return text, claim.with_items(items), Comparison(asked, stated)


def _is_quantity(found: Bounds) -> bool:
    return bool(found.unit) and (not found.exact or found.unit in _MEASURES)
