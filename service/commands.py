"""The commands of the service. Results go to stdout, progress and warnings to stderr."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from indexer.commands import build_index
from indexer.errors import CorpusError, IndexMissingError
from indexer.options import IndexOption, JsonOption
from indexer.settings import DEFAULT_INDEX
from service.web.addresses import check_address
from service.web.examples import QUESTION

if TYPE_CHECKING:
    from service.answering.answerer import Answerer
    from service.answering.answers import Answer, Citation
    from service.loading import AnswererSource
    from service.settings import Settings


def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    index: IndexOption = DEFAULT_INDEX,
    json_: JsonOption = False,
    top_k: Annotated[int | None, typer.Option(help="Passages to read.", min=1, max=50)] = None,
    min_confidence: Annotated[
        float | None, typer.Option(help="Withhold an answer below it; 0 withholds none.", min=0, max=1)
    ] = None,
    publisher: Annotated[list[str] | None, typer.Option(help="Only this publisher's articles.")] = None,
    article: Annotated[list[str] | None, typer.Option(help="Only this article, by its id.")] = None,
    published_from: Annotated[
        datetime.datetime | None,
        typer.Option(help="Only articles of this day or later.", formats=["%Y-%m-%d"]),
    ] = None,
    published_to: Annotated[
        datetime.datetime | None,
        typer.Option(help="Only articles of this day or earlier.", formats=["%Y-%m-%d"]),
    ] = None,
) -> None:
    """Answer a question in the articles' own words, with the source, or say that they hold no answer."""
    from indexer.engine import Filters  # noqa: PLC0415 - the models' libraries come with it
    from service.answering.answerer import check_question  # noqa: PLC0415
    from service.settings import load_settings  # noqa: PLC0415

    check_question(question)
    answerer = _open(_source(load_settings(index=index)))
    filters = Filters(
        tuple(publisher or ()),
        tuple(article or ()),
        published_from.date() if published_from else None,
        published_to.date() if published_to else None,
    )
    answer = answerer.answer(question, top_k=top_k, filters=filters, min_confidence=min_confidence)
    if json_:
        typer.echo(as_json(answer))
    else:
        print_answer(answer)


def serve(
    index: IndexOption = DEFAULT_INDEX,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[
        int | None,
        typer.Option(help="Port to listen on (default 8000); 0 takes a free one.", min=0, max=65_535),
    ] = None,
    allow_public: Annotated[
        bool, typer.Option("--allow-public", help="Listen on an address that other machines reach.")
    ] = False,
) -> None:
    """Serve the HTTP API and the page for asking, on this machine only unless told otherwise."""
    from service.settings import load_settings  # noqa: PLC0415

    settings = load_settings(index=index, host=host, port=port, allow_public=allow_public or None)
    check_address(settings.web)
    source = _source(settings)
    _serve(_open(source), settings, source)


def demo(
    index: IndexOption = DEFAULT_INDEX,
    question: Annotated[str, typer.Option(help="The sample question.")] = QUESTION,
    port: Annotated[
        int | None,
        typer.Option(help="Port to listen on (default 8000); 0 takes a free one.", min=0, max=65_535),
    ] = None,
    serve_: Annotated[bool, typer.Option("--serve/--no-serve", help="Go on to serve.")] = True,
) -> None:
    """Index the articles that come with Quoth if need be, answer a sample question, and serve."""
    from service.settings import load_settings  # noqa: PLC0415

    settings = load_settings(index=index, port=port)
    check_address(settings.web)
    messages = _console()
    _index_seeds(settings.index, messages)
    source = _source(settings)
    answerer = _open(source)
    messages.print(Text(f"\n$ quoth ask {json.dumps(question, ensure_ascii=False)}\n"))
    print_answer(answerer.answer(question))
    if serve_:
        messages.print()
        _serve(answerer, settings, source)


def feedback() -> None:
    """Print what readers said of answers as a question set for `quoth eval`, one question a line.

    An answer found right is its question's answer, an abstention found right a question without one. What was
    found wrong has `"answers": null`: fill it in before the set is used.
    """
    from service.feedback import FeedbackStore, as_questions  # noqa: PLC0415
    from service.settings import load_settings  # noqa: PLC0415

    for line in as_questions(FeedbackStore(load_settings().web.feedback)):
        typer.echo(line)


