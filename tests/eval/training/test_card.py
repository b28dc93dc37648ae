"""The model card: the committed page is what the command writes, and its figures are the readers' own."""

from __future__ import annotations

import json
from pathlib import Path

from eval.training.card import render, write
from eval.training.studies import STUDIES
from service.answering.loading import MODELS
from service.answering.reading.network import CARD


def test_the_committed_card_is_what_the_command_writes() -> None:
    assert (MODELS / "README.md").read_text("utf-8") == render(MODELS)


def test_the_ablations_have_the_names_of_the_studies() -> None:
    page = render(MODELS)
    table = page[page.index("## Ablations") : page.index("## Tried and rejected")]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert rows[1:] == [study.name for study in STUDIES]


def test_the_card_shows_the_figures_of_a_reader(tmp_path: Path) -> None:
    row = {
        "questions": 1_200,
        "f1": 81.26,
        "f1_low": 80,
        "f1_high": 82,
        "em": 70,
        "em_low": 69,
        "em_high": 71,
    }
    metrics = {"questions": 30, "f1": 0.8123, "abstained": 0.25}
    facts = {
        "name": "quoth-tiny",
        "backbone": "a backbone",
        "training_seconds": 7_200,
        "scores": {"wiki": row},
        "f1_lost_in_conversion": {"wiki": -0.125},
        "confidence": {
            "fit": {
                "by_source": {"wiki": metrics},
                "all": {},
                "left_out": {"seeds": {"questions": 5, "right": 0.75}},
                "operating_points": [
                    {"threshold": 0.5, "refused": 0.04, "abstained": 0.625, "right_of_given": 0.9}
                ],
            }
        },
    }
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / CARD).write_text(json.dumps(facts), "utf-8")
    (tmp_path / "tiny" / "weights").write_bytes(b"0" * 2_000_000)
    (tmp_path / "empty").mkdir()
    write(tmp_path)
    page = (tmp_path / "README.md").read_text("utf-8")
    assert "| `tiny` | quoth-tiny | a backbone | 2 MB |" in page
    assert "| `tiny` | wiki | 1,200 | 81.3 (80.0 to 82.0) | 70.0 (69.0 to 71.0) | -0.12 |" in page
    assert "| `tiny` | wiki (30) | 0.812 |  |  |  | 0.250 |  |  |" in page
    assert "| `tiny` | seeds, left out (5) |  | 0.750 |" in page
    assert "| `tiny` | 0.500 | 0.040 | 0.625 | 0.900 |" in page
    # Two hours at 40 W, and 400 g a kWh.
    assert "| `tiny` | 2.0 | 0.08 | 0.03 |" in page
