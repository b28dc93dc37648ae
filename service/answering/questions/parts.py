"""A question for several things -> the questions to ask one by one: "Who founded X and when was it founded?".

A wrong split costs a correct answer, so a question is split only where its words leave no doubt: at "and" or
a comma before a question word, where what follows is a question of its own (its auxiliary before its
subject), a question word alone ("and when?"), or one of several question words with one rest ("When and where
was X born?"). `coordinations` splits the phrases within one question. Nothing is split within quotation marks
or parentheses. Only words are read; the rules are for English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from service.answering.questions.clauses import AUX, COMMAND, PREPOSITION
from service.answering.questions.compound import FRONT, Piece, capitalised, depends_on, pieces_of
from service.answering.questions.ellipsis import QUESTION_WORD
from service.answering.questions.kinds import QuestionKind, is_incomplete, kind_of
from service.answering.questions.masking import masked, restored

MAX_PARTS = 4
"""The most parts of a question; where it has more, the last part holds the rest of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a question asks for.

    `text` is the part as the question states it, a slice of it. `question` asks for the part alone, in the
    words of the whole question. If `dependent`, it refers to the part before it ("When was it founded?",
    "Why?"): it is to be asked as a follow-up of that part, by `followups.interpretations`.
    """

    text: str
    question: str
    dependent: bool


_ASKING = rf"(?:(?:{PREPOSITION}\s+)?{QUESTION_WORD}(?:['’]s)?|{AUX})(?![\w-])"
_MARK = r"(?i:\(?[1-9a-e][.)]|[-*•]|first(?:ly)?,|second(?:ly)?,|third(?:ly)?,|finally,)"
_SENTENCE = re.compile(
    rf"[?]+[\"”)]?\s{{1,3}}(?=(?:{_MARK}\s{{1,3}})?(?:(?i:and|but|also|so)\s)?(?i:{_ASKING}|{COMMAND}))"
    rf"|;\s{{1,3}}(?=(?:{_MARK}\s{{1,3}}|(?:and|but|also)\s)?(?i:(?:{PREPOSITION}\s+)?{QUESTION_WORD})(?![\w-]))"
    # After a period, not after "Dr.".
    rf"|(?<=[a-z0-9]{{3}})(?<!\bMrs)(?<!Prof)[.!]+\s{{1,3}}(?=[A-Z])(?=(?i:{_ASKING}))"
    rf"|\n\s{{0,3}}(?={_MARK}\s)"
    rf"|(?P<marked>(?<=[\w,;.?])\s{{1,3}}(?=\(?[2-9b-e][.)]\s{{1,3}}(?i:{_ASKING})))"
)
_MARKED = re.compile(r"\s*\(?[1aA][.)]\s")
_OPENING = re.compile(
    rf"\s*(?:(?:{_MARK}|and|but|so|also|ok|okay|well|now|please|hi|hello|hey)(?:[,!.]\s*|\s+)){{0,3}}",
    re.IGNORECASE,
)
_TELL = re.compile(
    r"(?:(?:(?:can|could|would|will)\s+you\s+(?:please\s+|kindly\s+)?)?(?:tell|show|explain|say)(?:\s+(?:me|us))?"
    r"|(?:i|we)(?:['’]d|\s+would)?\s+(?:want|like|need)\s+to\s+know|do\s+you\s+(?:happen\s+to\s+)?know|let\s+me\s+know"
    r"|i\s+wonder|describe|find\s+out)\s*[,:]?\s+(?=(?:\w+\s+)?(?:who|whom|what|which|where|when|why|how)\b)",
    re.IGNORECASE,
)
_FIRST = re.compile(rf"{_ASKING}|{COMMAND}", re.IGNORECASE)
_ASKED = frozenset({QuestionKind.ORDINARY, QuestionKind.INCOMPLETE, QuestionKind.NEGATED})
_CLOSING = re.compile(r"[ ?.!,;:]{1,3}(?:please|(?:many )?thanks|thank you)$", re.IGNORECASE)
_TRAILING = " ?.!,;:\n"
_LONGEST = 2000  # characters of a question that is read


def parts_of(question: str) -> tuple[Part, ...]:
    """Return the parts of a question in their order, at most `MAX_PARTS`.

    A question that asks for one thing is its only part; the same question twice is one part.
    """
    whole = (Part(question, question, dependent=False),)
    readable = len(question) <= _LONGEST and not is_incomplete(question)
    text = masked(question) if readable else ""
    pieces = _pieces(text)
    if len(pieces) <= 1:
        return whole
    pieces = _without_repeats(pieces)
    if len(pieces) == 1:
        return (Part(question, _question(pieces[0], question), dependent=False),)
    if len(pieces) > MAX_PARTS:
        fourth, last = pieces[MAX_PARTS - 1], pieces[-1]
        # "why and how was it founded": the last one's question has the words that those before it share.
        rest = f"{text[fourth.start : last.start]}{last.question}"
        pieces = [*pieces[: MAX_PARTS - 1], Piece(fourth.start, last.end, rest, fourth.dependent)]
    return tuple(
        Part(question[one.start : one.end], _question(one, question), one.dependent) for one in pieces
    )


def _without_repeats(pieces: list[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for one in pieces:
        # "Why?" asks something else after another question.
        before = found[-1:] if one.dependent else found
        if all(one.question != other.question for other in before):
            found.append(one)
    return found


def _question(piece: Piece, question: str) -> str:
    return f"{capitalised(restored(piece.question, question))}?"


def _pieces(text: str) -> list[Piece]:
    """Return the parts of a masked question; none if a sentence of it is no question."""
    enumerated = _MARKED.match(text) is not None
    ends = [one for one in _SENTENCE.finditer(text) if one["marked"] is None or enumerated]
    starts = [0, *(one.end() for one in ends)]
    stops = [*(one.start() for one in ends), len(text)]
    pieces: list[Piece] = []
    context = ""  # a statement before the questions, or the phrase before their first word
    for start, stop in zip(starts, stops, strict=True):
        sentence = text[start:stop]
        if not pieces and text[stop : stop + 1] in {".", "!"} and not _FIRST.match(sentence):
            context = "" if kind_of(sentence) is QuestionKind.SMALL_TALK else f"{text[:stop].strip()}. "
            continue
        found = _of_sentence(text, start, stop, context, pieces[-1] if pieces else None)
        if not found:
            return []
        pieces += found
        context = ""
    return pieces


def _of_sentence(text: str, start: int, stop: int, context: str, before: Piece | None) -> list[Piece]:
    """Return the parts of one sentence, one or more; none if it is no question that can be asked."""
    opening = _OPENING.match(text, start, stop)
    start = opening.end() if opening else start
    stop = start + len(text[start:stop].rstrip(_TRAILING))
    if closing := _CLOSING.search(text[start:stop]):
        stop = start + closing.start()
    tell = _TELL.match(text, start, stop)
    if tell:
        start = tell.end()
    if not _FIRST.match(text, start, stop) and not FRONT.match(text[start:stop].lower()):
        return []
    if before and kind_of(text[start:stop]) not in _ASKED:
        return []
    # Within a sentence a capital letter makes a name; its first word has one anyway.
    initial = text[start : start + 1].lower()
    lowered = f"{text[:start]}{initial}{text[start + 1 :]}" if len(initial) == 1 else text
    clauses = pieces_of(lowered, start, stop, context, told=tell is not None)
    clauses = clauses or [Piece(start, stop, context + lowered[start:stop], dependent=False)]
    if before is None:
        return clauses
    shared = depends_on(clauses[0].question, before.question)
    return [
        replace(one, dependent=one.dependent or (shared and depends_on(one.question, before.question)))
        for one in clauses
    ]
