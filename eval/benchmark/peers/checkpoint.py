"""Convert a shipped reader to a Hugging Face question-answering checkpoint that the peers can load.

The checkpoint holds the same weights as 32-bit floats and gives the same logits; the first token's logits
mean no answer, as in SQuAD 2.0. BERT and MPNet are supported, with or without fused attention
(`eval.training.attention`).
"""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    MPNetConfig,
    MPNetForQuestionAnswering,
    PreTrainedTokenizerFast,
)

from eval.benchmark.peers.errors import CheckpointError
from eval.benchmark.peers.graph import Array, Parameters, parameters
from service.answering.reading.network import GRAPH, TOKENIZER, WEIGHTS, OpenVinoNetwork, load_network

_VERSION = 1  # of the checkpoint: a new version makes every stored checkpoint again
_TOLERANCE = 1e-3  # of the largest logit; summing in another order changes about 1e-5
_SUPPORTED = "only BERT and MPNet readers exported by `eval.training` can be converted"


@dataclass(frozen=True, slots=True)
class _Architecture:
    """The names in transformers of a model's parts.

    `attention`: the module in a layer's attention that holds the `parts`: queries, keys, values.
    """

    name: str
    config: Any
    model: Any
    attention: str
    parts: tuple[str, str, str]
    special: Mapping[str, str]


_BERT = _Architecture(
    "bert", BertConfig, BertForQuestionAnswering, "self", ("query", "key", "value"),
    {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]",
     "mask_token": "[MASK]"},
)  # fmt: skip
_MPNET = _Architecture(
    "mpnet", MPNetConfig, MPNetForQuestionAnswering, "attn", ("q", "k", "v"),
    {"cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "[UNK]",
     "mask_token": "<mask>", "bos_token": "<s>", "eos_token": "</s>"},
)  # fmt: skip
_BUCKETS = "encoder.encoder.relative_attention_bias.weight"


def kept_checkpoint(reader: Path, folder: Path) -> Path:
    """Return the checkpoint of the reader in the folder `reader`, made in `folder` on first use.

    Raises:
        CheckpointError: the reader cannot be converted.
    """
    digest = hashlib.sha256(f"{_VERSION}".encode())
    try:
        for name in (GRAPH, WEIGHTS, TOKENIZER):
            digest.update((reader / name).read_bytes())
    except OSError as error:
        raise CheckpointError(
            f"{reader} holds no span model ({error}): name a shipped reader, or an exported one's folder"
        ) from error
    found = folder / f"{reader.name}-{digest.hexdigest()[:16]}"
    if not found.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            write_checkpoint(reader, Path(scratch) / "new")
            (Path(scratch) / "new").rename(found)
    return found


