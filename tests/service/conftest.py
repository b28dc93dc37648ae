"""What the service's tests share: the seeds, indexed once with the real encoder, and fakes."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.index import FaissPassageIndex, open_index
from service.answering.answerer import Answerer
from service.answering.network import CARD, FORMAT, GRAPH, TOKENIZER, WEIGHTS
from service.answering.weights import pack
from service.loading import build_answerer
from service.settings import Settings
from service.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]


VOCABULARY = [
    *["[PAD]", "[UNK]", "[CLS]", "[SEP]"],
    *["where", "why", "who", "did", "ada", "bo", "go", "went", "to", "in", "rome", "oslo", "bern", "the"],
    *"漢字。、.,?!;:-()%$" + string.ascii_lowercase + string.digits,
    *[f"##{letter}" for letter in string.ascii_lowercase + string.digits],
]


@pytest.fixture(scope="session")
def small_tokenizer() -> Callable[[], Tokenizer]:
    """A word-piece tokenizer of a few words, letters and digits, made as BERT's are."""

    def make() -> Tokenizer:
        numbers = {piece: number for number, piece in enumerate(VOCABULARY)}
        tokenizer = Tokenizer(WordPiece(numbers, unk_token="[UNK]"))  # noqa: S106 - no password
        tokenizer.normalizer = BertNormalizer()
        tokenizer.pre_tokenizer = BertPreTokenizer()
        tokenizer.post_processor = TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[(mark, numbers[mark]) for mark in ("[CLS]", "[SEP]")],
        )
        return tokenizer

    return make


@pytest.fixture(scope="session")
def token_logits() -> dict[str, tuple[float, float]]:
    """The start and end logits that the small model gives to tokens; 0 to all others."""
    return {"[CLS]": (0.5, 0.25), "rome": (3.0, 4.0), "oslo": (2.0, 1.5), "bern": (-1.0, -2.0)}


@pytest.fixture(scope="session")
def small_model(
    small_tokenizer: Callable[[], Tokenizer],
    token_logits: dict[str, tuple[float, float]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder of a reader whose graph looks up each token's logits. Copy it before changing it."""
    # OpenVINO comes after `service.answering.network`, which sees to how it is imported.
    import openvino  # noqa: PLC0415
    import openvino.opset13 as ops  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("reader") / "small"
    folder.mkdir()
    table = np.zeros((len(VOCABULARY), 2), dtype=np.float32)
    for piece, logits in token_logits.items():
        table[VOCABULARY.index(piece)] = logits
    ids = ops.parameter([-1, -1], np.int64, name="ids")
    mask = ops.parameter([-1, -1], np.int64, name="mask")
    found = ops.gather(ops.constant(table), ids, ops.constant(0))
    # (batch, length, 2) -> (2, batch, length); what is masked gets nothing.
    turned = ops.transpose(found, ops.constant([2, 0, 1]))
    logits = ops.multiply(turned, ops.unsqueeze(ops.convert(mask, np.float32), ops.constant(0)))
    openvino.save_model(openvino.Model([logits], [ids, mask]), folder / GRAPH, compress_to_fp16=True)
    blob = (folder / GRAPH).with_suffix(".bin")
    pack(folder / WEIGHTS, np.fromfile(blob, dtype=np.uint8), {}, 8)
    blob.unlink()
    small_tokenizer().save(str(folder / TOKENIZER))
    files = {
        name: {"sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
        for name in (GRAPH, WEIGHTS, TOKENIZER)
    }
    card = {
        "format": FORMAT,
        "name": "small",
        "reading": {"max_tokens": 48, "stride": 16, "question_tokens": 16, "retrieval_weight": 0.5},
        "confidence": {"weights": {"score": 1.0, "margin": 0.5}, "bias": -0.25, "threshold": 0.125},
        "files": files,
    }
    (folder / CARD).write_text(json.dumps(card), "utf-8")
    return folder


@pytest.fixture(scope="session")
def seeds_index_folder(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("seeds") / "index"
    build(Corpus(ROOT / "seeds"), out, encoder)
    return out


@pytest.fixture(scope="session")
def seeds_index(seeds_index_folder: Path) -> Iterator[FaissPassageIndex]:
    index = open_index(seeds_index_folder)
    yield index
    index.close()


@pytest.fixture(scope="session")
def answerer(seeds_index: FaissPassageIndex, encoder: Encoder) -> Answerer:
    # Shared by all tests: what one of them asked is read anew for the next.
    return build_answerer(seeds_index, encoder, Settings.of(cache_size=0))


@pytest.fixture(scope="session")
def client(answerer: Answerer) -> Iterator[TestClient]:
    with TestClient(create_app(answerer, Settings().web), raise_server_exceptions=False) as client:
        yield client
