"""Text from elsewhere on a terminal: its own characters, and none that a terminal obeys."""

from __future__ import annotations

import io
import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from indexer.terminal import escape, print_error, print_table, print_warning, shown

OVERRIDES = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]


def rendered(text: str, *, terminal: bool) -> str:
    file = io.StringIO()
    color: Literal["standard"] | None = "standard" if terminal else None
    console = Console(file=file, force_terminal=terminal, color_system=color, soft_wrap=True)
    console.print(shown(text, "bold"), end="")
    return file.getvalue()


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb\x08c\x07", "a\\x0db\\x08c\\x07"),
        ("\x00\x7f\x85\x9b", "\\x00\\x7f\\x85\\x9b"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\U000e0041", "\\U000e0041"),
        ("\udc80", "\\udc80"),
        ("\ufff9", "\\ufff9"),
    ],
)
def test_characters_that_a_terminal_obeys_or_hides_become_escapes(text: str, escaped: str) -> None:
    assert escape(text) == escaped
    assert shown(text).plain == escaped


@pytest.mark.parametrize(
    "text",
    ["plain", "tab\tand\nline", "é漢字", "نمی\u200cخواهم", "👩\u200d💻", "שלום\u200f", "soft\u00adhyphen"],
)
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert escape(text) == text
    assert shown(text).plain == text


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    left = {ord(character) for character in escape(text)}
    controls = {point for point in left if unicodedata.category(chr(point)) in {"Cc", "Cs", "Zl", "Zp"}}
    assert controls <= {0x09, 0x0A}
    assert not left & set(OVERRIDES)


def test_escapes_are_dim_on_a_terminal_and_plain_elsewhere() -> None:
    assert rendered("a\x1bb", terminal=True) == "\x1b[1ma\x1b[0m\x1b[1;2m\\x1b\x1b[0m\x1b[1mb\x1b[0m"
    assert rendered("a\x1bb", terminal=False) == "a\\x1bb"


def test_markup_and_emoji_codes_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table({"name": "[bold]x[/] :smile: \x1b[2J", "longer": "y"})
    print_error("[/b] :smile:")
    print_warning("a\u202eb", "not read")
    printed = capsys.readouterr()
    assert printed.out == "name    [bold]x[/] :smile: \\x1b[2J\nlonger  y\n"
    assert printed.err == "error: [/b] :smile:\nnot read: a\\u202eb\n"
