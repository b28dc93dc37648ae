"""Fixtures that every package's tests share."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from eval.baseline import SentenceReader, SentenceWeights
from eval.reliability import specimen
from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.encoders.loading import load_encoder
from indexer.engines.faiss.index import open_index
from indexer.settings import BuildSettings, SplitterSettings
from service.answering.answerer import Answerer
from service.answering.confidence.calibration import Calibration
from service.answering.reading.network import CARD, FORMAT, GRAPH, TOKENIZER, WEIGHTS
from service.answering.reading.weights import pack
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import AnswererSettings, RetrieverSettings

VOCABULARY = [
    *["[PAD]", "[UNK]", "[CLS]", "[SEP]"],
    *["where", "why", "who", "did", "ada", "bo", "go", "went", "to", "in", "rome", "oslo", "bern", "the"],
    *"漢字。、.,?!;:-()%$" + string.ascii_lowercase + string.digits,
    *[f"##{letter}" for letter in string.ascii_lowercase + string.digits],
]


SLOW_MARKERS = ("models", "server", "browser", "data")
SLOW_FOLDERS = ("eval/training", "eval/reliability", "eval/benchmark")
"""What takes seconds: trainings with PyTorch, campaigns and benchmarks on a small scale."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Spare `-m "not slow"` the import of PyTorch and other libraries that only slow tests need."""
    if config.option.markexpr == "not slow" and _folder(collection_path).startswith(SLOW_FOLDERS):
        return True
    return None


def _folder(path: Path) -> str:
    tests = Path(__file__).parent
    return path.parent.relative_to(tests).as_posix() if path.is_relative_to(tests) else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _folder(item.path).startswith(SLOW_FOLDERS) or any(map(item.get_closest_marker, SLOW_MARKERS)):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The real encoder, loaded once."""
    return load_encoder()


class WordEncoder(specimen.WordEncoder):
    """The campaigns' encoder in more dimensions."""

    dimension = 64
    max_tokens = 254


@pytest.fixture(scope="session")
def word_encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture(scope="session")
def word_answerer(word_encoder: WordEncoder) -> Callable[[Path, Path], Answerer]:
    """A folder of articles and an empty folder -> an Answerer over them that never abstains."""

    def make(folder: Path, out: Path) -> Answerer:
        build(
            Corpus(folder),
            out,
            word_encoder,
            BuildSettings(SplitterSettings(max_tokens=30, overlap_tokens=10)),
        )
        index = open_index(out)
        retriever = Retriever(index, word_encoder, RetrieverSettings())
        reader = SentenceReader(word_encoder, SentenceWeights((4.0, 2.0, 1.0), -3.0))
        uncached = AnswererSettings(cache_size=0)  # so that each question passes every stage
        return Answerer(
            index, retriever, reader, Calibration({"score": 1.0, "margin": 0.5}, 0.0, 0.0), uncached
        )

    return make


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
    # OpenVINO comes after `service.answering.reading.network`, which sees to how it is imported.
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
