"""The service's README agrees with the settings, the endpoints, the problems and the example."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from service.answering.answers import Reason
from service.settings import described, leaves
from service.web import problems
from service.web.examples import ANSWER
from service.web.schemas.answers import AnswerResponse

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "service" / "README.md").read_text("utf-8")

GROUPS = {
    (): "Index and models",
    ("retrieval",): "Retrieval",
    ("answering",): "Answering",
    ("web", "listen"): "Address",
    ("web", "access"): "Access",
    ("web", "requests"): "Requests",
    ("web", "admission"): "Queue",
    ("web", "connections"): "Connections and stopping",
    ("web", "logs"): "Logs",
    ("web",): "New generations and feedback",
}


def shown(variable: str, default: Any) -> str:
    if variable == "QUOTH_WORKERS":
        return "the number of cores"
    if default in (None, ()):
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def settings_tables() -> str:
    """A table for each group of settings, in the order of `GROUPS`."""
    rows: dict[tuple[str, ...], list[str]] = {group: [] for group in GROUPS}
    for (variable, default, meaning), group in zip(described(), leaves().values(), strict=True):
        rows[group].append(f"| `{variable}` | {shown(variable, default)} | {meaning} |")
    return "\n\n".join(
        "\n".join((f"**{title}**", "", "| variable | default | |", "|---|---|---|", *rows[group]))
        for group, title in GROUPS.items()
    )


def test_the_settings_tables_have_every_setting_with_its_default() -> None:
    section = README.split("<!-- settings -->\n")[1].split("\n<!-- /settings -->")[0]
    assert section == settings_tables(), f"paste these into service/README.md:\n\n{settings_tables()}"


def test_every_endpoint_and_page_is_documented() -> None:
    paths: list[tuple[str, str]] = []
    for module in ("routes.py", "pages/routes.py"):
        source = (ROOT / "service" / "web" / module).read_text("utf-8")
        paths += re.findall(r'@router\.(get|post)\(\s*"([^"]+)"', source)
    assert len(paths) >= 12
    for method, path in paths:
        shown_path = path.replace("{article_id:path}", "{id}")
        if shown_path not in {"/style.css", "/icon.svg"}:
            assert f"| `{method.upper()} {shown_path}` |" in README


def test_every_problem_is_documented() -> None:
    documented = re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \|", README, re.MULTILINE)
    assert documented == [(str(status), kind) for status, (kind, _, _) in sorted(problems._KINDS.items())]


def test_the_example_response_is_that_of_the_description() -> None:
    block = re.search(r"```json\n(\{.+?\n\})\n```", README, re.DOTALL)
    assert block is not None
    response = json.loads(block[1])
    AnswerResponse.model_validate_json(block[1])
    assert response["answer"]["citation"] == ANSWER["answer"]["citation"]
    assert response["answers"] == [response["answer"]]
    assert response["unanswered"] == ANSWER["unanswered"] == []
    assert response["threshold"] == ANSWER["threshold"]
    assert response["answer"]["confidence"] == pytest.approx(ANSWER["answer"]["confidence"], abs=1e-4)


def test_every_campaign_and_test_of_a_promise_exists() -> None:
    campaigns = set(re.findall(r"eval\.reliability ([a-z]+)`", README))
    source = (ROOT / "eval" / "reliability" / "__main__.py").read_text("utf-8")
    assert campaigns == set(re.findall(r"commands?\.([a-z]+),", source))
    tests = re.findall(r"`pytest\s+(tests/[\w./]+)`", README)
    assert tests
    assert all((ROOT / path).exists() for path in tests)


def test_every_module_on_the_map_exists() -> None:
    table = README.split("## The rooms")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\.\.\. )?(.+?) \| (.*) \|$", table, re.MULTILINE)
    room = ""
    for inner, cell, about in rows:
        names = re.findall(r"`([\w./]+)`", cell)
        within = ROOT / "service" / (room if inner else "")
        for name in names:
            assert (within / name).exists(), name
        # A module in parentheses is in the folder that its row is about.
        for name in re.findall(r"\(`(\w+\.py)`\)", about):
            assert (within / names[0] / name).exists(), name
        if not inner and names and names[0].endswith("/"):
            room = names[0]


def test_every_reason_of_an_abstention_is_documented() -> None:
    text = (Path(__file__).resolve().parents[2] / "service" / "README.md").read_text("utf-8")
    assert [reason for reason in Reason if f"| `{reason}` |" not in text] == []
