"""`quoth eval`: measures an index, a service or a reader on a question set; a table, a record, a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from indexer.exit_codes import ExitCode
from indexer.options import IndexOption, JsonOption
from indexer.settings import DEFAULT_INDEX
from service.options import MinConfidenceOption, TopKOption

if TYPE_CHECKING:
    from eval.runs import Run
    from eval.subjects import Request
    from indexer.progress_display import ProgressDisplay


def evaluate(
    dataset: Annotated[
        Path | None,
        typer.Option(
            help="The questions: JSONL, or a file in SQuAD's format.",
            metavar="FILE",
            show_default="the set over the bundled articles",
        ),
    ] = None,
    index: IndexOption = DEFAULT_INDEX,
    articles: Annotated[
        Path | None,
        typer.Option(help="Index this folder of articles and measure that.", metavar="FOLDER"),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Measure a running service instead of an index.", metavar="URL")
    ] = None,
    reader_only: Annotated[
        bool,
        typer.Option(
            "--reader-only",
            help="Measure only the reader: each question is asked of its own SQuAD paragraph.",
        ),
    ] = False,
    split: Annotated[
        Literal["dev", "test", "all"], typer.Option(help="The part of the questions that is asked.")
    ] = "all",
    questions: Annotated[
        int | None, typer.Option(help="Ask a random sample of this size.", metavar="N", min=1)
    ] = None,
    seed: Annotated[
        int,
        typer.Option(help="Random seed of the sample and of the confidence intervals.", metavar="N", min=0),
    ] = 0,
    top_k: TopKOption = None,
    min_confidence: MinConfidenceOption = None,
    out: Annotated[Path | None, typer.Option(help="Write the run's record, JSON.", metavar="FILE")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a report, one HTML page that works offline.", metavar="FILE")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Write SQuAD predictions, {id: answer}, JSON.", metavar="FILE")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Compare with this run's record.",
            metavar="FILE",
            show_default="the record that comes with the question set, if there is one",
        ),
    ] = None,
    gate: Annotated[
        bool,
        typer.Option(
            "--gate",
            help=f"Exit with status {ExitCode.GATE_FELL} if a figure falls below the reference's interval.",
        ),
    ] = False,
    run: Annotated[
        Path | None,
        typer.Option(help="Ask nothing: show, or report on, this run's record.", metavar="FILE"),
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Ask nothing: compare two runs' records.", metavar="A B")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Measure the answers to a question set.

    Are they right, and does Quoth know when they are not?

    Exit status: 0 done, 1 an error, 2 a gate without a complete run and a reference, 4 the gate fell.
    """
    from eval import console
    from eval.comparison import compare as compare_runs
    from eval.dataset import SEEDS
    from eval.runs import check_writable, load
    from eval.subjects import Request
    from indexer.progress_display import ProgressDisplay
    from indexer.terminal import print_json
    from service.settings import load_settings

    if compare is not None:
        found = compare_runs(load(compare[0]), load(compare[1]))
        if json_:
            print_json(found.as_json())
        else:
            console.print_comparison(found, (compare[0].name, compare[1].name))
        return
    # Mistakes in the request are reported before the questions are asked, not after.
    named = load(reference) if reference is not None else None
    for path in (out, report, predictions):
        check_writable(path)
    stopped_by: Exception | KeyboardInterrupt | None = None
    with ProgressDisplay() as progress:
        if run is not None:
            asked = load(run)
        else:
            settings = load_settings(index=index, top_k=top_k, min_confidence=min_confidence)
            request = Request(
                dataset or SEEDS,
                settings,
                articles,
                url,
                reader_only,
                split,
                questions,
                seed,
                top_k=top_k,
                progress=progress,
            )
            asked, stopped_by = _ask(request, progress)
        before = named or _reference(asked)
        progress.start("Measuring")
    _write(asked, before, out=out, report=report, predictions=predictions, json_=json_)
    if stopped_by is not None:
        raise stopped_by  # after everything is written: Ctrl-C ends with 130, one of Quoth's errors with 1
    if gate and not asked.complete:
        raise typer.BadParameter("this run was stopped before its last question: ask them all")
    if gate and before is None:
        raise typer.BadParameter("there is no reference run for this set: name one with --reference")
    if gate and before is not None and _fell(before, asked):
        raise typer.Exit(ExitCode.GATE_FELL)


def _ask(request: Request, progress: ProgressDisplay) -> tuple[Run, Exception | KeyboardInterrupt | None]:
    """Ask the questions; return the run, complete or not, and what stopped it."""
    from eval.runs import Result, Run, ask_all, describe
    from eval.subjects import open_subject

    progress.start("Loading the questions and the models")
    subject = open_subject(request)
    facts, made_with = subject.system.facts, describe()  # now, as a service may be gone at the end
    results: list[Result] = []
    stopped_by: Exception | KeyboardInterrupt | None = None
    progress.start("Asking questions", len(subject.examples))

    def keep(result: Result) -> None:
        results.append(result)
        progress.advance()

    try:
        ask_all(subject.system, subject.examples, keep)
    except (Exception, KeyboardInterrupt) as error:
        if not results:
            raise
        stopped_by = error
    run = Run(subject.dataset, facts, made_with, request.seed, stopped_by is None, (*results,))
    return run, stopped_by


def _reference(asked: Run) -> Run | None:
    """The reference run that comes with this run's question set, if there is one."""
    from eval.comparison import REFERENCE
    from eval.runs import load

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
    from eval import console
    from eval.comparison import in_common
    from eval.figures import compared, figures
    from eval.report import render
    from eval.runs import as_record, save, write
    from indexer.terminal import print_json

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
        print_json(as_record(asked, kept))
        return
    shared = in_common(before, asked) if before is not None else ([], [])
    console.print_figures(asked, measured, compared(*shared, seed=asked.seed) if shared[0] else ())


def _fell(before: Run, asked: Run) -> bool:
    from eval.comparison import regressions
    from indexer.terminal import print_error

    falls = regressions(before, asked)
    for fall in falls:
        print_error(str(fall), "fell")
    return bool(falls)
