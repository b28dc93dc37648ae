"""`quoth eval`: a question set put to an index, a service or a reader; a table, a record, a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from indexer.options import IndexOption, JsonOption
from indexer.settings import DEFAULT_INDEX

if TYPE_CHECKING:
    from eval.runs import Run
    from eval.subjects import Request

FELL = 4
"""Exit status of a run that fell below its reference."""


def evaluate(
    dataset: Annotated[
        Path | None,
        typer.Option(help="Questions: JSONL, or a SQuAD-format file; by default the set over the seeds."),
    ] = None,
    index: IndexOption = DEFAULT_INDEX,
    articles: Annotated[
        Path | None, typer.Option(help="A folder of articles to index and ask, instead of an index.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Ask a running service instead of an index.")] = None,
    reader_only: Annotated[
        bool, typer.Option("--reader-only", help="SQuAD: put each question to its own paragraph alone.")
    ] = False,
    split: Annotated[str, typer.Option(help="dev, test or all.")] = "all",
    questions: Annotated[int | None, typer.Option(help="A sample of so many questions.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Of the sample and of the intervals.", min=0)] = 0,
    top_k: Annotated[int | None, typer.Option(help="Passages read for a question.", min=1, max=50)] = None,
    min_confidence: Annotated[
        float | None, typer.Option(help="Withhold an answer below it; 0 withholds none.", min=0, max=1)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the run's record, JSON.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page that opens offline, HTML.")] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Write SQuAD's predictions, {id: answer}, JSON.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="A run's record to measure against; the seeds' set has one.")
    ] = None,
    gate: Annotated[
        bool,
        typer.Option(
            "--gate", help=f"Exit with status {FELL} if a figure falls out of the reference's interval."
        ),
    ] = False,
    run: Annotated[
        Path | None, typer.Option(help="Ask nothing: show, or report on, this run's record.")
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Ask nothing: compare two runs' records.", metavar="A B")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Measure the answers to a question set: are they right, and does Quoth know when they are not."""
    # numpy, the models and their libraries take seconds to import; `quoth --help` does not wait for them.
    from eval import console  # noqa: PLC0415
    from eval.comparison import compare as compare_runs  # noqa: PLC0415
    from eval.dataset import SEEDS  # noqa: PLC0415
    from eval.runs import check_writable, load  # noqa: PLC0415
    from eval.subjects import Request  # noqa: PLC0415
    from service.settings import load_settings  # noqa: PLC0415

    if compare is not None:
        found = compare_runs(load(compare[0]), load(compare[1]))
        if json_:
            typer.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False, allow_nan=False))
        else:
            console.print_comparison(found, (compare[0].name, compare[1].name))
        return
    # What may be wrong with the request is told before the questions are put, not after.
    named = load(reference) if reference is not None else None
    for path in (out, report, predictions):
        check_writable(path)
    stopped_by: Exception | KeyboardInterrupt | None = None
    if run is not None:
        asked = load(run)
    else:
        settings = load_settings(index=index, top_k=top_k, min_confidence=min_confidence)
        asked, stopped_by = _ask(
            Request(
                dataset or SEEDS, settings, articles, url, reader_only, split, questions, seed, top_k=top_k
            )
        )
    before = named or _reference(asked)
    with Console(stderr=True).status("Measuring"):
        _write(asked, before, out=out, report=report, predictions=predictions, json_=json_)
    if stopped_by is not None:
        raise stopped_by  # Ctrl-C ends with 130, an error of ours with 1, after all is written
    if gate and not asked.complete:
        raise typer.BadParameter("this run was stopped before its last question: put them all")
    if gate and before is None:
        raise typer.BadParameter("there is no reference run for this set: name one with --reference")
    if gate and before is not None and _fell(before, asked):
        raise typer.Exit(FELL)


def _ask(request: Request) -> tuple[Run, Exception | KeyboardInterrupt | None]:
    """Put the questions; of a run that something stops, return what it has, and what that was."""
    from eval.runs import Result, Run, ask_all, describe  # noqa: PLC0415
    from eval.subjects import open_subject  # noqa: PLC0415

    messages = Console(stderr=True)
    with messages.status("Loading"):
        subject = open_subject(request)
        facts, made_with = subject.system.facts, describe()  # a service that goes away tells no more
    results: list[Result] = []
    stopped_by: Exception | KeyboardInterrupt | None = None
    bar = Progress(
        TextColumn("Asking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=messages, transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=len(subject.examples))

        def keep(result: Result) -> None:
            results.append(result)
            bar.advance(task)

        try:
            ask_all(subject.system, subject.examples, keep)
        except (Exception, KeyboardInterrupt) as error:
            if not results:
                raise
            stopped_by = error
    run = Run(subject.dataset, facts, made_with, request.seed, stopped_by is None, (*results,))
    return run, stopped_by


def _reference(asked: Run) -> Run | None:
    """The run to measure against unless one is named: the one that comes with the seeds' set."""
    from eval.comparison import REFERENCE  # noqa: PLC0415
    from eval.runs import load  # noqa: PLC0415

    if not REFERENCE.is_file():
        return None
    found = load(REFERENCE)
    same = found.dataset["sha256"] == asked.dataset["sha256"] and found.system["mode"] == asked.system["mode"]
    return found if same else None


def _write(
    asked: Run,
    before: Run | None,
    *,
    out: Path | None,
    report: Path | None,
    predictions: Path | None,
    json_: bool,
) -> None:
    from eval import console  # noqa: PLC0415
    from eval.comparison import in_common  # noqa: PLC0415
    from eval.figures import compared, figures  # noqa: PLC0415
    from eval.report import render  # noqa: PLC0415
    from eval.runs import as_record, save, write  # noqa: PLC0415

    measured = figures(asked.results, seed=asked.seed)
    kept = [figure.as_json() for figure in measured]
    if out is not None:
        save(asked, out, kept)
    if predictions is not None:
        given = {result.example.id: result.given for result in asked.results}
        write(predictions, json.dumps(given, indent=1, ensure_ascii=False) + "\n")
    if report is not None:
        write(report, render(asked, before))
    if json_:
        typer.echo(json.dumps(as_record(asked, kept), indent=2, ensure_ascii=False, allow_nan=False))
        return
    shared = in_common(before, asked) if before is not None else ([], [])
    console.print_figures(asked, measured, compared(*shared, seed=asked.seed) if shared[0] else ())


def _fell(before: Run, asked: Run) -> bool:
    from eval.comparison import fallen  # noqa: PLC0415

    falls = fallen(before, asked)
    for fall in falls:
        Console(stderr=True).print(Text.assemble(("fell:", "bold red"), f" {fall}"), soft_wrap=True)
    return bool(falls)
