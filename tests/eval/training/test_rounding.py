"""Rounding by a layer's inputs: against its definition in plain algebra, and by the layer's output error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
import zstandard
from safetensors.numpy import load
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from torch import Tensor, nn

from eval.training.attention import fused
from eval.training.export import export
from eval.training.features import Feature, padded
from eval.training.model import SpanModel
from eval.training.network import TorchNetwork
from eval.training.rounding import gram_matrices, rounded, rounding
from service.answering.reading.network import WEIGHTS, load_network
from service.answering.reading.weights import quantised, unpack

Tiny = Callable[[int], SpanModel]
Window = Callable[..., Feature]

ROWS = 16


def drawn(kind: str, width: int, seed: int = 0) -> Tensor:
    """Inputs of a layer, of a given kind."""
    by = torch.Generator().manual_seed(seed)
    independent = torch.randn(20 * width, width, generator=by)
    if kind == "low rank":
        factors = torch.randn(20 * width, width // 8, generator=by)
        return factors @ torch.randn(width // 8, width, generator=by) + 0.1 * independent
    if kind == "far from zero":
        return independent + 3
    if kind == "fewer than columns":
        return independent[: width // 3]
    if kind == "some always zero":
        independent[:, ::3] = 0
    elif kind == "one much stronger":
        independent[:, 5] *= 100
    return independent


def matrix(width: int, seed: int = 0) -> Tensor:
    return 0.05 * torch.randn(ROWS, width, generator=torch.Generator().manual_seed(100 + seed))


def gram(rows: Tensor) -> Tensor:
    return rows.T @ rows


def output_error(
    rows: Tensor, weights: Tensor, whole: npt.NDArray[np.int8], scale: npt.NDArray[np.float32]
) -> float:
    """The squared error of a layer's output over these inputs."""
    found = torch.from_numpy(whole * scale).double()
    return float((rows.double() @ (found - weights.double()).T).square().sum())


def relative_error(kind: str, width: int, bits: int) -> float:
    """The error of the layer's output, as a share of that of plain rounding."""
    rows, weights = drawn(kind, width), matrix(width)
    made = output_error(rows, weights, *rounded(weights, gram(rows), bits))
    return made / output_error(rows, weights, *quantised(weights.numpy(), bits))


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("width", [8, 128, 150])
def test_the_grid_and_its_scale_are_those_of_plain_rounding(width: int, bits: int) -> None:
    rows, weights = drawn("low rank", width), matrix(width)
    before = weights.clone(), gram(rows)
    whole, scale = rounded(weights, before[1], bits)
    assert whole.dtype == np.int8
    assert whole.shape == weights.shape
    most = 2 ** (bits - 1) - 1
    assert np.abs(whole.astype(int)).max() == most
    np.testing.assert_array_equal(scale, quantised(weights.numpy(), bits)[1])
    assert torch.equal(weights, before[0])
    assert torch.equal(before[1], gram(rows))


# Columns are rounded in blocks of 128: widths on both sides of a boundary.
@pytest.mark.parametrize("width", [40, 128, 129, 150, 260])
@pytest.mark.parametrize("kind", ["low rank", "far from zero", "fewer than columns"])
def test_every_column_is_rounded_after_a_least_squares_fit_to_the_errors_before_it(
    kind: str, width: int
) -> None:
    weights, inputs = matrix(width)[:4], gram(drawn(kind, width))
    whole, scale = rounded(weights, inputs, 4)
    # A hundredth of the mean is added to the diagonal, so that the equations can be solved.
    damped = inputs.double().numpy()
    damped += 0.01 * damped.diagonal().mean() * np.eye(width)
    order = np.argsort(-inputs.diagonal().numpy())
    wanted = weights.double().numpy()
    steps = scale.astype(np.float64)
    expected = np.zeros_like(wanted)
    for count, column in enumerate(order):
        done, free = order[:count], order[count:]
        errors = expected[:, done] * steps - wanted[:, done]
        # The least-squares solution for all the columns that are left.
        moved = np.linalg.solve(damped[np.ix_(free, free)], damped[np.ix_(free, done)] @ errors.T)
        adjusted = wanted[:, column] - (moved[0] if count else 0)
        expected[:, column] = np.clip(np.rint(adjusted / steps[:, 0]), -7, 7)
    np.testing.assert_array_equal(whole, expected)


