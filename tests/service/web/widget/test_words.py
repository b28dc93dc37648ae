"""Every language that is shipped says everything."""

from __future__ import annotations

import re
from pathlib import Path

MODULES = Path(__file__).resolve().parents[2] / "service" / "widget"
SOURCE = (MODULES / "quoth-chat-words.js").read_text("utf-8")


def table(name: str) -> dict[str, str]:
    body = re.search(rf"const {name} = \{{\n(.*?)\n\}};", SOURCE, re.DOTALL)
    assert body is not None
    return dict(re.findall(r'^  "?([\w-]+)"?: "(.*)",$', body[1], re.MULTILINE))


def test_arabic_has_every_word_with_the_same_gaps() -> None:
    english, arabic = table("ENGLISH"), table("ARABIC")
    assert len(english) > 50
    assert list(arabic) == list(english)
    for key, words in english.items():
        assert set(re.findall(r"\{\w+\}", arabic[key])) == set(re.findall(r"\{\w+\}", words)), key


def test_every_word_is_used() -> None:
    # The service's reasons for an abstention are said by their own names.
    sources = [*MODULES.glob("*.js"), MODULES.parent / "answers.py"]
    used = "".join(path.read_text("utf-8") for path in sources if "words" not in path.name)
    for key in table("ENGLISH"):
        assert re.search(rf"\b{key}\b", used), key
