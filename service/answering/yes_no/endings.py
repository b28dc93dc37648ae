"""How a sentence may go on after the claim that it holds, without limiting it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from service.answering.yes_no.alignment import Alignment
from service.answering.yes_no.claims import AUXILIARIES, Claim, Token
from service.answering.yes_no.word_forms import Form, base_forms
from service.answering.yes_no.word_sets import word_set

_MARKS = word_set(". ; ! )")
_AFTER_EVENT = word_set(
    """
    in on at for from with by after during through within near because when while and where following
    that before since alongside throughout who which using
    """
)
_AFTER_VERB = word_set("in at after during because when while following before since")
_AFTER_NOUN = word_set("that which who where used known called between")
_AFTER_PRACTICE = word_set("and to with for from through")
# "We use cookies to …": what an organisation does, it does, whatever for.
_PRACTICES = word_set(
    """
    use collect share store keep sell disclose process track log record retain receive
    """
)
_SUPERLATIVES = word_set("first last only most least best worst second third sole")
_AFTER_COMMA = word_set("and which who so because while whereas making")
_AFTER_COMMA_EVENT = _AFTER_COMMA | word_set(
    """
    in on after following where at with when becoming during for the a an as to by
    """
)
# In "safe and effective in adults" the adults limit both.
_LIMITING = word_set(
    """
    in on at for from with by during when where outside inside indoors outdoors after before within
    under over through via while per upon here there near as
    """
)
_PLACES = word_set("in at from near to")
_LIST = 7  # tokens


def is_event(claim: Claim) -> bool:
    """Whether a claim is about something that happened or was so, and is not "the first" or "the largest"."""
    return claim.auxiliaries[:1] in {("did",), ("was",), ("had",), ("have",)} and not _is_superlative(claim)


def ends(claim: Claim, words: Sequence[Token], alignment: Alignment, *, plain: bool) -> bool:
    """Whether the sentence goes on after the claim, if it does, with nothing that limits it.

    What happened, happened wherever and whenever the sentence goes on to say; a rule may hold only there, and
    so may a denial. `plain`: the sentence affirms the claim in its own words.
    """
    end = alignment.end
    event = plain and is_event(claim)
    if end >= len(words) or words[end].text in _MARKS:
        # "Ann Lee, the chief executive": an apposition ends with a comma.
        return alignment.auxiliaries[-1:] != [","]
    if words[end].text == ",":
        return end + 1 < len(words) and _goes_on_after_comma(claim, words, alignment, event=event)
    following = words[end + 1] if end + 1 < len(words) else None
    if alignment.auxiliaries[-1:] == [","] or (
        claim.items[-1].is_name and _goes_on_as_name(claim, words[end], following)
    ):
        return False
    if words[end].word in {"and", "or", "nor"}:
        return _joins(claim, words, alignment, event=event)
    return _goes_on(claim, words[end].word, alignment, following, plain=plain)


def _goes_on(claim: Claim, word: str, alignment: Alignment, following: Token | None, *, plain: bool) -> bool:
    event = plain and is_event(claim)
    if event and word in {"by", "to", "of"}:
        return _goes_on_event(claim, word, alignment, following)
    allowed = _allowed(claim, plain=plain, event=event)
    if event and claim.auxiliaries[0] != "was" and len(claim.items) - 1 in alignment.forms:
        # A verb without an object means something else with a preposition: "appealed to", "fell through".
        dated = following is not None and following.word[:1].isdigit()
        allowed = _AFTER_VERB | {"on"} if dated else _AFTER_VERB
    return word in allowed


def _allowed(claim: Claim, *, plain: bool, event: bool) -> frozenset[str]:
    if event:
        return _AFTER_EVENT
    if plain and _is_practice(claim):
        return _AFTER_PRACTICE
    if plain and claim.auxiliaries == ("is",) and not _is_superlative(claim):
        return _AFTER_NOUN
    return frozenset()


def _goes_on_as_name(claim: Claim, token: Token, following: Token | None) -> bool:
    """Whether a name goes on, "Bank of Canada", "Marks and Spencer", but not "in Paris and London"."""
    place = len(claim.items) > 1 and claim.items[-2].word in _PLACES
    joined = token.word == "and" and following is not None and following.is_name
    return token.word == "of" or (joined and not place)


def _goes_on_event(claim: Claim, word: str, alignment: Alignment, following: Token | None) -> bool:
    if word == "of":
        # "was convicted of fraud", but not "ended the war of words".
        last = claim.items[-1].word
        return bool(alignment.auxiliaries) and (last == "guilty" or Form.PAST in base_forms(last).values())
    if claim.auxiliaries != ("did",):
        return word == "by"
    # "The shop closed by inspectors reopened", but "rose by 4 percent".
    counted = following is not None and following.word[:1].isdigit()
    object_ = len(claim.items) - 1 not in alignment.forms
    return (word == "to" and object_) or bool(alignment.auxiliaries) or counted


def _joins(claim: Claim, words: Sequence[Token], alignment: Alignment, *, event: bool) -> bool:
    end = alignment.end
    word = words[end].word
    if word == "or" and not (alignment.negations or claim.auxiliaries == ("can",)):
        return False
    if word == "nor":
        if not any(token.word == "neither" for token in words[alignment.start : end]):
            return False
        alignment.aligned.add(end)
    return event or _adds_alone(words, end)


def _adds_alone(words: Sequence[Token], end: int) -> bool:
    """Whether what is added after "and" limits nothing, or has an auxiliary of its own."""
    if end + 1 < len(words) and words[end + 1].word in AUXILIARIES:
        return True
    return all(token.word not in _LIMITING for token in words[end + 2 :])


def _goes_on_after_comma(claim: Claim, words: Sequence[Token], alignment: Alignment, *, event: bool) -> bool:
    after = alignment.end + 1
    if alignment.auxiliaries[-1:] == [","]:
        return words[after].word != "and"  # "Ann Lee, the chief executive, and her deputy"
    if words[after].word in (_AFTER_COMMA_EVENT if event else _AFTER_COMMA):
        return True
    if claim.items[-1].is_name:
        return False  # "Paris, Texas"
    # The rest of a list: "bikes, cars and trucks."
    rest = [token.word for token in words[after : after + _LIST]]
    if "and" not in rest or not all(word == "," or word.isalpha() for word in rest[: rest.index("and")]):
        return False
    return event or _adds_alone(words, alignment.end)


def _is_practice(claim: Claim) -> bool:
    return (
        claim.auxiliaries == ("do",)
        and len(claim.items) > 1
        and claim.items[0].word in {"you", "we"}
        and claim.items[1].word in _PRACTICES
    )


def _is_superlative(claim: Claim) -> bool:
    return any(
        item.word in _SUPERLATIVES or (item.word.endswith("est") and not item.is_name) for item in claim.items
    )
