"""The real encoder against independent references: plain transformers, and values others published."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from indexer.arrays import Vectors
from indexer.encoders.bert_encoder import load_bert
from indexer.encoders.encoder import Encoder
from indexer.encoders.files import find_model
from indexer.encoders.loading import load_encoder
from indexer.encoders.sentence_transformers_encoder import load_sentence_transformer
from indexer.errors import EncoderError
from indexer.settings import DEFAULT_ENCODER

pytestmark = pytest.mark.models

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of `model.safetensors` in huggingface.co/sentence-transformers/all-MiniLM-L6-v2."""

TEXTS = [
    "This is an example sentence",
    "Pakistan is actively promoting digitization.",
    "Café déjà vu — 東京",
    "What did the ministers agree on at the summit in 2024?",
    "😀",
    "",
    "The line extends to the coast. " * 20,
    "word " * 400,
]


@pytest.fixture(scope="module", params=["openvino", "torch"])
def exact(request: pytest.FixtureRequest) -> Encoder:
    """Each runtime in single precision."""
    path = find_model(DEFAULT_ENCODER)
    if request.param == "torch":
        return load_sentence_transformer(path, DEFAULT_ENCODER)
    encoder = load_bert(path, DEFAULT_ENCODER, "f32")
    assert encoder is not None
    return encoder


@pytest.fixture(scope="module")
def reference() -> Vectors:
    """Mean of the last hidden states over the attention mask, L2-normalised: the model card's recipe."""
    path = find_model(DEFAULT_ENCODER)
    tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
    model = AutoModel.from_pretrained(path, local_files_only=True).eval()
    rows = []
    for text in TEXTS:
        batch = tokenizer([text], truncation=True, max_length=256, return_tensors="pt")
        with torch.no_grad():
            hidden = model(**batch).last_hidden_state  # (1, tokens, 384)
        mask = batch["attention_mask"].unsqueeze(-1).float()  # (1, tokens, 1)
        mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
        rows.append(torch.nn.functional.normalize(mean, dim=1).numpy()[0])
    return np.stack(rows)


def test_passages_are_encoded_as_plain_transformers_does(exact: Encoder, reference: Vectors) -> None:
    np.testing.assert_allclose(exact.encode_passages(TEXTS), reference, rtol=0, atol=1e-5)


def test_queries_are_encoded_as_plain_transformers_does(exact: Encoder, reference: Vectors) -> None:
    encoded = np.stack([exact.encode_query(text) for text in TEXTS])

    np.testing.assert_allclose(encoded, reference, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "published", "tolerance"),
    [
        # The model card's own example; the values are those that ports of the model test against
        # (ONNX in R, spark-nlp's [0.0676569, 0.063...]).
        (
            "This is an example sentence",
            [0.06765693, 0.06349593, 0.04871314, 0.07930495, 0.03744806, 0.00265273],
            1e-5,
        ),
        (
            "Each sentence is converted.",
            [0.07853645, 0.08856265, -0.00209270, -0.00717247, -0.01252624],
            1e-5,
        ),
        ("Café déjà vu — 東京", [0.05083271, 0.00967685, 0.09635572, -0.00997369, -0.01987603], 1e-5),
        # The values that an early test of qdrant/fastembed's ONNX port expects.
        ("hello world", [-0.0344772711, 0.0310231801, 0.00673499797, 0.0261089597], 1e-5),
    ],
)
def test_published_values_are_reproduced(
    exact: Encoder, text: str, published: list[float], tolerance: float
) -> None:
    vector = exact.encode_passages([text])[0]

    np.testing.assert_allclose(vector[: len(published)], published, rtol=0, atol=tolerance)


def test_the_fastest_precision_gives_nearly_the_same_vectors(encoder: Encoder, reference: Vectors) -> None:
    passages = encoder.encode_passages(TEXTS)
    queries = np.stack([encoder.encode_query(text) for text in TEXTS])

    assert (passages * reference).sum(axis=1).min() > 0.9995
    assert (queries * reference).sum(axis=1).min() > 0.9995


def test_the_weights_are_the_published_ones(encoder: Encoder) -> None:
    assert encoder.fingerprint == WEIGHTS_SHA256
    assert (encoder.name, encoder.dimension, encoder.max_tokens) == ("all-MiniLM-L6-v2", 384, 254)


def test_vectors_are_unit_length_and_single_precision(encoder: Encoder) -> None:
    passages = encoder.encode_passages(TEXTS)
    query = encoder.encode_query(TEXTS[0])

    assert passages.shape == (len(TEXTS), 384)
    assert query.shape == (384,)
    assert passages.dtype == query.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(passages, axis=1), 1, rtol=0, atol=1e-6)


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode_passages([]).shape == (0, 384)
    assert encoder.count_tokens([]) == []


def test_a_vector_does_not_depend_on_its_batch_or_position(exact: Encoder) -> None:
    texts = [f"{'filler ' * (number % 7)}text number {number}" for number in range(70)]
    shuffled = np.random.default_rng(3).permutation(len(texts))

    together = exact.encode_passages(texts)

    again = exact.encode_passages([texts[number] for number in shuffled])
    np.testing.assert_allclose(again, together[shuffled], rtol=0, atol=1e-5)
    for number in (0, 33, 69):
        np.testing.assert_allclose(
            exact.encode_passages([texts[number]])[0], together[number], rtol=0, atol=1e-5
        )


def test_progress_adds_up_to_the_number_of_texts(encoder: Encoder) -> None:
    done: list[int] = []

    encoder.encode_passages(["short text"] * 40, done.append)

    assert sum(done) == 40
    assert len(done) > 1


def test_tokens_are_counted_without_truncation(encoder: Encoder) -> None:
    tokenizer = AutoTokenizer.from_pretrained(find_model(DEFAULT_ENCODER), local_files_only=True)
    texts = [*TEXTS, "unbelievable digitization " * 900]

    expected = [len(tokenizer.tokenize(text)) for text in texts]

    assert encoder.count_tokens(texts) == expected
    assert expected[-1] > encoder.max_tokens


def test_what_comes_after_max_tokens_has_no_effect(exact: Encoder) -> None:
    fits = "word " * exact.max_tokens
    vectors = exact.encode_passages([fits, fits + "never read", fits.removesuffix("word ") + "end"])

    np.testing.assert_allclose(vectors[1], vectors[0], rtol=0, atol=1e-6)
    assert not np.allclose(vectors[2], vectors[0], rtol=0, atol=1e-4)


def test_an_encoder_loads_from_a_folder(encoder: Encoder) -> None:
    path = str(find_model(DEFAULT_ENCODER))

    loaded = load_encoder(path)

    assert (loaded.name, loaded.fingerprint) == (path, encoder.fingerprint)


@pytest.mark.parametrize("name", ["no-such-encoder", "no/such/encoder/anywhere", "bad name ::", "", "../x"])
def test_an_unknown_encoder_is_refused_with_the_remedy(name: str) -> None:
    with pytest.raises(EncoderError, match=r"use all-MiniLM-L6-v2, which is installed with Quoth"):
        load_encoder(name)


def test_a_folder_with_a_broken_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")

    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(str(tmp_path))


def test_the_encoder_works_offline_with_an_empty_cache(tmp_path: Path) -> None:
    code = """if True:
        from indexer.encoders.loading import load_encoder
        print(f"{load_encoder().encode_query('hello world')[0]:.2f}")"""
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stdout.strip()) == (0, "-0.03"), done.stderr
