"""One reader or two: `python -m eval.studies.cascade` compares what is read, by the answers found in it.

Each setting reads the same questions: the accurate reader over some passages, or the fast one over some and
the accurate one over the best of them (`service.answering.reading.cascade`). Questions are those of
`eval.studies.passages`: over the seeds, and held-out ones over their set, with and without their own
paragraph.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.studies.outcomes import Outcome
from eval.studies.paragraphs import SETS
from eval.studies.passages import CachingReader, ask_each, asked_of, table
from indexer.cli import run_commands
from indexer.encoders.loading import load_encoder
from indexer.records import ScoredPassage
from indexer.settings import DEFAULT_INDEX
from service.answering.answerer import Answerer
from service.answering.answers import Span
from service.answering.loading import load_reader
from service.answering.reading.cascade import chosen
from service.answering.reading.reader import Reader
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import AnswererSettings


@dataclass(frozen=True, slots=True)
class Setting:
    """What is read: `passages` are retrieved; the accurate reader reads those, or the best `most` of them.

    `most` None: there is no fast reader. `within`: how far below the best score of the fast reader a passage
    is still read by the accurate one.
    """

    passages: int
    most: int | None = None
    within: float = float("inf")

    @property
    def name(self) -> str:
        """How the table calls it."""
        if self.most is None:
            return f"{self.passages} accurately"
        limit = "" if np.isinf(self.within) else f" within {self.within:g}"
        return f"{self.passages} fast, {self.most} accurately{limit}"


SETTINGS = (
    Setting(4),
    Setting(8),
    Setting(2),
    Setting(4, 2),
    Setting(8, 2),
    Setting(8, 3),
    Setting(4, 3, 6.0),
    Setting(6, 3, 6.0),
    Setting(4, 3, 4.0),
    Setting(6, 3, 4.0),
)
"""The first is what the others are compared with."""


class SettingReader:
    """Reads as a setting says, and counts the passages that were read accurately.

    Both readers keep what they have read, so that settings share it.
    """

    def __init__(self, setting: Setting, fast: Reader, accurate: Reader) -> None:
        self._setting = setting
        self._fast = fast
        self._accurate = accurate
        self.name, self.fingerprint = accurate.name, accurate.fingerprint
        self.read_accurately: list[int] = []

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        """Return the accurate reader's spans."""
        if self._setting.most is not None:
            first = self._fast.read(question, passages)
            passages = chosen(first, passages, self._setting.most, self._setting.within)
        self.read_accurately.append(len(passages))
        return self._accurate.read(question, passages)


def main(  # noqa: PLR0917 - Typer makes options of them
    fast: Annotated[str, typer.Option(help="The fast reader.")] = "fast",
    accurate: Annotated[str, typer.Option(help="The accurate reader.")] = "default",
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="seeds, or a development set; repeat it for more. All by default."),
    ] = None,
    questions: Annotated[int, typer.Option(help="Questions of each development set, at most.", min=1)] = 100,
    index: Annotated[Path, typer.Option(help="An index of the seeds.")] = DEFAULT_INDEX,
    studies: Annotated[Path, typer.Option(help="Where the sets' indexes are kept.")] = Path(".quoth/studies"),
) -> None:
    """Compare what is read by the answers found in it."""
    encoder = load_encoder()
    loaded, calibration = load_reader(accurate)
    small, _ = load_reader(fast)
    pooled: dict[str, list[Outcome]] = {one.name: [] for one in SETTINGS}
    counts: dict[str, list[int]] = {one.name: [] for one in SETTINGS}
    console = Console(width=200)
    names = [*dict.fromkeys(sets or ["seeds", *SETS])]
    for name in names:
        opened, asked = asked_of(name, index, studies, questions, encoder)
        first, second = CachingReader(small), CachingReader(loaded)
        readers = {one.name: SettingReader(one, first, second) for one in SETTINGS}
        answerers = {
            one.name: Answerer(
                opened,
                Retriever(opened, encoder),
                readers[one.name],
                calibration,
                AnswererSettings(top_k=one.passages, cache_size=0),
            )
            for one in SETTINGS
        }
        outcomes = ask_each(answerers, asked, name)
        opened.close()
        for setting, some in outcomes.items():
            pooled[setting] += some
            counts[setting] += readers[setting].read_accurately
        console.print(table(name, outcomes, calibration.threshold, "read"))
        sys.stdout.flush()
    if len(names) > 1:
        console.print(table("all", pooled, calibration.threshold, "read"))
    console.print(_counts(counts))


def _counts(counts: dict[str, list[int]]) -> Table:
    found = Table("read", "passages read accurately, mean")
    for setting, some in counts.items():
        found.add_row(setting, f"{np.mean(some):.2f}")
    return found


if __name__ == "__main__":
    run_commands(main)
