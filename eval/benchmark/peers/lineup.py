"""The systems to compare: Quoth over an index, and each installed peer with the same passages and models."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.benchmark.peers.contestant import Contestant
from eval.benchmark.peers.errors import PeerError
from eval.benchmark.peers.install import FOLDER, INSTALL, PEERS, python_of
from indexer.encoders.files import find_model
from indexer.engine import PassageIndex
from service.answering.loading import reader_folder

_HERE = Path(__file__).parent
_QUOTH = ("faiss-cpu", "numpy", "openvino", "tokenizers")
_VARIANTS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "haystack": (("Haystack", {}),),
    "txtai": (("txtai", {"way": "passages"}), ("txtai, joined", {"way": "joined"})),
}
"""The variants of each peer: name, and additional configuration of its worker."""


@dataclass(frozen=True, slots=True)
class Task:
    """What all systems share: index folder, reader (name or folder) and passages read for a question."""

    index: Path
    reader: str
    top_k: int


def quoth(task: Task) -> Contestant:
    """Return Quoth over the index, run with this process's Python."""
    configuration = {
        "index": str(task.index.resolve()),
        "reader": task.reader,
        "top_k": task.top_k,
        "runtime": _QUOTH,
    }
    return Contestant(
        "Quoth", Path(sys.executable), _HERE / "quoth_worker.py", configuration, imports=_HERE.parents[2]
    )


def peers(
    task: Task, index: PassageIndex, names: Sequence[str], folder: Path, say: Callable[[str], None]
) -> list[Contestant]:
    """Return the peers among `names` that are installed in `folder`; call `say` about each of the others.

    They get the passages and the encoder of `index`, which is the task's index, opened, and a checkpoint of
    the reader's weights, which is stored in `folder`.

    Raises:
        PeerError: a name is not that of a peer.
        CheckpointError: the reader is not a span model, or has an unsupported architecture.
    """
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise PeerError(f"unknown peer {unknown[0]!r}: choose from {', '.join(PEERS)}")
    installed: dict[str, Path] = {}
    for name in names:
        python = python_of(PEERS[name], folder)
        if python is None:
            option = "" if folder == FOLDER else f" --folder {folder}"
            say(f"{PEERS[name].label} is left out: `{INSTALL} --peer {name}{option}` installs it")
        else:
            installed[name] = python
    if not installed:
        return []
    # Imported here: it takes seconds and is not needed without peers.
    from eval.benchmark.peers.checkpoint import kept_checkpoint  # noqa: PLC0415

    checkpoint = kept_checkpoint(reader_folder(task.reader), folder / "checkpoints")
    passages = [index.passage(number) for number in range(index.info.passages)]
    configuration: dict[str, Any] = {
        "encoder": str(find_model(index.info.encoder.name)),
        "checkpoint": str(checkpoint.resolve()),
        "top_k": task.top_k,
        "passages": [{"id": str(one.id), "text": index.passage_text(one)} for one in passages],
    }
    return [
        Contestant(
            label,
            python,
            _HERE / f"{name}_worker.py",
            configuration | {"runtime": PEERS[name].runtime} | options,
        )
        for name, python in installed.items()
        for label, options in _VARIANTS[name]
    ]
