"""Run one system in a separate process, asked over standard input: `python worker.py SYSTEM.py`.

Each message is a line of JSON. The first input is the configuration: `passages` (`id`, `text`), `encoder` and
`checkpoint` (folders), `top_k`, `runtime` (names of packages). When the system is ready it writes `memory`
(bytes), `indexing_s`, `settings`, and the `versions` of the runtime. Then each question, `{"question"}`, gets
`{"text", "passage", "score", "raised", "seconds", "memory"}`: `text` is null for no answer, `raised` counts
the passages on which the system failed, `seconds` is the time of `ask` alone.

This runs in the peers' environments, so it imports only the standard library. SYSTEM.py has
`load(configuration)`, which returns a `System`.
"""

from __future__ import annotations

import json
import os
import platform
import runpy
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol


class System(Protocol):
    """A system with its passages indexed and its models loaded.

    `facts`: `indexing_s`, the seconds for embedding the passages, and `settings`, a description of its
    settings.
    """

    @property
    def facts(self) -> dict[str, Any]: ...  # noqa: D102

    def ask(self, question: str) -> Any:  # noqa: ANN401 - whatever the system returns
        """Answer a question; this call is timed."""
        ...

    def reply(self, question: str, output: Any) -> dict[str, Any]:  # noqa: ANN401 - what `ask` returned
        """Return `text`, `passage`, `score` and `raised` from what `ask` returned; not timed."""
        ...


def resident() -> int:
    """Return this process's resident memory in bytes; outside Linux, its peak."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        import resource  # noqa: PLC0415 - not on every system

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak
    return pages * os.sysconf("SC_PAGE_SIZE")


def main(script: str) -> None:
    """Load the system, then answer until standard input ends."""
    # Keep stdout for the messages: what libraries print goes to stderr.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lines = iter(sys.stdin.readline, "")
    configuration = json.loads(next(lines))
    system: System = runpy.run_path(script)["load"](configuration)
    _send(out, system.facts | {"memory": resident(), "versions": _versions(configuration["runtime"])})
    for line in lines:
        question = json.loads(line)["question"]
        began = time.perf_counter()
        output = system.ask(question)
        seconds = time.perf_counter() - began
        _send(out, system.reply(question, output) | {"seconds": seconds, "memory": resident()})


def _versions(names: list[str]) -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def _send(out: Any, message: dict[str, Any]) -> None:  # noqa: ANN401 - a text file
    out.write(json.dumps(message) + "\n")
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1])
