"""One sentence of a question, cut at the joints between its clauses -> the parts that the clauses make.

The sentence is masked (`masking`), and its first word is in lower case. Only words are read; the rules are
for English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from service.answering.questions.clauses import (
    AUX,
    PREPOSITION,
    PRONOUN,
    completed,
    continues,
    direct,
    headed,
    is_embedding,
    is_head,
    is_of_it,
    is_sure,
    is_tail,
    opens,
    tailed,
)
from service.answering.questions.coordinations import coordinated
from service.answering.questions.ellipsis import QUESTION_WORD
from service.answering.questions.followups import Turn, interpretations, is_followup


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a masked question: where it stands in it, and its question without the mark at its end."""

    start: int
    end: int
    question: str
    dependent: bool


_JOINT = re.compile(
    r"(?:\s{0,3}(?P<comma>,)\s{0,3}(?P<and>(?:and|but|plus|&|as\s+well\s+as)\s+)?|\s{1,3}(?:and|but|plus|&|as\s+well\s+as)\s{1,3})"
    rf"(?:(?:also|then|if\s+so|in\s+addition|second|finally|secondly|third|thirdly),?\s+)?"
    rf"(?=(?:{PREPOSITION}\s+)?{QUESTION_WORD}(?![\w-])|{AUX}\s+{PRONOUN}\s)"
)
FRONT = re.compile(
    rf"(?:{PREPOSITION}|when|while|if|according|besides|apart|along|based|because)\s.*", re.DOTALL
)


def capitalised(text: str) -> str:
    """Return a text with a capital."""
    return f"{text[:1].upper()}{text[1:]}"


@dataclass(frozen=True, slots=True)
class _Cut:
    """A stretch of a sentence between joints, and the joint before it."""

    start: int
    end: int
    text: str
    comma: bool = False
    conjunction: bool = False


def _cuts(text: str, start: int, stop: int) -> list[_Cut]:
    """Return a sentence cut at the joints after which a question or a question phrase stands."""
    cuts: list[_Cut] = []
    at, comma, conjunction = start, False, False
    for joint in [*_JOINT.finditer(text, start + 1, stop), None]:
        end = stop if joint is None else joint.start()
        words = text[at:end]
        # After a comma alone, only what can be nothing but a question is one, unless the comma ends a phrase
        # before the question: "In 2019, who ran it".
        own = conjunction or is_sure(words) or is_tail(words) or is_head(words) or _in_list(words, text, end)
        own = own or (len(cuts) == 1 and not opens(cuts[0].text))
        if cuts and not own:
            cuts[-1] = _Cut(
                cuts[-1].start, end, text[cuts[-1].start : end], cuts[-1].comma, cuts[-1].conjunction
            )
        else:
            cuts.append(_Cut(at, end, words, comma, conjunction))
        if joint is not None:
            at, comma = joint.end(), joint["comma"] is not None
            conjunction = not comma or joint["and"] is not None
    return cuts


def _in_list(words: str, text: str, end: int) -> bool:
    """Whether words after a comma are one of several questions: "what caused it, how many died and who ...".

    "Who" and "which" after a comma may continue the clause before it, but not in "who built it".
    """
    begins = is_of_it(words) or re.match(r"(?:what|how\s+many|how\s+much)\s", words) is not None
    return begins and (re.match(r",?\s+(?:and|&)\s", text[end : end + 9]) is not None)


def pieces_of(text: str, start: int, stop: int, context: str, *, told: bool) -> list[Piece]:
    """Return the parts of a sentence; none to leave it whole. `told`: it stands after "tell me"."""
    cuts = _cuts(text, start, stop)
    front, first = context, cuts[0].text
    if not (opens(first) or is_head(first) or told):
        if not (FRONT.match(first) and len(cuts) > 1 and cuts[1].comma and not cuts[1].conjunction):
            return []
        front = f"{context}{capitalised(first)}, "
        cuts = cuts[1:]
    pieces = _assembled(cuts, told=told)
    if front.endswith(". "):
        pieces = [replace(one, question=capitalised(one.question)) for one in pieces]
    return [
        one if one.dependent or not front else replace(one, question=front + one.question) for one in pieces
    ]


def _assembled(cuts: list[_Cut], *, told: bool) -> list[Piece]:
    """Return the parts that the stretches of a sentence make; none if one of them makes none."""
    pieces: list[Piece] = []
    clause, depends, at = "", False, 0  # the clause that tails add to
    while at < len(cuts):
        heads, questions = _heads(cuts, at, told=told)
        if heads > at:
            depends = at > 0 and depends_on(questions[-1], clause)
            clause = questions[-1]
            spans = cuts[at : heads + 1]
            pieces += [
                Piece(one.start, one.end, text, depends) for one, text in zip(spans, questions, strict=True)
            ]
            at = heads + 1
            continue
        cut = cuts[at]
        words = _words(cut, told=told)
        if at > 0 and is_tail(words):
            tail = tailed(words, clause)
            if tail is None:
                return []
            pieces.append(Piece(cut.start, cut.end, tail[0], tail[1] or depends))
        else:
            if not (_goes_on(cut, words, clause, told=told) if at > 0 else told or opens(words)):
                return []
            whole = completed(words, clause) if at > 0 else words
            if whole is None:
                return []
            depends = at > 0 and depends_on(whole, clause)
            clause = whole
            pieces += _phrases(cut, whole, dependent=depends)
        at += 1
    return pieces


def depends_on(question: str, before: str) -> bool:
    """Whether a question refers to the one before it: by a pronoun, or as "Who is the director?"."""
    asked = f"{capitalised(question)}?"
    return is_followup(asked) or len(interpretations(asked, Turn(f"{capitalised(before)}?"))) > 1


def _heads(cuts: list[_Cut], at: int, *, told: bool) -> tuple[int, list[str]]:
    """Return the place of the clause whose rest the question phrases from `at` share, and their questions.

    The place is `at` if they share none.
    """
    last = at
    while last < len(cuts) - 1 and is_head(cuts[last].text) and (at == 0 or not cuts[last + 1].comma):
        last += 1
    clause = _words(cuts[last], told=told)
    questions = [headed(one.text, clause) for one in cuts[at:last]]
    known = [one for one in questions if one is not None]
    if last == at or len(known) < len(questions):
        return at, []
    return last, [*known, clause]


def _words(cut: _Cut, *, told: bool) -> str:
    return direct(cut.text) if told else cut.text


def _goes_on(cut: _Cut, words: str, clause: str, *, told: bool) -> bool:
    """Whether a stretch after a clause is a question of its own."""
    if told and not is_sure(cut.text):
        return cut.conjunction and not is_embedding(clause)
    listed = cut.comma and (is_of_it(words) or not words.startswith(("who", "which")))
    return is_sure(words) or ((cut.conjunction or listed) and continues(words, clause))


def _phrases(cut: _Cut, question: str, *, dependent: bool) -> list[Piece]:
    """Return the parts of one clause: its phrases, or itself."""
    phrases = coordinated(question) if question == cut.text else []
    return [
        Piece(cut.start + one.start, cut.start + one.end, one.question, dependent) for one in phrases
    ] or [Piece(cut.start, cut.end, question, dependent)]
