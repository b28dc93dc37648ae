"""Answers on the terminal. A quotation is exactly an article's words: nothing is added to them."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from indexer.terminal import print_json_text, results, shown
from service.answering.answers import Answer, Citation, Reason

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
    """Print an answer, its confidence, the sentence that holds it, and its sources; or an abstention."""
    console = results()
    if answer.quotation is None:
        _print_abstention(console, answer)
        return
    citation = answer.quotation.citation
    console.print(shown(answer.quotation.text, "bold"))
    console.print(f"confidence {answer.quotation.confidence:.2f}", style="dim")
    console.print()
    for line in _quote(citation).split("\n", allow_blank=True):
        console.print(Text("  ") + line)
    console.print()
    for cited in (citation, *answer.quotation.other_citations):
        console.print(shown(_source_line(cited)))
        console.print(shown(cited.location, "cyan"))


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
            console.print(Text.assemble("  ", shown(_preview(candidate.text)), "  ", location))
    console.print("Nearest passages:", style="dim")
    for read in answer.passages[:3]:
        place = f"{read.article.id}:{read.scored.passage.start}-{read.scored.passage.end}"
        console.print(Text.assemble("  ", shown(place, "cyan"), "  ", shown(_preview(read.scored.text))))


def _quote(citation: Citation) -> Text:
    before, answer, after = citation.quote_parts
    return Text.assemble(shown(before), shown(answer, "bold underline yellow"), shown(after))


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


def _preview(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _PREVIEW else line[: _PREVIEW - 1] + "…"
