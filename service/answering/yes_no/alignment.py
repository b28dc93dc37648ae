"""The words of a claim found in a sentence, in their order, and nothing between that changes it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.answering.yes_no.claims import AUXILIARIES, DETERMINERS, Claim, Token
from service.answering.yes_no.opposites import Opposition, opposition
from service.answering.yes_no.word_forms import Form, base_forms, forms_of_one, synonym
from service.answering.yes_no.word_sets import word_set

QUANTITY = "\u2038"
"""Stands for the one quantity of the question, and of the sentence: a mark that no text has by then."""

MONTHS = word_set(
    """
    january february march april may june july august september october november december
    """
)
_FREE = DETERMINERS | word_set("ever still now currently")
_STRESS = word_set("strictly expressly")
# Adverbs and the like that leave what is affirmed as true as it was: who did not pay at once may have paid.
_ADVERBS = word_set(
    """
    also then officially formally successfully eventually finally later subsequently strictly expressly
    immediately soon already himself herself itself themselves both famously initially originally
    """
)
# What has a new factory has a factory; who has none may have an old one.
_MODIFIERS = word_set(
    """
    new large small big own famous successful popular important major great long short young old
    well-known all every each
    """
)
_RELATIVE = word_set("that which who whom where when if and")
_POSSESSIVES = word_set("its their his her our your my")
_ASIDE = frozenset(
    {"which", "who", "founded", "based", "located", "headquartered", "born", "then", "a", "an", "the"}
)
_LONGEST_ASIDE = 25  # tokens
_LONGEST_LIST = 12
_LONGEST_LIST_ITEM = 2
_SHORTEST_ADVERB = 4
_NO_ITEM = word_set(
    """
    not no never nor neither of in on at by for from to with into about over under than that which who
    if unless only but as he she it they we you i all some most many few
    """
)
_YEAR = 4  # figures
_DAY = 2
# The question's pronoun, and what a text addressed to its asker has for it.
_ADDRESS = {
    "i": {"you", "we"},
    "we": {"you", "we"},
    "me": {"you"},
    "us": {"you"},
    "my": {"your"},
    "our": {"your", "our"},
}
_SERVICE = {"you": {"we", "you"}, "your": {"our", "your"}}


@dataclass(slots=True)
class Alignment:
    """Where a claim stands in a sentence, and what was passed over within it.

    `start`, `end`: tokens. `auxiliaries` are the sentence's own, before the item `auxiliary_at`. `forms`:
    the forms of the words that are not the same, by item, the question's first. `may_not`: that is the
    negation, of what is permitted or of what is likely. `opposite`: a word of the sentence excludes the
    question's. `aligned`: the tokens of the sentence that are explained. `indefinite`: the items with
    "the" for which the sentence has "a".
    """

    start: int
    end: int = 0
    auxiliaries: list[str] = field(default_factory=list)
    auxiliary_at: int | None = None
    negations: int = 0
    may_not: bool = False
    modifiers: int = 0
    opposite: Opposition | None = None
    forms: dict[int, tuple[Form, Form]] = field(default_factory=dict)
    aligned: set[int] = field(default_factory=set)
    indefinite: set[int] = field(default_factory=set)


def align(claim: Claim, tokens: Sequence[Token], start: int) -> Alignment | None:
    """Find the claim's items in the tokens, the first of them at `start`; None if they are not there."""
    walk = _Walk(claim, tokens, Alignment(start))
    return walk.found() if tokens else None


