"""Fixtures of the comparison's tests: made-up systems, and small exported readers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedConfig

from eval.benchmark.peers.contestant import Contestant, Ready
from eval.training.export import export
from eval.training.model import SpanModel, untrained

# A system that runs the Python code in its configuration, in its own process.
_SCRIPT = """
import os
import sys
import time


class MadeUp:
    def __init__(self, configuration):
        self._configuration = configuration
        self.facts = {"indexing_s": 0.25, "settings": "made up"}

    def ask(self, question):
        reply = {"text": None, "passage": None, "score": None, "raised": 0}
        exec(self._configuration.get("ask", ""), {**globals(), "question": question, "reply": reply})
        return reply

    def reply(self, question, output):
        exec(self._configuration.get("reply", ""))
        return output


def load(configuration):
    exec(configuration.get("load", ""))
    return MadeUp(configuration)
"""

MakeContestant = Callable[..., Contestant]
Exported = Callable[..., Path]


@pytest.fixture
def made_up(tmp_path: Path) -> MakeContestant:
    """A function from Python code for loading, asking and replying to a system that runs it."""
    script = tmp_path / "made_up.py"
    script.write_text(_SCRIPT, "utf-8")

    def make(*, timeout_s: float = 60.0, imports: Path | None = None, **steps: str) -> Contestant:
        configuration: dict[str, Any] = {"runtime": ["pip"], **steps}
        return Contestant("made up", Path(sys.executable), script, configuration, imports, timeout_s)

    return make


@pytest.fixture(scope="session")
def ready() -> Ready:
    return Ready(seconds=2.0, indexing_s=0.5, memory=1_000_000, settings="made up", versions={"python": "3"})


@pytest.fixture(autouse=True, scope="module")
def _alone(one_thread: None) -> None:
    """Run the models of every module here in one thread."""


@pytest.fixture(scope="session")
def span_model() -> Callable[[PreTrainedConfig], SpanModel]:
    """A function from a configuration to a span model with random weights, no logit near 0."""

    def make(config: PreTrainedConfig) -> SpanModel:
        torch.manual_seed(0)
        model = untrained(config)
        with torch.no_grad():
            for weight in model.parameters():
                weight.mul_(3)
            # Distinct, so that swapped biases or scales are noticed.
            for name, weight in model.named_parameters():
                if weight.ndim == 1:
                    weight.add_(0.3 * torch.randn_like(weight) + ("LayerNorm.weight" in name))
        return model

    return make


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A function from a span model and its special tokens (with the first ids) to a reader's folder."""

    def make(model: SpanModel, special: list[str]) -> Path:
        folder = tmp_path_factory.mktemp("reader")
        words = ["the", "delegation", "visited", "karachi", "who", "in", "may"]
        vocabulary = {word: number for number, word in enumerate([*special, *words])}
        tokenizer = Tokenizer(WordLevel(vocabulary, special[-1]))
        tokenizer.pre_tokenizer = Whitespace()
        first, last = ("<s>", "</s>") if "<s>" in special else ("[CLS]", "[SEP]")
        tokenizer.post_processor = TemplateProcessing(
            single=f"{first} $A {last}",
            pair=f"{first} $A {last} $B:1 {last}:1",
            special_tokens=[(token, vocabulary[token]) for token in (first, last)],
        )
        tokenizer.save(str(folder / "words.json"))
        export(model, folder / "words.json", folder / "out", bits=8, facts={"name": "small", "reading": {}})
        return folder / "out"

    return make