@pytest.mark.parametrize("width", [5, 128, 150])
@pytest.mark.parametrize("bits", [3, 8])
def test_uncorrelated_inputs_give_plain_rounding(width: int, bits: int) -> None:
    weights = matrix(width)
    strengths = torch.rand(width, generator=torch.Generator().manual_seed(0)) * 9
    strengths[1] = 0
    for inputs in (torch.eye(width), torch.diag(strengths)):
        whole, scale = rounded(weights, inputs, bits)
        plain, steps = quantised(weights.numpy(), bits)
        np.testing.assert_array_equal(whole, plain)
        np.testing.assert_array_equal(scale, steps)


@pytest.mark.parametrize("bits", [3, 6])
@pytest.mark.parametrize("width", [40, 150, 300])
@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("low rank", 0.15),
        ("far from zero", 0.4),
        ("fewer than columns", 0.4),
        ("independent", 1.03),
        ("some always zero", 1.03),
        ("one much stronger", 1.03),
    ],
)
def test_the_output_error_falls_with_the_correlation_of_the_inputs(
    kind: str, most: float, width: int, bits: int
) -> None:
    assert relative_error(kind, width, bits) < most


def test_two_equal_inputs_compensate_each_other() -> None:
    # The step is 1, as the largest weight is 7. Of equal inputs only the weights' sum matters: 0.4 and 0.4
    # become 0 and 1, not 0 and 0. Of opposite inputs only their difference matters, 0.
    weights = torch.tensor([[7.0, 0.4, 0.4]])
    for sign, sums in ((1.0, 1), (-1.0, 0)):
        rows = torch.tensor([[0.0, 1.0, sign], [5.0, 0.0, 0.0]])
        whole, scale = rounded(weights, gram(rows), 4)
        assert scale.tolist() == [[1.0]]
        assert whole[0, 0] == 7
        assert whole[0, 1] + sign * whole[0, 2] == sums


# Few different tokens, so correlated inputs.
TEXTS = [[2, *(5 + (start * start + 3 * at) % 12 for at in range(20 + start))] for start in range(30)]


@pytest.fixture
def features(window: Window) -> list[Feature]:
    return [window(ids) for ids in TEXTS]


@pytest.fixture(scope="module")
def model(tiny_model: Tiny) -> SpanModel:
    """Its word vectors fit in three bits exactly, so that only the layers lose precision."""
    model = tiny_model(0).eval()
    vectors = model.encoder.get_input_embeddings().weight  # type: ignore[operator]
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3)
        vectors.copy_(torch.randint(-3, 4, vectors.shape) / 8)
        vectors[:, 0] = 3 / 8
    return fused(model)


def linear(model: SpanModel) -> dict[str, nn.Linear]:
    return {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}


