"""Fixtures of the campaigns' tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunScript = Callable[..., Any]
_ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def run_script() -> RunScript:
    """Run Python in a separate process, which may fork, and return its JSON output.

    It must exit with `status`.
    """

    def run(*arguments: str, status: int = 0) -> Any:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=_ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout)

    return run
