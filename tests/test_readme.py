"""The README is one page, names every command, and what it shows is what runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_the_readme_is_one_page() -> None:
    assert len(README.splitlines()) <= 160


def test_every_command_is_documented() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    commands = project["entry-points"]["quoth.commands"]
    assert len(commands) >= 6
    for command in commands:
        assert re.search(rf"quoth {command}\b", README), command


def test_every_option_of_index_is_documented() -> None:
    documented = (ROOT / "indexer" / "README.md").read_text("utf-8")
    source = (ROOT / "indexer" / "commands.py").read_text("utf-8")
    names = r"encoder|faiss|max_\w+|overlap_\w+|include|list_ignored"
    options = re.findall(rf"^    ({names}): Annotated", source, re.MULTILINE)
    assert len(options) == 7
    for option in options:
        assert f"--{option.replace('_', '-')}" in documented, option


def test_every_option_of_eval_is_documented() -> None:
    documented = (ROOT / "eval" / "README.md").read_text("utf-8")
    source = (ROOT / "eval" / "commands.py").read_text("utf-8")
    signature = source[
        source.index("def evaluate(") : source.index(") -> None:", source.index("def evaluate("))
    ]
    options = [name.rstrip("_") for name in re.findall(r"^    (\w+): ", signature, re.MULTILINE)]
    assert len(options) > 12
    for option in options:
        assert f"--{option.replace('_', '-')}" in documented, option


def test_the_sample_answer_is_the_articles_words() -> None:
    text = (ROOT / "seeds" / "000-pakistan-bucic-delegation.txt").read_text("utf-8")
    answer = re.search(r"\$ quoth ask .+\n\n(.+)\n", README)
    sentence = re.search(r"^  (Wang .+)$", README, re.MULTILINE)
    place = re.search(r"000-pakistan-bucic-delegation\.txt:(\d+)-(\d+)", README)
    assert answer is not None
    assert sentence is not None
    assert place is not None
    assert text[int(place[1]) : int(place[2])] == answer[1]
    assert answer[1] in sentence[1]
    assert sentence[1] in text


def test_ci_runs_the_commands_that_are_shown() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    for marker in ("try-it", "test"):
        assert f"<!-- {marker} -->\n```sh\n" in README
        assert f"readme_command {marker}" in script
