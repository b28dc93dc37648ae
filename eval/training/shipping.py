"""A trained model -> a shipped reader: exported, checked against the original, calibrated, described."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.studies.reading import measure
from eval.training.attention import fused
from eval.training.calibration import SETS, cross_fitted, figures, fit, keep, kept, readings
from eval.training.export import export, write_card
from eval.training.features import Featuriser
from eval.training.model import SpanModel
from eval.training.network import torch_reader
from eval.training.recipe import Workshop, typical
from eval.training.rounding import input_products, rounding
from indexer.encoders.loading import load_encoder
from service.answering.confidence import Calibration
from service.answering.network import CARD, WEIGHTS, load_network
from service.answering.reader import SpanReader
from service.answering.settings import ReaderSettings

REFUSED = 0.025
"""Share of the answerable development questions that the threshold may refuse."""


@dataclass(frozen=True, slots=True)
class Product:
    """What is shipped: its name in answers, where it came from, and the bits of a weight.

    `backbone`: the pre-trained model's name, and `source` its folder; `stages`: those of the recipe that
    made it.
    """

    label: str
    backbone: str
    source: Path
    stages: tuple[str, ...]
    bits: int


def ship(shop: Workshop, model: SpanModel, product: Product, out: Path) -> None:
    """Write a reader's folder with everything that the service needs."""
    settings = ReaderSettings()
    facts: dict[str, Any] = {
        "name": product.label,
        "backbone": product.backbone,
        "shape": _shape(model),
        "reading": asdict(settings),
        "training_seconds": sum(_seconds(shop.folder / stage) for stage in product.stages),
    }
    tokenizer = product.source / "tokenizer.json"
    lean = fused(model)
    words = Featuriser(product.source)
    products = input_products(lean, typical(words), words.pad_id)
    export(lean, tokenizer, out, bits=product.bits, facts=facts, rounding=rounding(lean, products))
    network, tokens = load_network(out)
    reader = SpanReader(product.label, tokens, network, settings)
    shop.say(f"{product.label}: reading comprehension, as shipped and as trained")
    scores = measure(reader)
    trained = measure(torch_reader(product.label, model.float(), tokenizer, settings))
    lost = {name: round(trained[name]["f1"] - scores[name]["f1"], 2) for name in scores}
    update(out, {"scores": scores, "f1_lost_in_conversion": lost})
    calibrate(shop, out)


def _shape(model: SpanModel) -> dict[str, int]:
    """The layers, their width and their inner width: what the arithmetic of a question follows from."""
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
    """How long a stage took, by the last line of its log that tells of its end."""
    path = folder / "log.jsonl"
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
    return next((int(record["seconds"]) for record in reversed(records) if "plan" in record), 0)


def calibrate(
    shop: Workshop,
    folder: Path,
    *,
    refused: float = REFUSED,
    seeds: Path = Path("seeds"),
    sets: Sequence[str] = SETS,
) -> None:
    """Fit an exported reader's confidence on development sets and the seeds; write it into its card."""
    card = json.loads((folder / CARD).read_text("utf-8"))
    network, words = load_network(folder)
    settings = ReaderSettings(**card["reading"])
    path = shop.folder / f"readings-{card['files'][WEIGHTS]['sha256'][:16]}.jsonl"
    if not path.is_file():
        reader = SpanReader(card["name"], words, network, settings)
        keep(path, readings(reader, load_encoder(), Path(".quoth/studies"), seeds, sets=sets))
    found = kept(path)
    calibration = fit(found, refused=refused)
    by_source = {
        source: figures(calibration, [one for one in found if one.source == source])
        for source in dict.fromkeys(one.source for one in found)
    }
    fitted = {
        "command": "python -m eval.training",
        "all": figures(calibration, found),
        "cross_fitted": cross_fitted(found, refused=refused),
        "by_source": by_source,
    }
    update(folder, {"confidence": _stored(calibration) | {"fit": fitted}})
    shop.say(json.dumps(fitted, indent=1))


def _stored(calibration: Calibration) -> dict[str, Any]:
    return {
        "weights": {name: round(weight, 6) for name, weight in calibration.weights.items()},
        "bias": round(calibration.bias, 6),
        "threshold": calibration.threshold,
    }