def seeds_folder() -> Path:
    """Return the folder of the articles that come with Quoth.

    Raises:
        CorpusError: they are not installed.
    """
    folder = Path(__file__).resolve().parent.parent / "seeds"
    if not folder.is_dir():
        raise CorpusError(f"the articles that come with Quoth are not in {folder}: install Quoth again")
    return folder


def as_json(answer: Answer) -> str:
    """Return what the HTTP endpoint returns for this answer."""
    import uuid  # noqa: PLC0415

    from service.web.schemas import AnswerResponse  # noqa: PLC0415

    return AnswerResponse.of(answer, uuid.uuid4().hex).model_dump_json(indent=2)


def print_answer(answer: Answer) -> None:
    """Print an answer, the sentence it stands in with the answer marked, and its source."""
    # No line is folded: what is copied or piped on is the article's words, and the terminal wraps.
    console = Console(highlight=False, emoji=False, soft_wrap=True)
    if answer.quotation is None:
        _print_abstention(console, answer)
        return
    citation = answer.quotation.citation
    console.print(Text(answer.quotation.text, style="bold"))
    console.print(f"confidence {answer.quotation.confidence:.2f}", style="dim")
    console.print()
    console.print(Text("  ") + _marked(citation))
    console.print()
    for cited in (citation, *answer.quotation.other_citations):
        console.print(Text(_source_line(cited)))
        console.print(Text(cited.location, style="cyan"))


def _print_abstention(console: Console, answer: Answer) -> None:
    if not answer.passages:
        console.print("[bold]No article matches these filters.[/]")
        return
    console.print("[bold]The articles do not say.[/]")
    console.print(
        f"The best candidate has a confidence of {answer.confidence:.2f}; "
        f"{answer.threshold:.2f} is needed. Nearest passages:",
        style="dim",
    )
    for read in answer.passages[:3]:
        place = f"{read.article.id}:{read.scored.passage.start}-{read.scored.passage.end}"
        console.print(Text.assemble("  ", (place, "cyan"), "  ", _shorten(read.scored.text)))


def _marked(citation: Citation) -> Text:
    """The quoted sentence, with the answer between marks that survive without colour."""
    start, end = citation.start - citation.quote_start, citation.end - citation.quote_start
    return Text.assemble(
        citation.quote[:start], ("»" + citation.quote[start:end] + "«", "bold yellow"), citation.quote[end:]
    )


def _source_line(citation: Citation) -> str:
    metadata = citation.metadata
    parts = [
        metadata.title,
        metadata.author,
        metadata.publisher,
        metadata.published.isoformat() if metadata.published else None,
    ]
    return " · ".join(part for part in parts if part) or "(the article states no title, publisher or date)"


def _shorten(text: str, width: int = 100) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def _source(settings: Settings) -> AnswererSource:
    from service.loading import AnswererSource  # noqa: PLC0415 - the models' libraries come with it

    return AnswererSource(settings)


def _open(source: AnswererSource) -> Answerer:
    with Console(stderr=True).status("Loading the models"):
        return source.open()


def _index_seeds(out: Path, messages: Console) -> None:
    """Index the seeds unless the index holds something else, which is left as it is."""
    from indexer.engines.faiss.index import open_index  # noqa: PLC0415

    seeds = seeds_folder()
    try:
        opened = open_index(out)
    except IndexMissingError:
        pass
    else:
        source = opened.info.source
        opened.close()
        if source != str(seeds.resolve()):
            messages.print(Text(f"Using the index in {out}, made from {source}."))
            return
    report = build_index(seeds, out)
    did = "Indexed" if report.published else "Already indexed:"
    messages.print(
        Text(
            f"{did} {report.articles} articles, {report.passages} passages, in {out} "
            f"({report.seconds:.1f} s)."
        )
    )


def _serve(answerer: Answerer, settings: Settings, source: AnswererSource) -> None:
    from service.web.launch import launch  # noqa: PLC0415

    launch(
        answerer, settings.web, source, lambda url: _console().print(f"Serving [bold]{url}[/] (Ctrl-C stops)")
    )


def _console() -> Console:
    return Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
