"""Conversion: a converted checkpoint gives the original's scores, token types included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    MPNetConfig,
    MPNetForQuestionAnswering,
    PreTrainedModel,
)

from eval.training.backbones import small_backbone
from eval.training.convert import ConversionError, convert, main, span_model
from service.answering.loading import load_reader
from service.answering.reading.network import load_network, read_card

pytestmark = [
    pytest.mark.filterwarnings(r"ignore:`torch\.jit\.trace(_method)?` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean:torch.jit.TracerWarning"),
]

PAIRS = (
    ["who sat there", "when was the bridge over the river built"],
    ["a cat sat on the mat", "the bridge is old; it was built in 1901, of stone"],
)


def checkpoint(folder: Path, kind: type[PreTrainedModel]) -> tuple[Path, PreTrainedModel]:
    torch.manual_seed(0)
    words = AutoTokenizer.from_pretrained(small_backbone())
    config = MPNetConfig() if kind is MPNetForQuestionAnswering else BertConfig()
    config.update(
        {
            "vocab_size": words.vocab_size, "hidden_size": 32, "num_hidden_layers": 2,
            "num_attention_heads": 4, "intermediate_size": 64, "initializer_range": 0.3,
        }
    )  # fmt: skip
    model = kind(config).eval()  # type: ignore[no-untyped-call]
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder, model


@pytest.mark.parametrize("kind", [BertForQuestionAnswering, MPNetForQuestionAnswering])
def test_a_converted_checkpoint_gives_the_scores_of_the_original(
    tmp_path: Path, kind: type[PreTrainedModel]
) -> None:
    folder, model = checkpoint(tmp_path / "given", kind)
    convert(folder, tmp_path / "reader")
    network, tokenizer = load_network(tmp_path / "reader", precision="f32")
    words = AutoTokenizer.from_pretrained(folder)
    given = words(*PAIRS, padding=True, return_tensors="pt")
    if kind is MPNetForQuestionAnswering:
        given.pop("token_type_ids")
    with torch.no_grad():
        wanted = model(**given)
    found = network(given["input_ids"].numpy(), given["attention_mask"].numpy())
    real = given["attention_mask"].numpy() == 1
    for side, scores in enumerate((wanted.start_logits.numpy(), wanted.end_logits.numpy())):
        off = np.linalg.norm((found[side] - scores)[real]) / np.linalg.norm(scores[real])
        assert off < 0.05
    assert (
        tokenizer.encode(PAIRS[0][0], PAIRS[1][0]).ids
        == words(PAIRS[0][0], PAIRS[1][0], padding=False)["input_ids"]
    )
    assert read_card(tmp_path / "reader")["name"] == "given"


def test_token_types_distinguish_question_and_text(tmp_path: Path) -> None:
    folder, model = checkpoint(tmp_path, BertForQuestionAnswering)
    given = AutoTokenizer.from_pretrained(folder)(*PAIRS, padding=True, return_tensors="pt")
    with torch.no_grad():
        mine = span_model(folder)(given["input_ids"], given["attention_mask"])
        wanted = model(**given).start_logits
        without = model(given["input_ids"], given["attention_mask"]).start_logits
    assert torch.allclose(mine[0], wanted, atol=1e-5)
    assert not torch.allclose(mine[0], without, atol=1e-2)


def test_a_folder_without_a_question_answering_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="not a checkpoint"):
        span_model(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConversionError, match="not a checkpoint"):
        span_model(tmp_path / "empty")
    other, _ = checkpoint(tmp_path / "classes", BertForSequenceClassification)
    with pytest.raises(ConversionError, match="trained for another task"):
        span_model(other)


@pytest.mark.models
def test_a_converted_reader_answers_with_a_confidence_fitted_without_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = checkpoint(tmp_path / "given", BertForQuestionAnswering)
    monkeypatch.setenv("QUOTH_DATA", str(tmp_path / "nowhere"))
    main(folder, tmp_path / "reader", name="mine")
    assert "on the seeds' questions alone" in capsys.readouterr().err
    reader, calibration = load_reader(str(tmp_path / "reader"))
    assert reader.name == "mine"
    assert 0 < calibration.threshold < 1
    # Random weights are seldom right, and the confidence says so.
    fitted = read_card(tmp_path / "reader")["confidence"]["fit"]
    assert [*fitted["by_source"]] == ["seeds"]
    assert fitted["all"]["right"] < 0.3
    assert fitted["all"]["calibration_error"] < 0.2
    assert fitted["left_out"] == {}
