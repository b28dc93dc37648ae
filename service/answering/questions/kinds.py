"""What kind of question a text is: one that an article can answer, or one that needs another response.

Only the words of the question are read. A greeting, thanks, a request for a summary and a question about the
service itself have no answer among the articles' words, and need no search.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from service.answering.questions.languages import is_other_language
from service.answering.questions.negation import is_negated
from service.answering.questions.phrases import ABOUT_THE_SERVICE, SMALL_TALK, SUMMARY_REQUEST


class QuestionKind(StrEnum):
    """What a text asks for."""

    ORDINARY = "ordinary"
    """Something that an article may state."""
    NOTHING = "nothing"
    """It holds no letter and no digit: white space, invisible characters, punctuation, emoji."""
    SMALL_TALK = "small-talk"
    """A greeting, thanks, an acknowledgement or a farewell."""
    ABOUT_THE_SERVICE = "about-the-service"
    """What can be asked, or who answers."""
    SUMMARY_REQUEST = "summary-request"
    """A request to write: a summary, an overview, a translation."""
    OTHER_LANGUAGE = "other-language"
    """A question in another language than English. It is asked: the articles may be in that language."""
    INCOMPLETE = "incomplete"
    """Nothing but question words and pronouns: it can be understood only from the turn before, if at all."""
    NEGATED = "negated"
    """It asks for what is not so, or for all but something."""


UNREAD = frozenset({QuestionKind.SMALL_TALK, QuestionKind.ABOUT_THE_SERVICE, QuestionKind.SUMMARY_REQUEST})
"""The kinds for which no passage is read."""

_MAX_SMALL_TALK = 8  # words, so that matching stays fast

# Letters by category that show nothing: Hangul fillers, and the Braille blank.
_FILLERS = dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0\u2800"), " ")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Question words, auxiliaries, pronouns and the like: words that name nothing.
_EMPTY_WORDS = _words("""
    who whom whose what which when where why how come since until till by for from in on at to with of
    about as than then there here and or but so also too not no yes is are was were be been being am do
    does did done has have had will would can could shall should may might must it its he him his she her
    hers they them their theirs we us our i me my you your this that these those a an the one ones other
    others another else more less much many long far often old big little few some any all both each every
    same such again ever never just only exactly really sure true right wrong false first second third
    last next former latter maybe perhaps indeed anything something nothing everything anyone someone
    nobody everyone say says said saying tell told claim claims claimed mean means meant know knows think
    go goes going on continue explain elaborate details detail further if into out up down over under
    between after before during now today please isn't aren't wasn't weren't don't doesn't didn't hasn't
    haven't hadn't won't wouldn't can't couldn't shouldn't who's what's where's when's how's it's that's
    he's she's they're there's kind sort thing things happened happens happen exact specifically
    whereabouts reason reported reports according source """)


def kind_of(question: str) -> QuestionKind:
    """Return the kind of a question, by its words alone."""
    words = words_of(question)
    if not words:
        return QuestionKind.NOTHING
    said = " ".join(words)
    if len(words) <= _MAX_SMALL_TALK and SMALL_TALK.fullmatch(said):
        return QuestionKind.SMALL_TALK
    for pattern, kind in (
        (ABOUT_THE_SERVICE, QuestionKind.ABOUT_THE_SERVICE),
        (SUMMARY_REQUEST, QuestionKind.SUMMARY_REQUEST),
    ):
        if pattern.fullmatch(said):
            return kind
    for belongs, kind in (
        (is_incomplete, QuestionKind.INCOMPLETE),
        (is_other_language, QuestionKind.OTHER_LANGUAGE),
        (is_negated, QuestionKind.NEGATED),
    ):
        if belongs(question):
            return kind
    return QuestionKind.ORDINARY


def words_of(question: str) -> list[str]:
    """Return the words of a question, folded: letters, digits and apostrophes within words; no others."""
    text = unicodedata.normalize("NFKC", question).translate(_FILLERS)
    text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.casefold().replace("’", "'").replace("‘", "'"))
    # Combining marks alone are no word: `[^\W_]` never matches them.
    return [word for word in words if any(character.isalnum() for character in word)]


def is_incomplete(question: str) -> bool:
    """Whether a question holds no word that names anything: "Why?", "And?", "What about it?"."""
    shouted = question.upper() == question
    # "What is IT?": capitals within a question make a name of any word.
    named = [] if shouted else re.findall(r"(?<=\w )(?!I\b)[A-Z]\w*", question)
    return not named and all(word in _EMPTY_WORDS for word in words_of(question))
