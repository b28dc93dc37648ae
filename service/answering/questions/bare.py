"""A question word alone, such as "Why?", put to the statement that the previous question and its answer make.

Pure functions of words; the rules are for English.
"""

from __future__ import annotations

import re

from service.answering.questions.ellipsis import AUXILIARY, PREPOSITION, QUESTION_WORD, rest_of

_BE = r"(?:is|are|was|were)"
# "In which city did X open?" -> preposition, question phrase, auxiliary, the rest.
_FRONTED = re.compile(
    rf"^(?:(?P<preposition>{PREPOSITION})\s+)?(?P<phrase>{QUESTION_WORD}\b.*?)\s+(?P<aux>{AUXILIARY})\s+(?P<rest>.+)$",
    re.IGNORECASE,
)
_AS_SUBJECT = re.compile(
    r"^(?P<phrase>who|what|which(?:\s+[\w-]+){1,3}?|whose\s+\w+)\s+(?P<rest>[a-z].+)$", re.IGNORECASE
)
_SOURCE = re.compile(
    r"(?:who|which (?:\w+ )?(?:source|paper|newspaper|agency|person|official))\s+(?P<verb>says?|said"
    r"|claim(?:s|ed)|reported|reports|"
    r"told|states?|stated|wrote|writes)(?:\s+(?:so|that|this|it|you|us))*|(?P<says>says who)"
    r"|(?P<according>according to whom)",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"(?:why(?: not| so| that| this| there| then| is that| was that| is it| was it| exactly)?|how come"
    r"|what for"
    r"|for what(?: reason| purpose)?|(?:for )?what reasons?)$",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    rf"(?:(?:{PREPOSITION})\s+)?(?:who|whom|where|when|how(?: much| many| long| often| far| big| old)?"
    r"|which \w+|what \w+"
    rf"|(?:since|until|till|by|from) when|where exactly|when exactly|by whom|with whom)$",
    re.IGNORECASE,
)
_LONGEST = 14  # words of an answer that are put into a question
# "Who released it", "Which company has released it": the question word is the subject.
_AS_SUBJECT_ONLY = re.compile(
    rf"^(?:who|which(?:\s+\w+){{1,3}})\s+(?!{AUXILIARY}\b)[a-z]+(?:ed|s)\b|^who\s+(?!{AUXILIARY}\b)[a-z]",
    re.IGNORECASE,
)


def is_reason(question: str) -> bool:
    """Whether a question asks for nothing but a reason: "Why?"."""
    return _REASON.fullmatch(_bare(question)) is not None


def is_source(question: str) -> bool:
    """Whether a question asks for nothing but who said so."""
    return _SOURCE.fullmatch(_bare(question)) is not None


def is_bare(question: str) -> bool:
    """Whether a question is a question word alone, put to what was just said: "Why?", "Since when?"."""
    return any(pattern.fullmatch(_bare(question)) for pattern in (_REASON, _SOURCE, _PLAIN))


def completed(question: str, previous_question: str, answer: str | None) -> str | None:
    """Return a question of question words alone, completed from the previous turn; None if it cannot be."""
    bare = _bare(question)
    words = None if answer is None else " ".join(answer.split()[:_LONGEST])
    body = previous_question.strip().rstrip("?.! ")
    if source := _SOURCE.fullmatch(bare):
        said = source["verb"] or "said"
        return f"Who {said} that {_statement(body, words)}?"
    if _REASON.fullmatch(bare):
        return _asked(body, words, "Why", with_answer=True)
    if _PLAIN.fullmatch(bare):
        return _asked(body, words, bare[0].upper() + bare[1:], with_answer=False)
    return None


def _bare(question: str) -> str:
    return rest_of(question)[0].rstrip("?.! ")


def _asked(body: str, answer: str | None, word: str, *, with_answer: bool) -> str:
    """Put a question word to the statement of a question and its answer: "Why did X cost 40 million?"."""
    fronted = _FRONTED.match(body)
    if fronted is None or _AS_SUBJECT_ONLY.match(body):
        subject = _AS_SUBJECT.match(body)
        if subject and answer:
            return f"{word} did {answer} {subject['rest']}?"
        said = _statement(body, answer)
        return f"{word} {said[:1].lower()}{said[1:]}?" if answer else f"{body}? {word}?"
    aux, rest = fronted["aux"].lower(), fronted["rest"]
    place = _placed(fronted["preposition"], answer) if with_answer else None
    if _is_definition(fronted):
        return f"{word} {aux} {answer} {rest}?" if answer else f"{word} {aux} {rest}?"
    return f"{word} {aux} {rest} {place}?" if place else f"{word} {aux} {rest}?"


def _statement(body: str, answer: str | None) -> str:
    """Return a question and its answer as a statement: "the Halden tunnel cost 40 million dollars"."""
    said = answer or ""
    fronted = None if _AS_SUBJECT_ONLY.match(body) else _FRONTED.match(body)
    if fronted is None:
        subject = _AS_SUBJECT.match(body)
        if subject:
            return f"{said} {subject['rest']}".strip()
        within = re.sub(r"\b(?:which|what)(?:\s+[\w-]+){0,2}$", said, body)
        return within if within != body else f"{body} {said}".strip()
    rest, place = fronted["rest"], _placed(fronted["preposition"], answer) or ""
    if _is_definition(fronted):
        return f"{said} {fronted['aux']} {rest}".strip()
    return f"{rest} {place}".strip()


def _is_definition(fronted: re.Match[str]) -> bool:
    """Whether a question asks who or what something is: "Who is the mayor of Oslo"."""
    return bool(
        re.fullmatch(_BE, fronted["aux"].lower())
        and re.fullmatch(r"who|what", fronted["phrase"].lower())
        and re.match(r"(?:the|an?|his|her|its|their)\s|\S+(?:\s[A-Z]\S*)*[’']s\s", fronted["rest"])
        and fronted["preposition"] is None
    )


def _placed(preposition: str | None, answer: str | None) -> str | None:
    """Return the answer after the preposition of its question: "in" and "Oslo"."""
    if answer is None or preposition is None or re.match(rf"{PREPOSITION}\b", answer, re.IGNORECASE):
        return answer
    return f"{preposition.lower()} {answer}"
