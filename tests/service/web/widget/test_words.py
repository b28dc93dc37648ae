"""The words of the interface are complete in every shipped language."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
MODULES = ROOT / "service" / "web" / "widget"
SOURCE = (MODULES / "quoth-chat-words.js").read_text("utf-8")


def table(name: str) -> dict[str, str]:
    body = re.search(rf"const {name} = \{{\n(.*?)\n\}};", SOURCE, re.DOTALL)
    assert body is not None
    return dict(re.findall(r'^  "?([\w-]+)"?: "(.*)",$', body[1], re.MULTILINE))


def test_arabic_has_every_key_with_the_same_placeholders() -> None:
    english, arabic = table("ENGLISH"), table("ARABIC")
    assert len(english) > 50
    assert list(arabic) == list(english)
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", arabic[key])) == set(re.findall(r"\{\w+\}", text)), key


def test_every_key_is_used() -> None:
    # The keys of abstentions are the service's reason codes.
    sources = [*MODULES.glob("*.js"), ROOT / "service" / "answering" / "answers.py"]
    used = "".join(path.read_text("utf-8") for path in sources if "words" not in path.name)
    for key in table("ENGLISH"):
        assert re.search(rf"\b{key}\b", used), key
