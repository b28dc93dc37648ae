"""A trained model -> a shipped reader: exported, compared with the original, calibrated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.studies.reading import measure
from eval.training.attention import fused
from eval.training.calibration import figures, fit, left_out, operating_points
from eval.training.export import export, write_card
from eval.training.features import Featuriser
from eval.training.model import SpanModel
from eval.training.network import torch_reader
from eval.training.observing import SETS, everything, load_observations, save_observations
from eval.training.recipe import Workspace, calibration_windows
from eval.training.rounding import gram_matrices, rounding
from indexer.encoders.loading import load_encoder
from service.answering.confidence.calibration import Calibration
from service.answering.reading.network import CARD, WEIGHTS, load_network
from service.answering.reading.reader import SpanReader
from service.answering.settings import ReaderSettings

LIMIT = 300
"""Held-out questions of each set, at most, that the confidence is fitted on."""


@dataclass(frozen=True, slots=True)
class ReaderSpec:
    """What to ship: the reader's name in answers, its origin, and the bits per weight.

    `backbone`: the pre-trained model's name; `backbone_folder`: its files; `stages`: the recipe's stages that
    made the reader.
    """

    name: str
    backbone: str
    backbone_folder: Path
    stages: tuple[str, ...]
    bits: int


def ship(workspace: Workspace, model: SpanModel, spec: ReaderSpec, out: Path) -> None:
    """Write a reader's folder with everything that the service needs."""
    settings = ReaderSettings()
    facts: dict[str, Any] = {
        "name": spec.name,
        "backbone": spec.backbone,
        "shape": _shape(model),
        "reading": asdict(settings),
        "training_seconds": sum(_seconds(workspace.folder / stage) for stage in spec.stages),
    }
    tokenizer = spec.backbone_folder / "tokenizer.json"
    shipped = fused(model)
    featuriser = Featuriser(spec.backbone_folder)
    grams = gram_matrices(shipped, calibration_windows(featuriser), featuriser.pad_id)
    export(shipped, tokenizer, out, bits=spec.bits, facts=facts, rounding=rounding(shipped, grams))
    network, tokens = load_network(out)
    reader = SpanReader(spec.name, tokens, network, settings)
    workspace.say(f"{spec.name}: reading comprehension, as shipped and as trained")
    scores = measure(reader)
    trained = measure(torch_reader(spec.name, model.float(), tokenizer, settings))
    lost = {name: round(trained[name]["f1"] - scores[name]["f1"], 2) for name in scores}
    update(out, {"scores": scores, "f1_lost_in_conversion": lost})
    calibrate(workspace, out)


def _shape(model: SpanModel) -> dict[str, int]:
    """Return the layers, their width and their inner width, which determine the arithmetic of a question."""
    config: Any = model.encoder.config
    return {
        "layers": config.num_hidden_layers,
        "width": config.hidden_size,
        "inner": config.intermediate_size,
    }


def update(folder: Path, facts: dict[str, Any]) -> None:
    """Add facts to a reader's card."""
    card = json.loads((folder / CARD).read_text("utf-8"))
    write_card(folder, {name: fact for name, fact in card.items() if name not in {"format", "files"}} | facts)


def _seconds(folder: Path) -> int:
    """Return the duration of a stage's last finished run, from its log; 0 without one."""
    path = folder / "log.jsonl"
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
    return next((int(record["seconds"]) for record in reversed(records) if "plan" in record), 0)


def calibrate(
    workspace: Workspace,
    folder: Path,
    *,
    seeds: Path = Path("seeds"),
    sets: Sequence[str] = SETS,
    corpora: Path | None = None,
    limit: int | None = LIMIT,
) -> None:
    """Fit an exported reader's confidence (`eval.training.observing`), and write it into its card."""
    card = json.loads((folder / CARD).read_text("utf-8"))
    path = workspace.folder / f"observations-{card['files'][WEIGHTS]['sha256'][:16]}.jsonl"
    if not path.is_file():
        network, tokenizer = load_network(folder)
        reader = SpanReader(card["name"], tokenizer, network, ReaderSettings(**card["reading"]))
        studies = Path(".quoth/studies")
        save_observations(
            path,
            [*everything(reader, load_encoder(), studies, seeds, sets=sets, corpora=corpora, limit=limit)],
        )
    found = load_observations(path)
    calibration = fit(found)
    by_source = {
        source: figures(calibration, [one for one in found if one.source == source])
        for source in dict.fromkeys(one.source for one in found)
    }
    fitted = {
        "command": "python -m eval.training",
        "all": figures(calibration, found),
        "left_out": left_out(found),
        "operating_points": operating_points(calibration, found),
        "by_source": by_source,
    }
    update(folder, {"confidence": _stored(calibration) | {"fit": fitted}})
    workspace.say(json.dumps(fitted, indent=1))


def _stored(calibration: Calibration) -> dict[str, Any]:
    return {
        "weights": {name: round(weight, 6) for name, weight in calibration.weights.items()},
        "bias": round(calibration.bias, 6),
        "threshold": calibration.threshold,
    }
