"""What the service's tests share: the seeds, indexed once with the real encoder, and fakes."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from indexer.build import BuildSettings, build
from indexer.corpus import Corpus
from indexer.encoder import SentenceTransformerEncoder, Vectors
from indexer.index import FaissPassageIndex, open_index
from indexer.splitter import SplitterSettings
from service.answerer import Answerer
from service.app import create_app
from service.confidence import Calibration
from service.engine import build_answerer
from service.network import CARD, FORMAT, GRAPH, TOKENIZER, WEIGHTS
from service.retriever import Retriever, RetrieverSettings
from service.sentences import SentenceReader, SentenceWeights
from service.settings import Settings
from service.weights import pack

ROOT = Path(__file__).resolve().parents[2]


class WordEncoder:
    """A bag of hashed words as a unit vector: deterministic, quick, and like texts are near."""

    name = "words"
    fingerprint = hashlib.sha256(b"words").hexdigest()
    dimension = 64
    max_tokens = 254

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode_query(self, question: str) -> Vectors:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in question.lower().split():
            vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        if on_progress is not None:
            on_progress(len(texts))
        return np.array([self.encode_query(text) for text in texts], dtype=np.float32).reshape(
            len(texts), self.dimension
        )


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
        return Answerer(index, retriever, reader, Calibration({"score": 1.0, "margin": 0.5}, 0.0, 0.0))

    return make


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
    # OpenVINO comes after `service.network`, which sees to how it is imported.
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
def seeds_index_folder(encoder: SentenceTransformerEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("seeds") / "index"
    build(Corpus(ROOT / "seeds"), out, encoder)
    return out


@pytest.fixture(scope="session")
def seeds_index(seeds_index_folder: Path) -> Iterator[FaissPassageIndex]:
    index = open_index(seeds_index_folder)
    yield index
    index.close()


@pytest.fixture(scope="session")
def answerer(seeds_index: FaissPassageIndex, encoder: SentenceTransformerEncoder) -> Answerer:
    return build_answerer(seeds_index, encoder, Settings())


@pytest.fixture(scope="session")
def client(answerer: Answerer) -> Iterator[TestClient]:
    with TestClient(create_app(answerer, Settings()), raise_server_exceptions=False) as client:
        yield client