class _Walk:
    """One attempt to find a claim in a sentence; every token is passed at most once."""

    def __init__(self, claim: Claim, tokens: Sequence[Token], alignment: Alignment) -> None:
        self._items = claim.items
        self._permission = claim.auxiliaries == ("can",)
        self._copula = claim.auxiliaries == ("is",)
        self._tokens = tokens
        self._found = alignment
        self._at = alignment.start
        self._item = 0
        words = {item.word for item in claim.items}
        self._pronouns = _ADDRESS if words & {"i", "we", "me", "my", "us", "our"} else {}
        self._pronouns = {**self._pronouns, **_SERVICE}
        if claim.auxiliaries[:1] == ("can",) and not words & {"i", "me", "my"}:
            self._pronouns = {**self._pronouns, "you": {"you"}, "your": {"your"}}

    def found(self) -> Alignment | None:
        while self._item < len(self._items):
            if self._at >= len(self._tokens):
                return None
            if self._matches():
                self._found.aligned.add(self._at)
                if (
                    self._items[self._item].definite
                    and self._at
                    and self._tokens[self._at - 1].word in {"a", "an"}
                ):
                    self._found.indefinite.add(self._item)
                self._at += 1
                self._item += 1
            elif self._item == 0 or not self._passes():
                return None
        self._found.end = self._at
        return self._found

    def _matches(self) -> bool:
        item, token = self._items[self._item], self._tokens[self._at]
        if item.word == token.word:
            # "the Tenant" is the tenant; Reading is not what is read.
            return token.is_name or not item.is_name or self._at == 0
        if token.word in self._pronouns.get(item.word, ()):
            return True
        if item.word == "in" and token.word == "on" and self._next_is_year():
            return True
        if item.is_name or (token.is_name and self._at > 0):
            return False
        forms = forms_of_one(item.word, token.word)
        if forms is None:
            return self._excludes(item.word, token.word)
        self._found.forms[self._item] = forms
        return True

    def _excludes(self, one: str, other: str) -> bool:
        if self._found.opposite is not None:
            return False
        for base, form in base_forms(one).items():
            for opposed, other_form in base_forms(other).items():
                kind = _opposition(base, opposed)
                if kind is not None:
                    self._found.opposite = kind
                    self._found.forms[self._item] = (form, other_form)
                    return True
        return False

    def _next_is_year(self) -> bool:
        return self._item + 1 < len(self._items) and is_year(self._items[self._item + 1].word)

    def _passes(self) -> bool:
        """Pass over a token that is not the claim's, if it changes nothing or is counted."""
        token = self._tokens[self._at]
        passed = (
            self._passes_verb(token.word)
            or self._passes_words(token.word)
            or (token.text in "(," and self._passes_aside(token.text))
            or self._passes_list()
        )
        if passed:
            self._at += 1
        return passed

    def _passes_verb(self, word: str) -> bool:
        found = self._found
        if word in AUXILIARIES:
            if found.auxiliary_at not in {None, self._item} or self._items[self._item - 1].word in _RELATIVE:
                return False  # "data that may identify you"
            found.auxiliary_at = self._item
            found.auxiliaries.append(AUXILIARIES[word])
        elif word == "not":
            if found.auxiliary_at != self._item:
                return False
            found.negations += 1
            found.may_not = self._tokens[self._at - 1].word == "may"
        elif word in {"no", "neither"} or (word == "never" and found.auxiliary_at in {None, self._item}):
            found.negations += 1
        else:
            return False
        found.aligned.add(self._at)
        return True

    def _passes_words(self, word: str) -> bool:
        found = self._found
        denied = found.negations > 0
        if word in _FREE or word == "any" or (word == "yet" and denied) or (word in _STRESS and not denied):
            return True
        if is_year(self._items[self._item].word) and (
            word in MONTHS or (word.isdigit() and len(word) <= _DAY)
        ):
            return True
        adverb = word.endswith("ly") and len(word) > _SHORTEST_ADVERB and self._item > 0
        # Who opened his shop opened a shop; he may not have closed the shop that is asked for.
        own = word in _POSSESSIVES and not self._items[self._item].definite
        if adverb or own or word in _MODIFIERS or word in _ADVERBS:
            found.modifiers += 1
            return True
        return False

    def _passes_list(self) -> bool:
        """Pass over the other items of a list: "bikes, cars and" before "trucks", "or assign" after "sublet".

        What is not done is joined by "or", what is done by "and"; what is permitted, by either.
        """
        before = self._items[self._item - 1]
        joins = {"or"} if self._found.negations else {"and", "or"} if self._permission else {"and"}
        if self._found.start and self._tokens[self._found.start - 1].word == "neither":
            joins = {"nor"}
        if self._tokens[self._at].word in joins:
            self._found.aligned.add(self._at)
            following = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
            if before.is_name and following.is_name and joins != {"nor"}:
                return False  # "Marks and Spencer"
            return self._skips_to_item(self._at + 1)
        place, length = self._at, 0
        while place < len(self._tokens) and place - self._at < _LONGEST_LIST:
            token = self._tokens[place]
            if token.word in joins:
                skipped = self._tokens[self._at : place]
                if any(one.is_name for one in skipped) and all(one.text != "," for one in skipped):
                    return False
                return self._continues_at(place + 1)
            length = 0 if token.text == "," else length + 1
            if length > _LONGEST_LIST_ITEM or (token.text != "," and not self._lists(token)):
                return False
            place += 1
        return False

    def _skips_to_item(self, place: int) -> bool:
        """Pass over one word after "and" or "or", if the claim goes on after it."""
        if place + 1 >= len(self._tokens) or not self._lists(self._tokens[place]):
            return False
        return self._continues_at(place + 1)

    def _continues_at(self, place: int) -> bool:
        while place < len(self._tokens) and self._tokens[place].word in DETERMINERS:
            place += 1
        item = self._items[self._item]
        if place >= len(self._tokens):
            return False
        token = self._tokens[place]
        same = token.word == item.word or token.word in self._pronouns.get(item.word, ())
        if same:
            self._at = place - 1
        return same

    @staticmethod
    def _lists(token: Token) -> bool:
        return token.word.isalnum() and token.word not in AUXILIARIES and token.word not in _NO_ITEM

    def _passes_aside(self, mark: str) -> bool:
        """Pass over "(…)" and ", which …,": a statement of its own about the name before it."""
        following = self._tokens[self._at + 1].word if self._at + 1 < len(self._tokens) else ""
        if mark == "," and self._copula and not self._found.auxiliaries and self._found.start <= 1:
            # "Ann Lee, the chief executive, …": apposition, if a comma closes it.
            self._found.auxiliaries, self._found.auxiliary_at = ["is", ","], self._item
            return True
        if mark == "," and following not in _ASIDE and not following.endswith("ed"):
            return False
        closing = ")" if mark == "(" else ","
        for place in range(self._at + 1, min(self._at + _LONGEST_ASIDE, len(self._tokens))):
            if self._tokens[place].text == closing:
                self._at = place
                return True
        return False


def is_year(word: str) -> bool:
    """Whether a word is a year of four figures."""
    return len(word) == _YEAR and word.isdigit()


def _opposition(one: str, other: str) -> Opposition | None:
    kind = opposition(one, other)
    if kind is not None:
        return kind
    # "forbidden" excludes what "permitted" says: both have words of the same meaning in the table.
    return opposition(synonym(one), synonym(other))
