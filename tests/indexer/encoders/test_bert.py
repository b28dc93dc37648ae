"""Graphs of BERT models against transformers' own, on small models with random weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from indexer.encoders.bert_encoder import BertEncoder, load_bert
from indexer.encoders.loading import load_encoder
from indexer.encoders.sentence_transformers_encoder import SentenceTransformerEncoder
from indexer.errors import EncoderError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "ports", "cables", "the", "sea", "under", "of", "and"]
TEXTS = ["the cables under the sea", "ports", "ports and cables and ports of the sea", "unheard words"]

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Settings -> the folder of a model with them."""

    def written(*, pooling: str = "mean", prefix: str = "", extras: Any = None, **config: Any) -> Path:
        torch.manual_seed(5)
        shape: dict[str, Any] = {
            "vocab_size": len(WORDS),
            "hidden_size": 24,
            "num_hidden_layers": 2,
            "num_attention_heads": 3,
            "intermediate_size": 40,
            "max_position_embeddings": 16,
        }
        model = BertModel(BertConfig(**shape | config), add_pooling_layer=False)
        folder = tmp_path / "model"
        model.save_pretrained(folder)
        _tokenizer().save(str(folder / "tokenizer.json"))
        _write(
            folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizerFast", "pad_token": "[PAD]"}
        )
        kinds = ["Transformer", "Pooling", "Normalize"]
        _write(
            folder / "modules.json",
            [
                {
                    "idx": place,
                    "name": str(place),
                    "path": path,
                    "type": f"sentence_transformers.models.{kind}",
                }
                for place, (kind, path) in enumerate(
                    zip(kinds, ["", "1_Pooling", "2_Normalize"], strict=True)
                )
            ],
        )
        _write(
            folder / "1_Pooling" / "config.json",
            {
                "word_embedding_dimension": 24,
                "pooling_mode_cls_token": pooling == "cls",
                "pooling_mode_mean_tokens": pooling == "mean",
                "pooling_mode_max_tokens": pooling == "max",
            },
        )
        (folder / "2_Normalize").mkdir(exist_ok=True)
        _write(folder / "sentence_bert_config.json", {"max_seq_length": 12, "do_lower_case": False})
        _write(folder / "config_sentence_transformers.json", extras or {"__version__": {}})
        if prefix:
            _rename_weights(folder / "model.safetensors", prefix)
        return folder

    return written


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(
        models.WordPiece({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]")  # noqa: S106
    )
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


def _rename_weights(path: Path, prefix: str) -> None:
    from safetensors.numpy import load_file, save_file  # noqa: PLC0415

    save_file({prefix + name: weight for name, weight in load_file(path).items()}, path)


def _expected(folder: Path, pooling: str) -> np.ndarray[Any, Any]:
    """The recipe of sentence-transformers, written out over transformers' model, a text at a time."""
    model = BertModel.from_pretrained(folder, add_pooling_layer=False)  # in evaluation mode
    tokenizer = _tokenizer()
    tokenizer.enable_truncation(12)
    rows = []
    for text in TEXTS:
        with torch.no_grad():
            hidden = model(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0].numpy()
        pooled = hidden[0] if pooling == "cls" else hidden.mean(axis=0)
        rows.append(pooled / np.linalg.norm(pooled))
    return np.stack(rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pooling", "config"),
    [
        ("mean", {}),
        ("cls", {}),
        ("mean", {"num_attention_heads": 1, "num_hidden_layers": 1}),
        ("mean", {"num_attention_heads": 12, "layer_norm_eps": 0.5}),
    ],
)
def test_the_graph_gives_the_vectors_of_transformers(
    make: Make, pooling: str, config: dict[str, Any]
) -> None:
    folder = make(pooling=pooling, **config)

    encoder = load_bert(folder, "small", "f32")

    assert encoder is not None
    np.testing.assert_allclose(encoder.encode_passages(TEXTS), _expected(folder, pooling), rtol=0, atol=2e-6)
    assert (encoder.dimension, encoder.max_tokens) == (24, 10)


def test_weights_below_a_head_are_found(make: Make) -> None:
    plain = load_bert(make(), "small", "f32")
    assert plain is not None
    expected = plain.encode_passages(TEXTS)

    folder = make(prefix="bert.")
    nested = load_bert(folder, "small", "f32")

    assert nested is not None
    np.testing.assert_allclose(nested.encode_passages(TEXTS), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_act": "relu"},
        {"pooling": "max"},
        {"extras": {"prompts": {"query": "query: ", "document": ""}}},
    ],
    ids=["another activation", "another pooling", "prompts"],
)
def test_a_variant_without_a_graph_is_left_to_sentence_transformers(
    make: Make, settings: dict[str, Any]
) -> None:
    folder = make(**settings)

    assert load_bert(folder, "small") is None
    assert isinstance(load_encoder(str(folder)), SentenceTransformerEncoder)


def test_the_default_encoder_runs_as_a_graph(make: Make) -> None:
    assert isinstance(load_encoder(str(make())), BertEncoder)


@pytest.mark.parametrize("name", ["tokenizer.json", "model.safetensors"])
def test_a_damaged_file_is_refused_with_its_folder(make: Make, name: str) -> None:
    folder = make()
    (folder / name).write_bytes(b"\x00" * 40)

    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_bert(folder, "small")


def test_a_weight_that_is_missing_is_refused(make: Make) -> None:
    folder = make()
    _write(
        folder / "config.json", json.loads((folder / "config.json").read_text()) | {"num_hidden_layers": 3}
    )

    with pytest.raises(EncoderError, match=r"encoder\.layer\.2"):
        load_bert(folder, "small")


def test_an_encoder_without_its_tokenizer_is_left_to_sentence_transformers(make: Make) -> None:
    folder = make()
    shutil.rmtree(folder / "1_Pooling")

    assert load_bert(folder, "small") is None
