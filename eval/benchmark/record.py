"""A measurement as a JSON record: its figures and the environment it was made in."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from eval import environment


def write_record(path: Path | None, command: str, **figures: Any) -> None:  # noqa: ANN401 - any figures
    """Write the figures with command, time, commit, libraries and hardware as JSON, if there is a path."""
    if path is None:
        return
    record = {
        "command": command,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": environment.commit(),
        "libraries": environment.libraries(),
        "hardware": environment.hardware(),
        **figures,
    }
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
