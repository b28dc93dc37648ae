"""Shipping: the shipped reader is the trained one, and its card says how it was made and the cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig

from eval.studies.examples import ContextExample
from eval.training import recipe, shipping
from eval.training.backbones import small_backbone
from eval.training.model import SpanModel, untrained
from eval.training.network import torch_reader
from eval.training.recipe import Workspace
from eval.training.rounding import gram_matrices
from eval.training.shipping import ReaderSpec, ship
from indexer.records import Passage, ScoredPassage
from service.answering.reading.network import load_network, read_card
from service.answering.reading.reader import Reader, SpanReader

pytestmark = [
    pytest.mark.filterwarnings(r"ignore:`torch\.jit\.trace(_method)?` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean:torch.jit.TracerWarning"),
]

TEXT = "The bridge of Lahore was built in 1901. A ferry crossed the river before. It rained for weeks."
EXAMPLES = [ContextExample.of("a", "wiki", "When was the bridge built?", TEXT, ((34, 38),))]


@pytest.fixture
def model() -> SpanModel:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30_522,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        initializer_range=0.2,
    )
    return untrained(config).eval()


def best(reader: Reader) -> float:
    passage = ScoredPassage(Passage(0, "a", 0, len(TEXT)), TEXT, 0.0, 0.0, 0.0, ((0, len(TEXT)),))
    return reader.read(EXAMPLES[0].question, [passage])[0].score


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with one question, two finished stages, and nothing to calibrate on."""
    for stage, seconds in (("first", 60), ("second", 600)):
        (tmp_path / stage).mkdir()
        lines = [{"step": 50, "seconds": 5}, {"plan": {}, "seconds": seconds}]
        (tmp_path / stage / "log.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    monkeypatch.setattr(recipe, "answerable", lambda: EXAMPLES)
    monkeypatch.setattr(recipe, "unanswerable", lambda *_: [])
    monkeypatch.setattr(shipping, "measure", lambda reader: {"wiki": {"f1": best(reader)}})
    monkeypatch.setattr(shipping, "calibrate", lambda *_: None)
    return Workspace(tmp_path, lambda _: None)


def made(workspace: Workspace, model: SpanModel, bits: int) -> tuple[dict[str, Any], SpanReader]:
    out = workspace.folder / f"out-{bits}"
    ship(workspace, model, ReaderSpec("tiny", "a backbone", small_backbone(), ("first", "second"), bits), out)
    return read_card(out), SpanReader("tiny", *load_network(out)[::-1])


def test_the_card_says_how_the_reader_was_made_and_the_loss_in_conversion(
    workspace: Workspace, model: SpanModel
) -> None:
    card, reader = made(workspace, model, 8)
    original = best(torch_reader("tiny", model, small_backbone() / "tokenizer.json"))
    assert (card["name"], card["backbone"], card["bits"]) == ("tiny", "a backbone", 8)
    assert card["training_seconds"] == 660
    assert card["scores"] == {"wiki": {"f1": pytest.approx(best(reader), abs=1e-6)}}
    lost = card["f1_lost_in_conversion"]["wiki"]
    assert lost == round(original - card["scores"]["wiki"]["f1"], 2)
    assert abs(lost) < 0.05 * abs(original)


def test_rounding_uses_the_inputs_of_the_shipped_layers(
    workspace: Workspace, model: SpanModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def spy(shipped: SpanModel, features: list[Any], pad_id: int) -> dict[str, torch.Tensor]:
        seen.append(len(features))
        found = gram_matrices(shipped, features, pad_id)
        # Attention is fused already: one product for queries, keys and values.
        assert sum(name.endswith("product") for name in found) == 2
        return found

    monkeypatch.setattr(shipping, "gram_matrices", spy)
    made(workspace, model, 4)
    assert seen == [len(EXAMPLES)]
