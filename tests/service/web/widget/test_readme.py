"""The widget's README documents everything that a site can use, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
FOLDER = ROOT / "service" / "web" / "widget"
README = (FOLDER / "README.md").read_text("utf-8")


def source(name: str) -> str:
    return (FOLDER / f"quoth-chat{name}.js").read_text("utf-8")


def section(heading: str) -> str:
    found = re.search(rf"^#+ {heading}\n(.*?)(?=^#+ |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def first_column(heading: str) -> set[str]:
    """The words in code style of the first column of a section's table."""
    rows = re.findall(r"^\| (`[^|]+) \|", section(heading), re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([^`]+)`", row)}


def test_every_attribute_is_documented() -> None:
    lists = re.findall(r"static (?:observedAttributes|attributes) = \[(.*?)\]", source(""), re.DOTALL)
    attributes = {name for entries in lists for name in re.findall(r'"([\w-]+)"', entries)}
    assert len(attributes) == 13
    assert first_column("Attributes") == attributes


def test_every_property_and_method_is_documented() -> None:
    properties = set(re.findall(r"^  get (\w+)\(", source(""), re.MULTILINE))
    methods = set(re.findall(r"^  (?:async )?([a-z]+)\(\w*\) \{", source(""), re.MULTILINE))
    assert len(properties) == len(methods) == 4
    documented = {re.sub(r"\(.*", "", name) for name in first_column("Properties and methods")}
    assert documented == properties | methods | {"QuothChat.words"}


def test_every_event_is_documented() -> None:
    events = set(re.findall(r'#emit\("([\w-]+)"', source("")))
    assert len(events) == 3
    assert first_column("Events") == events
    kinds = re.search(r"@property \{(.+)\} kind", source("-client"))
    assert kinds is not None
    for kind in re.findall(r'"(\w+)"', kinds[1]):
        assert f"`{kind}`" in section("Events"), kind


def test_every_custom_property_is_documented_with_its_default() -> None:
    sheet = source("-style")
    properties = set(re.findall(r"var\((--quoth-[\w-]+)", sheet))
    assert len(properties) == 18
    assert first_column("Styles") == properties
    for name, light, dark in re.findall(r"var\((--quoth-[\w-]+), light-dark\(([^,]+), ([^)]+)\)\)", sheet):
        assert re.search(rf"`{name}` \| `{light}`, `{dark}` \|", README), name
    assert set(re.findall(r"--quoth-[\w-]*\w", README)) == properties


def test_every_language_is_documented() -> None:
    tables = re.search(r"words = new Map\(\[(.*?)\]\);", source("-words"), re.DOTALL)
    assert tables is not None
    languages = re.findall(r'\["(\w+)"', tables[1])
    assert len(languages) == 2
    for language in languages:
        assert f"`{language}`" in section("Languages"), language


def test_every_module_is_on_the_map() -> None:
    assert first_column("The rooms") == {
        path.name for path in FOLDER.iterdir() if path.suffix in {".js", ".py"}
    }


def test_the_picture_and_the_commands_exist() -> None:
    for picture in re.findall(r"!\[.+?\]\((.+?)\)", README):
        assert (FOLDER / picture).is_file(), picture
    paths = re.findall(r"(?:^|\s)((?:\.ci|tests|service)/[\w./-]+)", README)
    assert len(paths) >= 3
    for path in paths:
        assert (ROOT / path).exists(), path
