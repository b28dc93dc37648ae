"""The command: size by size, kind by kind, within bounds of memory, disk and time.

The largest sizes take hours, so each row is told and saved as soon as it is there, and sizes and kinds may
be measured a few at a time: a row of the JSON file stays until it is measured again.
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
    sizes: Annotated[str, typer.Option(help="Numbers of passages, apart by commas.")] = "1000,10000,100000",
    kinds: Annotated[str, typer.Option(help="Kinds of FAISS index, apart by commas.")] = "flat,hnsw,ivf-sq8",
    sets: Annotated[list[str] | None, typer.Option("--set", help="Development sets; all by default.")] = None,
    questions: Annotated[int, typer.Option(help="Questions, at most.", min=5)] = 300,
    rounds: Annotated[int, typer.Option(help="How often each question is timed.", min=1)] = 3,
    minutes: Annotated[float, typer.Option(help="That building an index, or asking it, may take.")] = 60,
    folder: Annotated[Path, typer.Option(help="Where the sets' indexes are kept.")] = Path(".quoth/studies"),
    work: Annotated[Path, typer.Option(help="Where what is made is put.")] = Path(".quoth/growth"),
    keep: Annotated[bool, typer.Option("--keep", help="Keep what is made, and take what was kept.")] = False,
    noises: Annotated[bool, typer.Option("--noise", help="Only compare lengths of noise.")] = False,
    json_: Annotated[Path | None, typer.Option("--json", help="The file to add the rows to.")] = None,
) -> None:
    """Measure building, size, memory, latency and recall for each kind of index, size by size."""
    chosen = [check_kind(kind.strip()) for kind in kinds.split(",")]
    wanted = sorted({_size(size) for size in sizes.split(",")})
    runs.check_writable(json_)
    real = gather(sets or list(SETS), folder, load_encoder(), questions, _SEED)
    if noises:
        print_noise(real, _SEED)
        return
    rows = Rows(json_)
    for size in wanted:
        place = work / str(size)
        try:
            _Trials(real, size, place, rows, rounds, minutes).run(chosen)
        finally:
            if not keep:
                shutil.rmtree(place, ignore_errors=True)
    print_rows(rows, wanted, [LEXICAL, *chosen], real)


def _size(text: str) -> int:
    if not text.strip().isdecimal() or int(text) < NEAREST:
        raise SettingsError(f"{text!r} is no number of passages, {NEAREST} at least: give some as 1000,10000")
    return int(text)


@dataclass(frozen=True, slots=True)
class _Trials:
    """All that is measured at one size, in a folder of its own."""

    real: Real
    size: int
    place: Path
    rows: Rows
    rounds: int
    minutes: float

    def run(self, kinds: list[FaissKind]) -> None:
        self.place.mkdir(parents=True, exist_ok=True)
        refused = {kind: self._refusal(kind) for kind in (LEXICAL, *kinds)}
        if not all(refused.values()):
            self._prepare()
        for kind, reason in refused.items():
            self._tell(kind, {"skipped": reason} if reason else self._try(kind))

    def _refusal(self, kind: str) -> str | None:
        dimension = self.real.vectors.shape[1]
        return refusal(kind, self.size, dimension, minutes=self.minutes, rows=self.rows.all, place=self.place)

    def _prepare(self) -> None:
        """Make the grown vectors and what the trials read, unless it was kept."""
        stamp = hashlib.sha256(self.real.vectors.tobytes() + "\n".join(self.real.questions).encode())
        made, key = self.place / "made.txt", f"{stamp.hexdigest()} seed {_SEED}\n"
        if made.exists() and made.read_text("utf-8") == key:
            return
        shutil.rmtree(self.place)
        self.place.mkdir()
        Console(stderr=True).print(f"{self.size:,} passages: growing", highlight=False)
        write_grown(self.real, self.size, _SEED, self.place / "vectors.npy", self.place / "nearest.npy")
        np.save(self.place / "asked.npy", self.real.question_vectors)
        real = {"texts": self.real.texts, "questions": self.real.questions}
        (self.place / "real.json").write_text(json.dumps(real), "utf-8")
        made.write_text(key, "utf-8")

    def _try(self, kind: str) -> Row:
        built = self._built(kind)
        if "skipped" in built:
            return built
        folder = {"size": self.size, "folder": str(self.place / kind), "rounds": self.rounds}
        if kind == LEXICAL:
            found = run_trial("search_lexical", self.minutes, real=str(self.place / "real.json"), **folder)
        else:
            lexical = self.place / LEXICAL
            material = {
                "vectors": str(self.place / "vectors.npy"),
                "nearest": str(self.place / "nearest.npy"),
                "asked": str(self.place / "asked.npy"),
                "real": str(self.place / "real.json"),
            }
            found = run_trial(
                "search",
                self.minutes,
                kind=kind,
                lexical=str(lexical) if (lexical / "built.json").exists() else None,
                material=material,
                **folder,
            )
        return {**built, **found}

    def _built(self, kind: str) -> Row:
        """Build an index, or take the one that was kept."""
        folder = self.place / kind
        kept = folder / "built.json"
        if kept.exists():
            told: Row = json.loads(kept.read_text("utf-8"))
            return told
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        Console(stderr=True).print(f"{self.size:,} passages: building {kind}", highlight=False)
        if kind == LEXICAL:
            real = str(self.place / "real.json")
            told = run_trial("build_lexical", self.minutes, real=real, size=self.size, folder=str(folder))
        else:
            vectors = str(self.place / "vectors.npy")
            told = run_trial("build_dense", self.minutes, kind=kind, vectors=vectors, folder=str(folder))
        if "skipped" not in told:
            kept.write_text(json.dumps(told), "utf-8")
        return told

    def _tell(self, kind: str, told: Row) -> None:
        length = noise(self.size / len(self.real.vectors)) if self.size > len(self.real.vectors) else 0.0
        self.rows.add(
            {
                "passages": self.size,
                "kind": kind,
                "real": min(self.size, len(self.real.vectors)),
                "noise": length,
                "questions": len(self.real.questions),
                "rounds": self.rounds,
                **told,
                **runs.describe(),
            }
        )
