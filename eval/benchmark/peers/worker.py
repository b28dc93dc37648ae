"""`python worker.py SYSTEM.py`: one system in a process of its own, asked over standard input.

A line of JSON each way. In comes the configuration: `passages` (`id`, `text`), `encoder` and `checkpoint`
(folders), `top_k`, `runtime` (names of packages). Out goes what the system says of itself, when it is ready:
`memory` (bytes), `indexing_s`, `settings`, and the `versions` of the runtime. Then each question,
`{"question"}`, gets `{"text", "passage", "score", "raised", "seconds", "memory"}`: `text` is null where
nothing is answered, `raised` counts the passages over which the system failed, `seconds` are those of the
question alone.

This runs in the peers' environments: the standard library is all that it may import. SYSTEM.py has
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

    `facts`: `indexing_s`, the seconds that embedding the passages took, and `settings`, how it is used.
    """

    @property
    def facts(self) -> dict[str, Any]: ...  # noqa: D102

    def ask(self, question: str) -> Any:  # noqa: ANN401 - whatever the system returns
        """Put a question; this is what is timed."""
        ...

    def told(self, question: str, given: Any) -> dict[str, Any]:  # noqa: ANN401 - what `ask` returned
        """Return `text`, `passage`, `score` and `raised` of what `ask` returned; not timed."""
        ...


def resident() -> int:
    """Return the bytes of memory that this process holds; outside Linux, the most that it has held."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        import resource  # noqa: PLC0415 - not on every system

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak
    return pages * os.sysconf("SC_PAGE_SIZE")


def main(script: str) -> None:
    """Load the system, then answer until standard input ends."""
    # What libraries print must not come between the lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lines = iter(sys.stdin.readline, "")
    configuration = json.loads(next(lines))
    system: System = runpy.run_path(script)["load"](configuration)
    _say(out, system.facts | {"memory": resident(), "versions": _versions(configuration["runtime"])})
    for line in lines:
        question = json.loads(line)["question"]
        began = time.perf_counter()
        given = system.ask(question)
        seconds = time.perf_counter() - began
        _say(out, system.told(question, given) | {"seconds": seconds, "memory": resident()})


def _versions(names: list[str]) -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def _say(out: Any, message: dict[str, Any]) -> None:  # noqa: ANN401 - a text file
    out.write(json.dumps(message) + "\n")
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1])
