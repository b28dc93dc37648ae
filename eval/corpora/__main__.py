"""Answers over public collections of documents: `python -m eval.corpora FOLDER`.

The folder holds the corpora that `--commands` fetches: news pages, handbooks, terms of companies, long texts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from eval.console import number
from eval.corpora.measuring import (
    FORMAT,
    Asked,
    CorporaRun,
    as_json,
    as_record,
    ask,
    compare,
    figures,
    load,
    misses,
)
from eval.corpora.questions import Question, faults, load_questions
from eval.corpora.sources import CORPORA, documents, fetch_commands
from eval.runs import check_writable, describe, write
from eval.systems import LocalSystem
from indexer.cli import run_commands
from indexer.commands import build_index
from indexer.options import JsonOption
from indexer.progress_display import ProgressDisplay
from indexer.settings import DEFAULT_ENCODER
from indexer.terminal import print_error, print_json, print_warning, results, shown
from service.loading import load_answerer
from service.settings import load_settings


def main(
    folder: Annotated[Path, typer.Argument(help="The folder of the fetched corpora.")] = Path("corpora"),
    *,
    commands: Annotated[
        bool, typer.Option("--commands", help="Print the shell commands that fetch the corpora, and stop.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only check that the questions fit the fetched documents.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Ask the questions of this corpus alone; may be repeated.")
    ] = None,
    indexes: Annotated[
        Path | None,
        typer.Option(
            help="Keep the indexes here. Another version of Quoth needs another folder.",
            show_default="a temporary folder",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed of the intervals.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="Write the run's record, JSON.", metavar="FILE")] = None,
    run: Annotated[
        Path | None, typer.Option(help="Ask nothing: show this run's record and its misses.", metavar="FILE")
    ] = None,
    between: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--compare", help="Ask nothing: compare two runs' records.", metavar="A B"),
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Ask the questions over the public corpora.

    Are the answers right and from the right document, and is there none where the documents do not say?
    """
    if commands:
        typer.echo("\n".join(fetch_commands(folder)))
        return
    if between is not None:
        _print_comparison(load(between[0]), load(between[1]))
        return
    if run is not None:
        asked = load(run)
    else:
        names = [corpus.name for corpus in CORPORA]
        if unknown := [name for name in only or [] if name not in names]:
            raise typer.BadParameter(f"there is no corpus {unknown[0]!r}: choose of {', '.join(names)}")
        check_writable(out)
        questions = [one for one in load_questions() if one.corpus in (only or names)]
        _check(questions, folder)
        if check:
            results().print(f"{len(questions)} questions fit their documents.")
            return
        with tempfile.TemporaryDirectory() as scratch:
            asked = _ask(questions, folder, indexes or Path(scratch), seed)
        if out is not None:
            write(out, as_json(asked))
    if json_:
        print_json(as_record(asked))
    else:
        _print(asked, details=run is not None)


def _check(questions: Sequence[Question], folder: Path) -> None:
    """Stop if a corpus is not whole, or a question does not fit its documents."""
    for corpus in CORPORA:
        if any(one.corpus == corpus.name for one in questions):
            documents(folder, corpus)
    found = [*faults(questions, folder)]
    for fault in found:
        print_error(fault, "does not fit")
    if found:
        raise typer.Exit(1)


def _ask(questions: Sequence[Question], folder: Path, indexes: Path, seed: int) -> CorporaRun:
    made, system, asked = {}, {}, []
    for name in dict.fromkeys(one.corpus for one in questions):
        report = build_index(folder / name, indexes / name, encoder=DEFAULT_ENCODER)
        for failure in report.failures:
            print_warning(f"{name}/{failure.path}: {failure.reason}", "not read")
        answerer = load_answerer(load_settings(index=indexes / name))
        info = answerer.index.info
        made[name] = {
            "articles": info.articles,
            "passages": info.passages,
            "failures": len(report.failures),
            "seconds": round(report.seconds, 1),
        }
        system = {**answerer.models, "threshold": answerer.threshold}
        local = LocalSystem(answerer, {})
        mine = [one for one in questions if one.corpus == name]
        with ProgressDisplay() as progress:
            progress.start(f"Asking questions of {name}", len(mine))
            for question in mine:
                asked.append(ask(local, question))
                progress.advance()
    return CorporaRun(FORMAT, seed, system, describe(), made, (*asked,))


def _print(run: CorporaRun, *, details: bool) -> None:
    parts = _parts(run.results)
    columns = {name: {one.name: one for one in figures(part, run.seed)} for name, part in parts.items()}
    table = Table(
        "",
        *(f"{name} ({len(part)})" for name, part in parts.items()),
        "95% (all)",
        "over",
        title=f"{len(run.results)} questions",
    )
    for name, whole in columns["all"].items():
        values = [number(name, cell.value) if (cell := part.get(name)) else "" for part in columns.values()]
        spread = f"{number(name, whole.low)} – {number(name, whole.high)}"
        table.add_row(name, *values, spread, f"{whole.over} ({whole.n})")
    results().print(table, soft_wrap=False)
    for miss, count in misses(run.results).most_common():
        results().print(f"{count:>4}  {miss}")
    for one in run.results if details else ():
        if one.miss is not None:
            _print_miss(one)


def _parts(asked: Sequence[Asked]) -> dict[str, list[Asked]]:
    """The results by corpus, and "all"."""
    names = dict.fromkeys(one.question.corpus for one in asked)
    return {name: [one for one in asked if one.question.corpus == name] for name in names} | {"all": [*asked]}


def _print_miss(one: Asked) -> None:
    question, console = one.question, results()
    console.print(shown(f"\n{question.id} ({question.kind}): {question.question}", "bold"))
    console.print(shown(f"  {one.miss}"))
    console.print(shown(f"  {one.confidence:.2f}: “{one.candidate}” of {one.document}"))
    if question.answers:
        console.print(shown(f"  = {' | '.join(question.answers)}, of {', '.join(question.documents)}", "dim"))


def _print_comparison(first: CorporaRun, second: CorporaRun) -> None:
    pairs, rows = compare(first, second)
    before = {one.name: one.value for one in figures([pair[0] for pair in pairs])}
    table = Table("", "A", "B", "B − A", "95% interval", "p", title=f"{len(pairs)} questions in both")
    for name, apart in rows.items():
        table.add_row(
            name,
            number(name, before[name]),
            number(name, before[name] + apart.value),
            number(name, apart.value, signed=True),
            f"{number(name, apart.low, signed=True)} to {number(name, apart.high, signed=True)}",
            f"{apart.p:.3f}",
        )
    results().print(table, soft_wrap=False)
    for label, better in (("worse", False), ("better", True)):
        changed = [pair for pair in pairs if (pair[0].succeeded, pair[1].succeeded) == (not better, better)]
        results().print(f"{len(changed)} questions are {label}")
        for old, new in changed:
            results().print(shown(f"\n{new.question.id}: {new.question.question}", "bold"))
            for side, one in (("A", old), ("B", new)):
                mark = "" if one.answered else " (withheld)"
                results().print(
                    shown(f"  {side} {one.confidence:.2f}{mark}: “{one.candidate}” {one.document}")
                )
            results().print(shown(f"  = {' | '.join(new.question.answers) or 'no answer'}", "dim"))


if __name__ == "__main__":
    run_commands(main)
