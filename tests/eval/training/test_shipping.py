"""Shipping: what is trained is what is shipped, and its card says how it was made and what that cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig

from eval.training import recipe, shipping
from eval.training.backbones import small_backbone
from eval.training.examples import ContextExample
from eval.training.model import SpanModel, untrained
from eval.training.network import torch_reader
from eval.training.recipe import Workshop
from eval.training.rounding import input_products
from eval.training.shipping import Product, ship
from indexer.records import Passage, ScoredPassage
from service.answering.network import load_network, read_card
from service.answering.reader import Reader, SpanReader

pytestmark = [
    pytest.mark.filterwarnings(r"ignore:`torch\.jit\.trace(_method)?` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean:torch.jit.TracerWarning"),
]

CONTEXT = "The bridge of Lahore was built in 1901. A ferry crossed the river before. It rained for weeks."
EXAMPLES = [ContextExample("a", "wiki", "When was the bridge built?", CONTEXT, ((34, 38),))]


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
    passage = ScoredPassage(Passage(0, "a", 0, len(CONTEXT)), CONTEXT, 0.0, 0.0, 0.0, ((0, len(CONTEXT)),))
    return reader.read(EXAMPLES[0].question, [passage])[0].score


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop with one question, two finished stages, and no collections to calibrate on."""
    for stage, seconds in (("first", 60), ("second", 600)):
        (tmp_path / stage).mkdir()
        lines = [{"step": 50, "seconds": 5}, {"plan": {}, "seconds": seconds}]
        (tmp_path / stage / "log.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    monkeypatch.setattr(recipe, "answerable", lambda: EXAMPLES)
    monkeypatch.setattr(recipe, "unanswerable", lambda *_: [])
    monkeypatch.setattr(shipping, "measure", lambda reader: {"wiki": {"f1": best(reader)}})
    monkeypatch.setattr(shipping, "calibrate", lambda *_: None)
    return Workshop(tmp_path, lambda _: None)


def made(shop: Workshop, model: SpanModel, bits: int) -> tuple[dict[str, Any], SpanReader]:
    out = shop.folder / f"out-{bits}"
    ship(shop, model, Product("tiny", "a backbone", small_backbone(), ("first", "second"), bits), out)
    return read_card(out), SpanReader("tiny", *load_network(out)[::-1])


def test_the_card_tells_of_the_making_and_of_what_it_cost(shop: Workshop, model: SpanModel) -> None:
    card, reader = made(shop, model, 8)
    whole = best(torch_reader("tiny", model, small_backbone() / "tokenizer.json"))
    assert (card["name"], card["backbone"], card["bits"]) == ("tiny", "a backbone", 8)
    assert card["training_seconds"] == 660
    assert card["scores"] == {"wiki": {"f1": pytest.approx(best(reader), abs=1e-6)}}
    lost = card["f1_lost_in_conversion"]["wiki"]
    assert lost == round(whole - card["scores"]["wiki"]["f1"], 2)
    assert abs(lost) < 0.05 * abs(whole)


def test_rounding_sees_what_the_layers_see(
    shop: Workshop, model: SpanModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def spy(lean: SpanModel, features: list[Any], pad_id: int) -> dict[str, torch.Tensor]:
        seen.append(len(features))
        found = input_products(lean, features, pad_id)
        # Attention is the one that is shipped: one product for queries, keys and values.
        assert sum(name.endswith("product") for name in found) == 2
        return found

    monkeypatch.setattr(shipping, "input_products", spy)
    made(shop, model, 4)
    assert seen == [len(EXAMPLES)]
