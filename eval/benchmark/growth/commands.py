"""The command: one trial for each size and kind of index, within limits of memory, disk and time.

A trial bypasses the store and the builder: it builds and searches the dense index or BM25 directly, over
generated vectors and texts. No figure includes the time, memory or disk space of `corpus.sqlite`, nor of
reading, splitting, embedding and publishing; this holds at every size, up to 10^7 passages.

The largest sizes take hours, so each row is printed and saved as soon as it is measured, and sizes and kinds
can be measured in several runs: a row of the JSON file stays until it is measured again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from eval import runs
from eval.benchmark.growth.material import NEAREST, Real, gather, noise, write_grown
from eval.benchmark.growth.report import Rows, print_noise, print_rows
from eval.benchmark.growth.room import LEXICAL, Row, refusal, run_trial
from eval.studies.paragraphs import SETS
from indexer.encoders.loading import load_encoder
from indexer.errors import SettingsError
from indexer.settings import FaissKind, check_kind

_SEED = 0


def growth(
    sizes: Annotated[
        str, typer.Option(help="Numbers of passages, separated by commas.")
    ] = "1000,10000,100000",
    kinds: Annotated[
        str, typer.Option(help="Kinds of FAISS index, separated by commas.")
    ] = "flat,hnsw,ivf-sq8",
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="A development set; may be repeated. All by default.")
    ] = None,
    questions: Annotated[int, typer.Option(help="Ask at most this many questions.", min=5)] = 300,
    rounds: Annotated[int, typer.Option(help="How often each question is timed.", min=1)] = 3,
    minutes: Annotated[float, typer.Option(help="Limit of each build and of each search trial.")] = 60,
    folder: Annotated[Path, typer.Option(help="Where the indexes of the sets are stored.")] = Path(
        ".quoth/studies"
    ),
    work: Annotated[Path, typer.Option(help="Where generated vectors and indexes are stored.")] = Path(
        ".quoth/growth"
    ),
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep generated files and reuse those kept before.")
    ] = False,
    noises: Annotated[bool, typer.Option("--noise", help="Only compare lengths of the noise.")] = False,
    json_: Annotated[Path | None, typer.Option("--json", help="The file to add the rows to, JSON.")] = None,
) -> None:
    """Measure building, size, memory, latency and recall of the search structures as passages grow.

    The store and the builder are bypassed: vectors and texts are generated.
    """
    chosen = [check_kind(kind.strip()) for kind in kinds.split(",")]
    passages = sorted({_size(size) for size in sizes.split(",")})
    runs.check_writable(json_)
    real = gather(sets or list(SETS), folder, load_encoder(), questions, _SEED)
    if noises:
        print_noise(real, _SEED)
        return
    rows = Rows(json_)
    for size in passages:
        size_folder = work / str(size)
        try:
            _Trials(real, size, size_folder, rows, rounds, minutes).run(chosen)
        finally:
            if not keep:
                shutil.rmtree(size_folder, ignore_errors=True)
    print_rows(rows, passages, [LEXICAL, *chosen], real)


def _size(text: str) -> int:
    if not text.strip().isdecimal() or int(text) < NEAREST:
        raise SettingsError(
            f"{text!r} is not a number of passages of at least {NEAREST}: write them as 1000,10000"
        )
    return int(text)


@dataclass(frozen=True, slots=True)
class _Trials:
    """The trials of one size, in a separate folder."""

    real: Real
    size: int
    folder: Path
    rows: Rows
    rounds: int
    minutes: float

    def run(self, kinds: list[FaissKind]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        refused = {kind: self._refusal(kind) for kind in (LEXICAL, *kinds)}
        if not all(refused.values()):
            self._prepare()
        for kind, reason in refused.items():
            self._record(kind, {"skipped": reason} if reason else self._try(kind))

    def _refusal(self, kind: str) -> str | None:
        dimension = self.real.vectors.shape[1]
        return refusal(
            kind, self.size, dimension, minutes=self.minutes, rows=self.rows.all, folder=self.folder
        )

    def _prepare(self) -> None:
        """Write the grown vectors and the trials' other inputs, unless they were kept."""
        stamp = hashlib.sha256(self.real.vectors.tobytes() + "\n".join(self.real.questions).encode())
        made, key = self.folder / "made.txt", f"{stamp.hexdigest()} seed {_SEED}\n"
        if made.exists() and made.read_text("utf-8") == key:
            return
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        Console(stderr=True).print(f"{self.size:,} passages: generating vectors", highlight=False)
        write_grown(self.real, self.size, _SEED, self.folder / "vectors.npy", self.folder / "nearest.npy")
        np.save(self.folder / "asked.npy", self.real.question_vectors)
        real = {"texts": self.real.texts, "questions": self.real.questions}
        (self.folder / "real.json").write_text(json.dumps(real), "utf-8")
        made.write_text(key, "utf-8")

    def _try(self, kind: str) -> Row:
        built = self._built(kind)
        if "skipped" in built:
            return built
        arguments = {"size": self.size, "folder": str(self.folder / kind), "rounds": self.rounds}
        if kind == LEXICAL:
            found = run_trial(
                "search_lexical", self.minutes, real=str(self.folder / "real.json"), **arguments
            )
        else:
            lexical = self.folder / LEXICAL
            material = {
                "vectors": str(self.folder / "vectors.npy"),
                "nearest": str(self.folder / "nearest.npy"),
                "asked": str(self.folder / "asked.npy"),
                "real": str(self.folder / "real.json"),
            }
            found = run_trial(
                "search",
                self.minutes,
                kind=kind,
                lexical=str(lexical) if (lexical / "built.json").exists() else None,
                material=material,
                **arguments,
            )
        return {**built, **found}

    def _built(self, kind: str) -> Row:
        """Build an index, or reuse the one that was kept."""
        folder = self.folder / kind
        kept = folder / "built.json"
        if kept.exists():
            built: Row = json.loads(kept.read_text("utf-8"))
            return built
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        Console(stderr=True).print(f"{self.size:,} passages: building {kind}", highlight=False)
        if kind == LEXICAL:
            real = str(self.folder / "real.json")
            built = run_trial("build_lexical", self.minutes, real=real, size=self.size, folder=str(folder))
        else:
            vectors = str(self.folder / "vectors.npy")
            built = run_trial("build_dense", self.minutes, kind=kind, vectors=vectors, folder=str(folder))
        if "skipped" not in built:
            kept.write_text(json.dumps(built), "utf-8")
        return built

    def _record(self, kind: str, row: Row) -> None:
        length = noise(self.size / len(self.real.vectors)) if self.size > len(self.real.vectors) else 0.0
        self.rows.add(
            {
                "passages": self.size,
                "kind": kind,
                "real": min(self.size, len(self.real.vectors)),
                "noise": length,
                "questions": len(self.real.questions),
                "rounds": self.rounds,
                **row,
                **runs.describe(),
            }
        )
