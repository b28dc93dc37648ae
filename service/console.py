"""Answers on the terminal. A quotation is exactly an article's words: nothing is added to them."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from indexer.terminal import print_json_text, results, shown
from service.answering.answers import Answer, Citation, Reason
from service.presentation import POLARITIES, Entry, Sentence, present

_MOST_DIGITS = 12
_PREVIEW = 100
"""Characters shown of a passage that holds no answer."""


_ABSTENTIONS = {
    Reason.NO_PASSAGES: "No article matches these filters.",
    Reason.LOW_CONFIDENCE: "The articles do not say.",
    Reason.SMALL_TALK: "This is not a question about the articles: ask for a fact.",
    Reason.ABOUT_THE_SERVICE: "Ask for a fact, such as who, when, where or how many: the answer is given "
    "in an article's own words, with its source.",
    Reason.SUMMARY_REQUEST: "Quoth writes nothing of its own, so it does not summarise: ask for a fact.",
    Reason.INCOMPLETE: "The question cannot be understood without more: ask it in full.",
    Reason.NEGATED: "The articles do not say what is not so.",
    Reason.OTHER_LANGUAGE: "The articles do not say. The question does not seem to be in English.",
}


def print_answer(answer: Answer) -> None:
    """Print the answers with their confidence, the sentences that hold them, and their sources.

    An abstention prints what was nearest. Several sentences are numbered, and each answer names the number
    of its own.
    """
    console = results()
    if answer.quotation is None:
        _print_abstention(console, answer)
        return
    shown_answer = present(answer)
    numbered = len(shown_answer.sentences) > 1
    for section in shown_answer.sections:
        if section.part is not None:
            console.print(Text.assemble(shown(_one_line(section.part)), ":"), style="italic")
        for entry in section.entries:
            _print_entry(console, entry, numbered=numbered)
    if answer.unanswered:
        parts = "; ".join(map(_one_line, answer.unanswered))
        console.print(Text.assemble(("The articles do not say: ", "bold"), shown(parts)))
        console.print()
    for number, sentence in enumerate(shown_answer.sentences, start=1):
        if number > 1:
            console.print()
        if numbered:
            console.print(f"sentence {number}", style="dim")
        _print_sentence(console, sentence)
    for citation in shown_answer.others:
        console.print(shown(_source_line(citation)))
        console.print(shown(citation.location, "cyan"))


def print_answer_json(answer: Answer) -> None:
    """Print what the HTTP endpoint returns for this answer."""
    import uuid  # noqa: PLC0415 - these load Pydantic, which text does without

    from service.web.schemas.answers import AnswerResponse  # noqa: PLC0415

    print_json_text(AnswerResponse.of(answer, uuid.uuid4().hex).model_dump_json(indent=2))


def apart(first: float, second: float) -> tuple[str, str]:
    """Return two numbers with as many decimals, at least two, as tell them apart."""
    for digits in range(2, _MOST_DIGITS):
        texts = (f"{first:.{digits}f}", f"{second:.{digits}f}")
        if texts[0] != texts[1]:
            return texts
    return repr(first), repr(second)


def _print_abstention(console: Console, answer: Answer) -> None:
    console.print(_ABSTENTIONS[answer.reason or Reason.LOW_CONFIDENCE], style="bold")
    if not answer.passages:
        return
    if answer.alternatives:
        reached, needed = apart(answer.confidence, answer.threshold)
        console.print(
            f"The best candidate has a confidence of {reached}; {needed} is needed. Not confident enough:",
            style="dim",
        )
        for candidate in answer.alternatives:
            location = shown(candidate.citation.location, "cyan")
            says = f"  ({POLARITIES[candidate.polarity]})" if candidate.polarity else ""
            console.print(Text.assemble("  ", shown(_preview(candidate.text)), "  ", location, (says, "dim")))
    console.print("Nearest passages:", style="dim")
    for read in answer.passages[:3]:
        place = f"{read.article.id}:{read.scored.passage.start}-{read.scored.passage.end}"
        console.print(Text.assemble("  ", shown(place, "cyan"), "  ", shown(_preview(read.scored.text))))


def _print_entry(console: Console, entry: Entry, *, numbered: bool) -> None:
    quotation = entry.quotation
    notes = [f"confidence {quotation.confidence:.2f}"]
    if quotation.polarity is not None:
        notes.append(POLARITIES[quotation.polarity])
    if numbered:
        notes.append(f"sentence {entry.number}")
    console.print(shown(quotation.text, "bold"))
    console.print(" · ".join(notes), style="dim")
    console.print()


def _print_sentence(console: Console, sentence: Sentence) -> None:
    words = Text.assemble(
        *(shown(words, "bold underline yellow" if marked else "") for words, marked in sentence.runs)
    )
    for line in words.split("\n", allow_blank=True):
        console.print(Text("  ") + line)
    console.print()
    console.print(shown(_source_line(sentence.citation)))
    for place in sentence.places:
        console.print(shown(place.location, "cyan"))


def _source_line(citation: Citation) -> str:
    metadata = citation.metadata
    parts = [
        metadata.title,
        metadata.author,
        metadata.publisher,
        metadata.published.isoformat() if metadata.published else None,
        f"updated {metadata.modified}" if metadata.modified not in {None, metadata.published} else None,
    ]
    return " · ".join(part for part in parts if part) or "(the article states no title, publisher or date)"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _preview(text: str) -> str:
    line = _one_line(text)
    return line if len(line) <= _PREVIEW else line[: _PREVIEW - 1] + "…"
