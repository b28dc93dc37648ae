"""What a measurement was made with: commit, software, machine."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = ("quoth", "faiss-cpu", "numpy", "openvino", "sentence-transformers", "tokenizers", "torch")


def commit(folder: Path = Path(__file__).parent) -> str | None:
    """Return the commit of the code that runs, with "+" where files differ from it; None outside git."""
    try:
        if not _git(folder, "ls-files"):
            return None  # installed inside another project's repository
        named = _git(folder, "rev-parse", "--short=12", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return named + "+" * bool(changed)


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - fixed arguments
        ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
        check=True,
        capture_output=True,
        text=True,
        timeout=10,
    )
    return done.stdout.strip()


def libraries() -> dict[str, str]:
    """Return the versions of Python and of the installed libraries that answers and times depend on."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def hardware() -> dict[str, str | int]:
    """Return the system, architecture, processor, and the number of cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": cores,
    }


def _processor(path: Path = Path("/proc/cpuinfo")) -> str:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
