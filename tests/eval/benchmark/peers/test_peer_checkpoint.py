"""A reader converted to a checkpoint: its logits are those of the service's own network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tokenizers import Tokenizer
from transformers import (
    AutoModelForQuestionAnswering,
    AutoTokenizer,
    BertConfig,
    MPNetConfig,
    PreTrainedConfig,
    RobertaConfig,
)

from eval.benchmark.peers.checkpoint import compare, kept_checkpoint, write_checkpoint
from eval.benchmark.peers.errors import CheckpointError
from eval.training.attention import fused
from eval.training.backbones import small_backbone
from eval.training.export import export
from eval.training.model import SpanModel, from_backbone
from service.answering.loading import MODELS
from service.answering.reading.network import GRAPH, TOKENIZER, WEIGHTS, load_network

# OpenVINO converts the result of torch.jit.trace, which torch has deprecated; transformers calls a deprecated
# name of its own; and tracing warns of sizes that stay dynamic.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:`torch\.jit\.trace(_method)?` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean:torch.jit.TracerWarning"),
]

Make = Callable[[PreTrainedConfig], SpanModel]
Exported = Callable[[SpanModel, list[str]], Path]
Logits = npt.NDArray[np.float32]

# Three heads, and an inner size that is no multiple of the width, so that no shape can be guessed.
SHAPE: dict[str, Any] = {
    "vocab_size": 2_000,
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 100,
    "max_position_embeddings": 200,
}
BERT = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"]
MPNET = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]


def small(name: str) -> tuple[PreTrainedConfig, list[str]]:
    if name == "bert":
        return BertConfig(**SHAPE, layer_norm_eps=1e-3, pad_token_id=0), BERT
    return MPNetConfig(**SHAPE, layer_norm_eps=1e-3, pad_token_id=1), MPNET


@pytest.fixture(scope="module", params=["bert", "bert fused", "mpnet", "mpnet fused"])
def reader(request: pytest.FixtureRequest, span_model: Make, exported: Exported) -> Path:
    config, special = small(request.param.split()[0])
    model = span_model(config)
    return exported(fused(model) if "fused" in request.param else model, special)


@pytest.fixture(scope="module")
def checkpoint(reader: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    write_checkpoint(reader, folder)
    return folder


def inputs(length: int, pad: int) -> tuple[Any, Any]:
    """Return token ids and mask of three texts, the last of which is half padding."""
    ids = np.random.default_rng(length).integers(5, 2_000, (3, length))
    mask = np.ones_like(ids)
    mask[-1, length // 2 :] = 0
    ids[mask == 0] = pad
    return ids, mask


def read(checkpoint: Path, **inputs: Any) -> Logits:
    """Return start and end logits, `float32 (2, batch, length)`, as the peers get them."""
    model = AutoModelForQuestionAnswering.from_pretrained(checkpoint)
    assert model.dtype == torch.float32
    with torch.no_grad():
        out = model.eval()(**{name: torch.from_numpy(value) for name, value in inputs.items()})
    found: Logits = torch.stack([out.start_logits, out.end_logits]).numpy()
    return found


@pytest.mark.parametrize("length", [2, 17, 60])
def test_the_checkpoint_gives_the_readers_logits(reader: Path, checkpoint: Path, length: int) -> None:
    network, words = load_network(reader, precision="f32")
    ids, mask = inputs(length, pad=0 if words.token_to_id("<pad>") is None else 1)
    expected = network(ids, mask)[:, mask == 1]
    given = read(checkpoint, input_ids=ids, attention_mask=mask)[:, mask == 1]
    assert np.abs(expected).max() > 1
    assert np.abs(given - expected).max() < 2e-5 * np.abs(expected).max()


def test_token_types_change_nothing(span_model: Make, exported: Exported, tmp_path: Path) -> None:
    config, special = small("bert")
    write_checkpoint(exported(span_model(config), special), tmp_path)
    ids, mask = inputs(20, pad=0)
    types = (np.arange(20)[None] > 9).astype(np.int64).repeat(3, axis=0)
    plain = read(tmp_path, input_ids=ids, attention_mask=mask)
    assert np.array_equal(plain, read(tmp_path, input_ids=ids, attention_mask=mask, token_type_ids=types))


def test_the_tokeniser_is_the_readers(reader: Path, checkpoint: Path) -> None:
    own = Tokenizer.from_file(str(reader / TOKENIZER))
    given = AutoTokenizer.from_pretrained(checkpoint)
    question, passage = "who visited karachi", "the delegation visited karachi in may"
    asked = given(question, passage)
    assert asked["input_ids"] == own.encode(question, passage).ids
    assert set(asked) == {"input_ids", "attention_mask"}
    padded = given([question, question], [passage, "karachi"], padding=True)
    mpnet = own.token_to_id("<pad>") is not None
    assert padded["input_ids"][1][-1] == given.pad_token_id == (1 if mpnet else 0)
    assert given.model_max_length == (198 if mpnet else 200)


def test_a_model_with_other_logits_is_refused(span_model: Make, exported: Exported, tmp_path: Path) -> None:
    config, special = small("mpnet")
    reader = exported(span_model(config), special)
    write_checkpoint(reader, tmp_path)
    network, _ = load_network(reader, precision="f32")
    model = AutoModelForQuestionAnswering.from_pretrained(tmp_path).eval()
    assert compare(network, model) < 1e-3
    with torch.no_grad():
        model.mpnet.encoder.layer[1].output.LayerNorm.bias[3] += 0.5
    with pytest.raises(CheckpointError, match="differ from the reader's"):
        compare(network, model)
    with torch.no_grad():
        model.qa_outputs.bias[0] = torch.nan
    with pytest.raises(CheckpointError, match="by nan"):
        compare(network, model)


def test_another_architecture_is_refused(span_model: Make, exported: Exported, tmp_path: Path) -> None:
    """RoBERTa's parts have BERT's names and shapes, but its positions start elsewhere."""
    roberta = RobertaConfig(**SHAPE, pad_token_id=0)
    with pytest.raises(CheckpointError, match="differ from the reader's"):
        write_checkpoint(exported(span_model(roberta), BERT), tmp_path)
    with pytest.raises(CheckpointError, match=r"no \[PAD\]"):
        write_checkpoint(exported(span_model(roberta), MPNET), tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_checkpoint_is_made_once_for_the_same_reader_files(
    span_model: Make, exported: Exported, tmp_path: Path
) -> None:
    config, special = small("bert")
    reader, kept = exported(span_model(config), special), tmp_path / "kept"
    first = kept_checkpoint(reader, kept)
    (first / "mark").write_text("", "utf-8")
    assert kept_checkpoint(reader, kept) == first
    assert (first / "mark").is_file()
    card = json.loads((reader / TOKENIZER).read_text("utf-8"))
    (reader / TOKENIZER).write_text(json.dumps(card, indent=1), "utf-8")
    second = kept_checkpoint(reader, kept)
    assert second != first
    assert {folder.name for folder in kept.iterdir()} == {first.name, second.name}


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER])
def test_a_reader_without_a_file_is_refused(
    span_model: Make, exported: Exported, tmp_path: Path, name: str
) -> None:
    config, special = small("bert")
    reader = shutil.copytree(exported(span_model(config), special), tmp_path / "reader")
    (reader / name).unlink()
    with pytest.raises(CheckpointError, match="holds no span model"):
        kept_checkpoint(reader, tmp_path / "kept")


def test_a_damaged_file_is_refused(span_model: Make, exported: Exported, tmp_path: Path) -> None:
    config, special = small("bert")
    reader = shutil.copytree(exported(span_model(config), special), tmp_path / "reader")
    for name in (WEIGHTS, GRAPH):
        (reader / name).write_bytes((reader / name).read_bytes()[:500])
        with pytest.raises(CheckpointError, match="cannot be read"):
            kept_checkpoint(reader, tmp_path / "kept")
    assert not any((tmp_path / "kept").iterdir())


@pytest.mark.models
@pytest.mark.parametrize("lean", [False, True])
def test_the_small_backbone_is_converted(tmp_path: Path, lean: bool) -> None:
    """Like `fast`; the biases of its head start at 0 and so are not in the graph."""
    model = from_backbone(small_backbone(), seed=0)
    facts = {"name": "small", "reading": {}}
    reader = tmp_path / "reader"
    words = small_backbone() / "tokenizer.json"
    export(fused(model) if lean else model, words, reader, bits=8, facts=facts)
    write_checkpoint(reader, tmp_path / "checkpoint")
    ids, mask = inputs(60, pad=0)
    network, _ = load_network(reader, precision="f32")
    expected = network(ids, mask)[:, mask == 1]
    given = read(tmp_path / "checkpoint", input_ids=ids, attention_mask=mask)[:, mask == 1]
    assert np.abs(given - expected).max() < 2e-5 * np.abs(expected).max()


@pytest.mark.models
def test_the_shipped_reader_is_converted(tmp_path: Path) -> None:
    write_checkpoint(MODELS / "default", tmp_path)
    network, words = load_network(MODELS / "default", precision="f32")
    words.no_padding()
    question, passage = "Who visited Karachi?", "A Malaysian délégation visited Karachi in May."
    own = words.encode(question, passage)
    given = AutoTokenizer.from_pretrained(tmp_path)(question, passage, return_tensors="np")
    assert given["input_ids"][0].tolist() == own.ids
    expected = network(given["input_ids"], given["attention_mask"])
    found = read(tmp_path, **given)
    assert np.abs(found - expected).max() < 2e-5 * np.abs(expected).max()
    start, end = expected[:, 0].argmax(axis=-1)
    assert passage[own.offsets[start][0] : own.offsets[end][1]] in {
        "A Malaysian délégation",
        "Malaysian délégation",
    }
