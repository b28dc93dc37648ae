"""The README says what is there, and what it shows is what runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_every_command_is_documented() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    commands = project["entry-points"]["quoth.commands"]
    assert len(commands) >= 6
    for command in commands:
        assert re.search(rf"quoth {command}\b", README), command


def test_every_option_of_index_is_documented() -> None:
    source = (ROOT / "indexer" / "commands.py").read_text("utf-8")
    options = re.findall(r"^    (encoder|faiss|max_\w+|overlap_\w+): Annotated", source, re.MULTILINE)
    assert len(options) == 5
    for option in options:
        assert f"--{option.replace('_', '-')}" in README


def test_every_endpoint_is_documented() -> None:
    routes = (ROOT / "service" / "routes.py").read_text("utf-8")
    paths = re.findall(r'@router\.(get|post)\(\s*"([^"]+)"', routes)
    assert len(paths) >= 7
    for method, path in paths:
        shown = re.sub(r"\{article_id:path\}", "{id}", path)
        assert f"{method.upper()} {shown}" in README


def test_the_sample_answer_is_the_articles_words() -> None:
    text = (ROOT / "seeds" / "000-pakistan-bucic-delegation.txt").read_text("utf-8")
    answer = re.search(r"\$ quoth ask .+\n\n(.+)\n", README)
    marked = re.search(r"»(.+)«(.+)", README)
    place = re.search(r"000-pakistan-bucic-delegation\.txt:(\d+)-(\d+)", README)
    assert answer is not None
    assert marked is not None
    assert place is not None
    assert text[int(place[1]) : int(place[2])] == answer[1] == marked[1]
    assert marked[1] + marked[2] in text
