r"""Printing: results on stdout, messages on stderr, and text from elsewhere without control characters.

Articles, file names and metadata may contain characters that move the cursor, reorder text or hide it, so
that a terminal shows something else than what is there. They are printed as escapes, `\x1b`, in dim style.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

# Control characters except tab and line feed, line and paragraph separators, bidirectional overrides and
# isolates, deprecated format characters, annotation marks, tag characters, and lone surrogates, which a file
# name has for bytes that are not UTF-8. Joiners and directional marks are safe: scripts and emoji need them.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to `indexer.cli`."""
        raise  # noqa: PLE0704 - Rich calls this while it handles the BrokenPipeError


def results() -> Console:
    """Return a console for results, on stdout. Lines are not folded: a terminal wraps them itself."""
    return _Console(highlight=False, emoji=False, markup=False, soft_wrap=True)


def messages() -> Console:
    """Return a console for progress, warnings and errors, on stderr."""
    return _Console(stderr=True, highlight=False, emoji=False, markup=False, soft_wrap=True)


def escape(text: str) -> str:
    r"""Return a text with unsafe characters as `\x1b`, `\u202e` or `\U000e0041`."""
    return _UNSAFE.sub(lambda found: _escaped(found[0]), text)


def shown(text: str, style: str = "") -> Text:
    """Return a text for a terminal: exactly its characters, the unsafe ones as dim escapes."""
    result = Text(style=style)
    position = 0
    for found in _UNSAFE.finditer(text):
        result.append(text[position : found.start()])
        result.append(_escaped(found[0]), "dim")
        position = found.end()
    return result.append(text[position:])


def print_json(value: Any) -> None:  # noqa: ANN401 - any JSON
    """Print a value as JSON on stdout."""
    print_json_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def print_json_text(text: str) -> None:
    """Print a JSON text on stdout; unsafe characters, all within strings, become JSON's own escapes."""
    sys.stdout.write(_UNSAFE.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n")


def print_table(rows: Mapping[str, str]) -> None:
    """Print a name and a value on each line, the values in one column."""
    console = results()
    width = max(map(len, rows)) + 2
    for name, value in rows.items():
        console.print(Text.assemble((name.ljust(width), "bold"), shown(value)))


def print_error(message: str, label: str = "error") -> None:
    """Print an error on stderr after its label."""
    messages().print(Text.assemble((f"{label}:", "bold red"), " ", shown(message)))


def print_warning(message: str, label: str = "warning") -> None:
    """Print a warning on stderr after its label."""
    messages().print(Text.assemble((f"{label}:", "bold yellow"), " ", shown(message)))


def _escaped(character: str) -> str:
    point = ord(character)
    if point <= 0xFF:  # noqa: PLR2004
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004
