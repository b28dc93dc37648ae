"""The commands of the service. Results go to stdout, progress and warnings to stderr."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Annotated

import typer

from indexer.exit_codes import ExitCode
from indexer.options import IndexOption, JsonOption, setting
from indexer.settings import DEFAULT_INDEX
from service.options import MinConfidenceOption, TopKOption
from service.web.examples import QUESTION
from service.web.settings import ListenSettings

if TYPE_CHECKING:
    import socket

    from service.answering.answerer import Answerer
    from service.loading import AnswererSource
    from service.settings import Settings

PortOption = Annotated[int | None, setting(ListenSettings, "port", metavar="PORT")]


def ask(
    question: Annotated[list[str], typer.Argument(help="The question; it needs no quotation marks.")],
    index: IndexOption = DEFAULT_INDEX,
    json_: JsonOption = False,
    top_k: TopKOption = None,
    min_confidence: MinConfidenceOption = None,
    publisher: Annotated[
        list[str] | None,
        typer.Option(help="Search only this publisher's articles; may be repeated.", metavar="NAME"),
    ] = None,
    article: Annotated[
        list[str] | None,
        typer.Option(help="Search only this article, by its id; may be repeated.", metavar="ID"),
    ] = None,
    published_from: Annotated[
        datetime.datetime | None,
        typer.Option(
            help="Search only articles of this day or later.", metavar="YYYY-MM-DD", formats=["%Y-%m-%d"]
        ),
    ] = None,
    published_to: Annotated[
        datetime.datetime | None,
        typer.Option(
            help="Search only articles of this day or earlier.", metavar="YYYY-MM-DD", formats=["%Y-%m-%d"]
        ),
    ] = None,
) -> None:
    """Answer a question in the articles' own words, with the source.

    Exit status: 0 answered, 5 the articles hold no answer, 1 an error.
    """
    from indexer.engine import Filters
    from service import console
    from service.answering.answerer import check_question
    from service.settings import load_settings

    words = " ".join(question)
    check_question(words)
    answerer = _open(_source(load_settings(index=index)))
    filters = Filters(
        tuple(publisher or ()),
        tuple(article or ()),
        published_from.date() if published_from else None,
        published_to.date() if published_to else None,
    )
    answer = answerer.answer(words, top_k=top_k, filters=filters, min_confidence=min_confidence)
    if json_:
        console.print_answer_json(answer)
    else:
        console.print_answer(answer)
    if answer.abstained:
        raise typer.Exit(ExitCode.ABSTAINED)


def serve(
    index: IndexOption = DEFAULT_INDEX,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on.", metavar="ADDRESS", show_default=ListenSettings().host),
    ] = None,
    port: PortOption = None,
    allow_public: Annotated[
        bool,
        typer.Option(
            "--allow-public",
            help="Listen on an address that other machines can reach although no key is required.",
        ),
    ] = False,
) -> None:
    """Serve the HTTP API and the pages, on this machine only by default."""
    from service.settings import load_settings
    from service.web.addresses import bind

    settings = load_settings(index=index, host=host, port=port, allow_public=allow_public or None)
    with bind(settings.web) as bound:
        source = _source(settings)
        _serve(_open(source), settings, source, bound)


def demo(
    index: IndexOption = DEFAULT_INDEX,
    question: Annotated[str, typer.Option(help="The sample question.", metavar="TEXT")] = QUESTION,
    port: PortOption = None,
    serve_: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve after the sample question.")
    ] = True,
) -> None:
    """Index the bundled articles, answer a sample question, and serve.

    An index of other articles is used as it is.
    """
    from indexer.terminal import messages, shown
    from service import console
    from service.demo import index_seeds
    from service.settings import load_settings
    from service.web.addresses import bind

    settings = load_settings(index=index, port=port)
    bound = bind(settings.web) if serve_ else None
    index_seeds(settings.index)
    source = _source(settings)
    answerer = _open(source)
    out = messages()
    out.print(shown(f"\n$ quoth ask {json.dumps(question, ensure_ascii=False)}\n"))
    console.print_answer(answerer.answer(question))
    if bound is not None:
        out.print()
        _serve(answerer, settings, source, bound)


def feedback(json_: JsonOption = False) -> None:
    """Print readers' verdicts as a question set for `quoth eval`.

    It is JSON Lines, a question on each line; with --json it is one array. An answer with a good verdict is
    its question's answer; an abstention with a good verdict is a question without an answer. A question with
    a bad verdict has `"answers": null`: fill it in before you use the set.
    """
    from indexer.terminal import print_json, print_json_text
    from service.feedback import FeedbackStore, as_questions
    from service.settings import load_settings

    lines = as_questions(FeedbackStore(load_settings().web.feedback))
    if json_:
        print_json([json.loads(line) for line in lines])
        return
    for line in lines:
        print_json_text(line)


def _source(settings: Settings) -> AnswererSource:
    from service.loading import AnswererSource

    return AnswererSource(settings)


def _open(source: AnswererSource) -> Answerer:
    from rich.console import Console

    with Console(stderr=True).status("Loading the models"):
        return source.open()


def _serve(answerer: Answerer, settings: Settings, source: AnswererSource, bound: socket.socket) -> None:
    from rich.text import Text

    from indexer.terminal import messages
    from service.web.launch import launch

    def serving(url: str) -> None:
        messages().print(Text.assemble("Serving ", (url, "bold"), " (Ctrl-C stops)"))

    launch(answerer, settings.web, source, serving, bound)