def write_checkpoint(reader: Path, folder: Path) -> None:
    """Write a reader's checkpoint: `config.json`, `model.safetensors` and the tokeniser's files.

    Raises:
        CheckpointError: the model has another architecture, or the checkpoint gives other logits.
    """
    found = parameters(reader)
    network, words = load_network(reader, precision="f32")
    known = _MPNET if _BUCKETS in found.arrays else _BERT
    pad = words.token_to_id(known.special["pad_token"])
    if pad is None:
        raise CheckpointError(f"the reader's tokeniser has no {known.special['pad_token']}: {_SUPPORTED}")
    model = _model(known, found, pad)
    compare(network, model)
    folder.mkdir(parents=True, exist_ok=True)
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    save_file(model.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(known, words, model.config).save_pretrained(folder)


def compare(network: OpenVinoNetwork, model: Any) -> float:  # noqa: ANN401 - transformers' own
    """Return the largest difference between the model's and the network's logits, for random tokens.

    Raises:
        CheckpointError: the difference is larger than the order of summation explains.
    """
    config, draw = model.config, np.random.default_rng(0)
    length = min(128, config.max_position_embeddings - config.pad_token_id - 1)
    ids = draw.integers(config.pad_token_id + 1, config.vocab_size, (3, length))
    mask = np.ones_like(ids)
    mask[1, length // 2 :], mask[2, 3 * length // 4 :] = 0, 0
    ids[mask == 0] = config.pad_token_id
    expected = network(ids, mask)
    with torch.no_grad():
        output = model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
    logits = torch.stack([output.start_logits, output.end_logits]).numpy()
    difference = float(np.abs(logits - expected)[:, mask == 1].max())
    # Written so that NaN fails too.
    if not difference <= _TOLERANCE * float(np.abs(expected).max()):
        raise CheckpointError(
            f"the checkpoint's logits differ from the reader's by {difference:.3g}: {_SUPPORTED}"
        )
    return difference


def _model(known: _Architecture, found: Parameters, pad: int) -> Any:  # noqa: ANN401 - transformers' own
    """Return the model in evaluation mode."""
    arrays = found.arrays
    try:
        vocabulary, width = arrays["encoder.embeddings.word_embeddings.weight"].shape
        shape = {
            "vocab_size": vocabulary,
            "hidden_size": width,
            "num_hidden_layers": sum(name.endswith(".intermediate.dense.weight") for name in arrays),
            "num_attention_heads": found.heads,
            "intermediate_size": len(arrays["encoder.encoder.layer.0.intermediate.dense.weight"]),
            "max_position_embeddings": len(arrays["encoder.embeddings.position_embeddings.weight"]),
        }
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"the reader has another architecture ({error}): {_SUPPORTED}") from error
    if known is _MPNET:
        shape["relative_attention_num_buckets"] = len(arrays[_BUCKETS])
    model = known.model(known.config(**shape, layer_norm_eps=found.epsilon, pad_token_id=pad))
    _fill(model, _named(known, arrays, head_size=width // found.heads))
    return model.eval()


def _named(known: _Architecture, arrays: Mapping[str, Array], head_size: int) -> dict[str, Array]:
    """Return the arrays by transformers' names, a fused projection split into its three parts."""
    product = f".attention.{known.attention}.product."
    named: dict[str, Array] = {}
    for name, values in arrays.items():
        if name.startswith("head."):
            named[name.replace("head.", "qa_outputs.", 1)] = values
            continue
        own = name.replace("encoder.", f"{known.name}.", 1)
        if product in name:
            parts = dict(zip(known.parts, np.split(values, 3), strict=True))
            # Fusing moved the scale of the attention scores into the queries.
            parts[known.parts[0]] = parts[known.parts[0]] * np.float32(math.sqrt(head_size))
            named |= {own.replace(".product.", f".{part}."): array for part, array in parts.items()}
        elif name.endswith(".token_type_embeddings.weight"):
            # Quoth's readers use one token type; the second is a copy, so that token types change nothing.
            named[own] = np.repeat(values[:1], 2, axis=0)
        else:
            # MPNet's `o` is called `out` in fused attention.
            named[own.replace(".attention.attn.out.", ".attention.attn.o.")] = values
    return named


def _fill(model: torch.nn.Module, named: dict[str, Array]) -> None:
    state = {}
    for name, own in model.state_dict().items():
        if name in named:
            state[name] = torch.from_numpy(named.pop(name))
        elif name.endswith(".bias"):
            state[name] = torch.zeros_like(own)
        elif name.endswith(".LayerNorm.weight"):
            state[name] = torch.ones_like(own)
        else:
            raise CheckpointError(f"the reader has no {name}: {_SUPPORTED}")
    if named:
        raise CheckpointError(f"the reader also has {', '.join(sorted(named))}: {_SUPPORTED}")
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(f"the reader's weights have other shapes ({error}): {_SUPPORTED}") from error


def _tokenizer(known: _Architecture, words: Tokenizer, config: Any) -> PreTrainedTokenizerFast:  # noqa: ANN401
    own = Tokenizer.from_str(words.to_str())
    # Each reader sets padding and truncation itself.
    own.no_padding()
    own.no_truncation()
    # MPNet's positions start after the padding id.
    unused = config.pad_token_id + 1 if known is _MPNET else 0
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=own,
        model_max_length=config.max_position_embeddings - unused,
        model_input_names=["input_ids", "attention_mask"],
        **known.special,
    )