def test_the_gram_matrices_are_those_of_each_linear_layers_inputs(
    model: SpanModel, features: list[Feature], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {id(layer.weight): name for name, layer in linear(model).items()}
    inputs: dict[str, list[Tensor]] = {name: [] for name in names.values()}
    multiply = torch.nn.functional.linear

    def listen(states: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        inputs[names[id(weight)]].append(states.detach().double().reshape(-1, states.shape[-1]))
        return multiply(states, weight, bias)

    with monkeypatch.context() as patched:
        patched.setattr(torch.nn.functional, "linear", listen)
        found = gram_matrices(model, features, 0)
    assert found.keys() == inputs.keys()
    # Padding is included.
    tokens = sum(padded(len(feature.ids)) for feature in features)
    for name, matrix in found.items():
        rows = torch.cat(inputs[name])
        assert len(rows) == tokens
        assert matrix.dtype == torch.float32
        assert matrix.shape == (rows.shape[1], rows.shape[1])
        wanted = rows.T @ rows
        torch.testing.assert_close(matrix.double(), wanted, rtol=0, atol=1e-5 * float(wanted.abs().max()))


def test_the_heads_gram_matrix_is_that_of_the_last_hidden_states(model: SpanModel, window: Window) -> None:
    ids = torch.arange(5, 69).reshape(2, 32)
    found = gram_matrices(model, [window([int(token) for token in row]) for row in ids], 0)
    with torch.no_grad():
        states = model.hidden(ids, torch.ones_like(ids)).reshape(64, -1)
    torch.testing.assert_close(found["head"], gram(states), rtol=1e-4, atol=1e-3)


def test_hooks_are_removed_from_the_model_even_after_an_error(
    model: SpanModel, features: list[Feature], window: Window
) -> None:
    found = gram_matrices(model, features, 0)
    before = {name: matrix.clone() for name, matrix in found.items()}
    # A token id outside the vocabulary.
    with pytest.raises(IndexError):
        gram_matrices(model, [window([5, 6, 99_999])], 0)
    assert not any(module._forward_pre_hooks for module in model.modules())
    gram_matrices(model, features[:3], 0)
    assert all(torch.equal(matrix, before[name]) for name, matrix in found.items())


def test_a_layers_weights_are_rounded_by_its_inputs_and_others_plainly(
    model: SpanModel, features: list[Feature]
) -> None:
    found = gram_matrices(model, features, 0)
    names = [name for name in found if name.endswith("output.dense")]
    left_out = names[0]
    choose = rounding(model, {name: matrix for name, matrix in found.items() if name != left_out})
    for name, layer in linear(model).items():
        # Packed weights have been 16-bit floats.
        weights = layer.weight.detach().half().float()
        plain = quantised(weights.numpy(), 3)
        wanted = plain if name == left_out else rounded(weights, found[name], 3)
        for actual, expected in zip(choose(weights.numpy(), 3), wanted, strict=True):
            np.testing.assert_array_equal(actual, expected)
        if name in names[1:]:
            assert (choose(weights.numpy(), 3)[0] != plain[0]).any()
    foreign = matrix(32).numpy()
    for actual, expected in zip(choose(foreign, 3), quantised(foreign, 3), strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.filterwarnings(r"ignore:`torch\.jit\.trace(_method)?` is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean:torch.jit.TracerWarning")
def test_export_rounds_a_model_by_its_inputs(
    model: SpanModel, features: list[Feature], tmp_path: Path
) -> None:
    Tokenizer(WordLevel({"it": 0, "rained": 1}, "it")).save(str(tmp_path / "words.json"))
    known = rounding(model, gram_matrices(model, features, 0))
    for name, chosen in (("plain", quantised), ("known", known)):
        export(model, tmp_path / "words.json", tmp_path / name, bits=3, facts={}, rounding=chosen)

    plain, made = (
        load(zstandard.decompress((tmp_path / name / WEIGHTS).read_bytes())) for name in ("plain", "known")
    )
    assert plain.keys() == made.keys()
    changed = [name for name in plain if not np.array_equal(plain[name], made[name])]
    # The large matrices of both layers, and no scale.
    assert sorted(plain[name].shape for name in changed) == [(32, 128), (32, 128), (128, 32), (128, 32)]
    assert len(unpack(tmp_path / "plain" / WEIGHTS)) == len(unpack(tmp_path / "known" / WEIGHTS))

    errors = {"plain": 0.0, "known": 0.0}
    for name in errors:
        network, _ = load_network(tmp_path / name, precision="f32")
        for ids in (np.array([text]) for text in TEXTS):
            mask = np.ones_like(ids)
            errors[name] += float(np.square(network(ids, mask) - TorchNetwork(model)(ids, mask)).sum())
    assert errors["known"] < 0.8 * errors["plain"]
