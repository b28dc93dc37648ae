"""A trained model -> a shipped reader: exported, checked against the original, calibrated, described."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.reading import measure
from eval.training.calibration import cross_fitted, figures, fit, keep, kept, readings
from eval.training.export import export, write_card
from eval.training.model import SpanModel
from eval.training.network import torch_reader
from eval.training.recipe import Workshop
from indexer.encoder import load_encoder
from service.confidence import Calibration
from service.network import load_network
from service.reader import ReaderSettings, SpanReader

REFUSED = 0.025
"""Share of the answerable development questions that the threshold may refuse."""

_UNFITTED = Calibration({"score": 1.0}, 0.0, 0.0)


def ship(
    shop: Workshop, model: SpanModel, *, label: str, tokenizer: Path, out: Path, bits: int
) -> dict[str, Any]:
    """Write a reader's folder with everything that the service needs; return its card."""
    settings = ReaderSettings()
    facts: dict[str, Any] = {
        "name": label,
        "reading": asdict(settings),
        "confidence": _stored(_UNFITTED),
    }
    export(model, tokenizer, out, bits=bits, facts=facts)
    network, words = load_network(out)
    reader = SpanReader(label, words, network, settings)
    shop.say(f"{label}: reading comprehension, as shipped")
    scores = measure(reader)
    shop.say(f"{label}: reading comprehension, as trained")
    trained = measure(torch_reader(label, model.float(), tokenizer, settings))
    lost = {name: round(trained[name]["f1"] - scores[name]["f1"], 2) for name in scores}
    facts |= {"scores": scores, "f1_lost_in_conversion": lost}
    write_card(out, facts | {"bits": bits})
    calibrate(shop, out)
    card: dict[str, Any] = json.loads((out / "reader.json").read_text("utf-8"))
    return card


def calibrate(shop: Workshop, folder: Path, *, refused: float = REFUSED, seeds: Path = Path("seeds")) -> None:
    """Fit a shipped reader's confidence and write it into its card."""
    card = json.loads((folder / "reader.json").read_text("utf-8"))
    network, words = load_network(folder)
    settings = ReaderSettings(**card["reading"])
    path = shop.folder / f"readings-{card['name']}.jsonl"
    if not path.is_file():
        reader = SpanReader(card["name"], words, network, settings)
        keep(path, readings(reader, load_encoder(), Path(".quoth/studies"), seeds))
    found = kept(path)
    calibration = fit(found, refused=refused)
    by_source = {
        source: figures(calibration, [one for one in found if one.source == source])
        for source in dict.fromkeys(one.source for one in found)
    }
    card["confidence"] = _stored(calibration) | {
        "fit": {
            "command": "python -m eval.training",
            "all": figures(calibration, found),
            "cross_fitted": cross_fitted(found, refused=refused),
            "by_source": by_source,
        }
    }
    card.pop("files"), card.pop("format")
    write_card(folder, card)
    shop.say(json.dumps(card["confidence"], indent=1))


def _stored(calibration: Calibration) -> dict[str, Any]:
    return {
        "weights": {name: round(weight, 6) for name, weight in calibration.weights.items()},
        "bias": round(calibration.bias, 6),
        "threshold": calibration.threshold,
    }
