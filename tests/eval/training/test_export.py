"""Export: the folder that the service loads gives the trained model's scores."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from eval.training.export import export, write_card
from eval.training.features import Feature
from eval.training.model import SpanModel, predict
from eval.training.network import TorchNetwork, hidden_states, scorer
from service.answering.reading.network import CARD, GRAPH, TOKENIZER, WEIGHTS, load_network, read_card
from service.errors import ReaderError

Tiny = Callable[[int], SpanModel]

# OpenVINO uses torch.jit.trace, which torch deprecates; transformers calls a deprecated name of its own; and
# the tracer warns of fixed sizes, which the lengths tested below rule out.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:`torch\.jit\.trace(_method)?` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean:torch.jit.TracerWarning"),
]


@pytest.fixture(scope="module")
def model(tiny_model: Tiny) -> SpanModel:
    model = tiny_model(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3)  # so that no logit is near 0
    return model


@pytest.fixture(scope="module")
def exported(model: SpanModel, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Bits -> the folder of the model exported with that many, made once."""
    root = tmp_path_factory.mktemp("exported")
    Tokenizer(WordLevel({"it": 0, "rained": 1}, "it")).save(str(root / "words.json"))

    def make(bits: int) -> Path:
        folder = root / str(bits)
        if not (folder / CARD).is_file():
            export(model, root / "words.json", folder, bits=bits, facts={"name": "tiny", "reading": {}})
        return folder

    return make


def inputs(batch: int, length: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    ids = np.random.default_rng(0).integers(0, 2_000, (batch, length))
    mask = np.ones_like(ids)
    mask[-1, length // 2 :] = 0
    return ids, mask


def error(folder: Path, model: SpanModel, batch: int = 3, length: int = 20) -> float:
    """The relative error of the exported model's scores, by L2 norm."""
    network, _ = load_network(folder, precision="f32")
    found, wanted = network(*inputs(batch, length)), TorchNetwork(model)(*inputs(batch, length))
    assert found.shape == wanted.shape == (2, batch, length)
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize(("batch", "length"), [(1, 3), (3, 20), (8, 64)])
def test_an_exported_model_gives_the_originals_logits(
    exported: Callable[[int], Path], model: SpanModel, batch: int, length: int
) -> None:
    assert error(exported(8), model, batch, length) < 1e-2


def test_an_exported_model_gives_the_originals_hidden_states(
    exported: Callable[[int], Path], model: SpanModel
) -> None:
    ids, mask = (torch.from_numpy(array) for array in inputs(3, 20))
    found = hidden_states(exported(8), "f32")(ids, mask)
    with torch.no_grad():
        wanted = model.hidden(ids, mask)
    kept = mask.bool()
    assert found.shape == wanted.shape
    assert torch.linalg.norm(found[kept] - wanted[kept]) < 1e-2 * torch.linalg.norm(wanted[kept])


def test_fewer_bits_are_less_exact_and_smaller(exported: Callable[[int], Path], model: SpanModel) -> None:
    assert error(exported(3), model) > 4 * error(exported(8), model)
    small, large = ((exported(bits) / WEIGHTS).stat().st_size for bits in (3, 8))
    assert small < 0.6 * large


def test_the_card_holds_the_facts_and_the_files(exported: Callable[[int], Path]) -> None:
    card = read_card(exported(8))
    assert (card["name"], card["reading"], card["bits"]) == ("tiny", {}, 8)
    assert set(card["files"]) == {GRAPH, WEIGHTS, TOKENIZER}
    for name, file in card["files"].items():
        assert file["size"] == (exported(8) / name).stat().st_size
    _, tokenizer = load_network(exported(8))
    assert tokenizer.get_vocab() == {"it": 0, "rained": 1}


def test_the_folder_holds_only_what_is_shipped(exported: Callable[[int], Path]) -> None:
    assert {file.name for file in exported(8).iterdir()} == {CARD, GRAPH, WEIGHTS, TOKENIZER}


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER])
@pytest.mark.parametrize("position", [0.0, 0.5, 1.0])
def test_a_file_with_a_byte_changed_is_refused(
    exported: Callable[[int], Path], tmp_path: Path, name: str, position: float
) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(exported(8), folder)
    content = bytearray((folder / name).read_bytes())
    content[int(position * (len(content) - 1))] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ReaderError, match=f"{name} is damaged"):
        read_card(folder)


def test_a_rewritten_card_describes_the_files_as_they_are_now(
    exported: Callable[[int], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(exported(8), folder)
    (folder / TOKENIZER).write_text("{}", "utf-8")
    write_card(folder, {"name": "naïve"})
    card = read_card(folder)
    assert card["name"] == "naïve"
    assert card["files"][TOKENIZER]["size"] == 2
    assert "bits" not in card
    assert json.loads((folder / CARD).read_text("utf-8")) == card


def test_the_shipped_model_scores_windows_like_the_model_in_training(
    exported: Callable[[int], Path], model: SpanModel, window: Callable[..., Feature]
) -> None:
    windows = [window(list(range(5, 5 + length))) for length in (7, 9, 40)]
    network, _ = load_network(exported(8), precision="f32")
    wanted, found = (predict(one, windows, pad_id=0) for one in (model.eval(), scorer(network)))
    for one in windows:
        assert found[id(one)].shape == (2, len(one.ids))
        assert np.linalg.norm(found[id(one)] - wanted[id(one)]) < 1e-2 * np.linalg.norm(wanted[id(one)])
