"""Install the systems that Quoth is compared with: `python -m eval.benchmark.peers.install`.

Each peer gets its own virtual environment, so that its dependencies never conflict with Quoth's. The releases
that affect answers and times are pinned; PyTorch exactly, because a looser range installs a CUDA build of
several gigabytes.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from eval.benchmark.peers.errors import PeerError
from indexer.cli import run_commands

FOLDER = Path(".quoth/peers")
INSTALL = "python -m eval.benchmark.peers.install"
STAMP = "quoth-peer.json"
"""The file in an environment that lists what is installed; written last."""

_TIMEOUT_S = 3_600.0
_ERROR_CHARS = 600  # characters of pip's output in an error message


@dataclass(frozen=True, slots=True)
class Peer:
    """A system to compare with.

    `requirements` are installed with their dependencies; then `alone` without, because theirs are among the
    requirements. `runtime`: the packages that affect its answers and their time.
    """

    name: str
    label: str
    requirements: tuple[str, ...]
    alone: tuple[str, ...]
    runtime: tuple[str, ...]


_MODELS = ("torch==2.13.0", "transformers==5.23.0", "tokenizers==0.23.3", "numpy==2.4.6")

PEERS = {
    "haystack": Peer(
        "haystack",
        "Haystack",
        requirements=(
            *_MODELS,
            "sentence-transformers==6.2.0",
            "accelerate",
            "sentencepiece",
            "pillow",
            "pypdfium2",
            # Haystack's dependencies. It is installed without them, because it requires a release of certifi
            # that not every package index has yet; nothing here uses the network.
            "anyio",
            "certifi",
            "docstring-parser",
            "filetype",
            "httpx",
            "jinja2",
            "jsonschema",
            "lazy-imports",
            "markupsafe",
            "more-itertools",
            "networkx",
            "openai>=2.6.0",
            "posthog!=3.12.0",
            "protobuf",
            "pydantic",
            "python-dateutil",
            "pyyaml",
            "tenacity!=8.4.0",
            "tqdm",
        ),
        alone=("haystack-ai==3.4.1", "transformers-haystack==2.0.0", "sentence-transformers-haystack==2.0.0"),
        runtime=(
            "haystack-ai", "transformers-haystack", "sentence-transformers-haystack",
            "sentence-transformers", "torch", "transformers", "tokenizers", "numpy",
        ),
    ),
    "txtai": Peer(
        "txtai",
        "txtai",
        requirements=(*_MODELS, "txtai==9.14.0", "faiss-cpu==1.15.1"),
        alone=(),
        runtime=("txtai", "faiss-cpu", "torch", "transformers", "tokenizers", "numpy"),
    ),
}  # fmt: skip


def python_of(peer: Peer, folder: Path = FOLDER) -> Path | None:
    """Return the Python of a peer's environment; None if it is not installed in these releases."""
    home = folder / peer.name
    python = _python(home)
    return python if python.is_file() and _stamped(home) == releases(peer) else None


def releases(peer: Peer) -> dict[str, object]:
    """Return the content of the stamp of an environment with this peer."""
    return {"python": platform.python_version(), "packages": [*peer.requirements, *peer.alone]}


def install(peer: Peer, folder: Path = FOLDER) -> bool:
    """Install a peer; return False if it was installed already. An unfinished installation starts over.

    Raises:
        PeerError: the environment cannot be made, or pip cannot install into it.
    """
    if python_of(peer, folder) is not None:
        return False
    home = folder / peer.name
    try:
        shutil.rmtree(home, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        # Our own pip installs into it: installing another pip takes as long as a small peer.
        venv.create(home)
    except OSError as error:
        raise PeerError(f"cannot create a virtual environment in {home} ({error})") from error
    _pip(home, peer, peer.requirements)
    if peer.alone:
        _pip(home, peer, ("--no-deps", *peer.alone))
    (home / STAMP).write_text(json.dumps(releases(peer)), "utf-8")
    return True


def _pip(home: Path, peer: Peer, arguments: tuple[str, ...]) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(_python(home))]
    command = [*pip, "install", "--quiet", "--no-input", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own pins
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
            env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerError(f"pip could not install {peer.label} ({error}): try again") from error
    if done.returncode:
        output = "\n".join(line for line in done.stderr.splitlines() if "ERROR" in line) or done.stderr
        raise PeerError(
            f"pip could not install {peer.label}: {output.strip()[-_ERROR_CHARS:]} – check that the package "
            f"index has these releases, then run `{INSTALL} --peer {peer.name}` again"
        )


def _python(home: Path) -> Path:
    return home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _stamped(home: Path) -> object:
    try:
        return json.loads((home / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def main(
    peer: Annotated[
        list[str] | None, typer.Option(help=f"{' or '.join(PEERS)}; may be repeated. All by default.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the environments are stored.")] = FOLDER,
) -> None:
    """Install the peers, each in its own virtual environment; installed ones are left as they are."""
    console = Console(stderr=True, highlight=False)
    for name in peer or PEERS:
        if name not in PEERS:
            raise PeerError(f"unknown peer {name!r}: choose from {', '.join(PEERS)}")
        with console.status(f"Installing {PEERS[name].label} …"):
            new = install(PEERS[name], folder)
        console.print(f"{PEERS[name].label}: {'installed' if new else 'already installed'}, {folder / name}")


if __name__ == "__main__":
    run_commands(main)
