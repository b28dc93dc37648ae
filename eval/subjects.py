"""A request of `quoth eval` -> the questions, and the system that answers them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.dataset import SPLITS, DatasetError, Example, fingerprint, load_examples
from eval.remote import RemoteSystem
from eval.squad import SquadFile, is_squad, load_squad
from eval.studies.retrieval import sample
from eval.systems import LocalSystem, ReaderSystem, System
from indexer.commands import build_index, build_source
from indexer.encoders.loading import load_encoder
from indexer.progress_display import ProgressDisplay
from indexer.settings import DEFAULT_ENCODER
from indexer.terminal import print_warning
from service.answering.loading import load_reader
from service.loading import load_answerer
from service.settings import Settings

WORK = Path(".quoth/eval")
"""Where the indexes of question sets and of folders of articles are kept."""

_RECORDED = ("top_k", "fusion", "dense_weight", "candidates", "alternatives")


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure. `questions`: the size of a sample, drawn with `seed`. `top_k`: sent to the service."""

    dataset: Path
    settings: Settings
    articles: Path | None = None
    url: str | None = None
    reader_only: bool = False
    split: str = "all"
    questions: int | None = None
    seed: int = 0
    top_k: int | None = None
    work: Path = WORK
    progress: ProgressDisplay | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The system, the questions, and the description of the question set in the record."""

    system: System
    examples: list[Example]
    dataset: dict[str, Any]


def open_subject(request: Request) -> Subject:
    """Load the questions and open the system.

    Raises:
        DatasetError: the question set cannot be used, or does not fit the rest of the request.
        QuothError: the system cannot be opened or reached.
    """
    if request.split not in (*SPLITS, "all"):
        raise DatasetError(f"there is no split {request.split!r}: choose one of {', '.join(SPLITS)}, all")
    _check(request)
    moved = 0
    if is_squad(request.dataset):
        squad = load_squad(request.dataset)
        examples, moved = [*squad.examples], squad.moved
        system = _reader_system(squad, request) if request.reader_only else _squad_system(squad, request)
    else:
        system = _system(request)
        examples = load_examples(request.dataset, system)
    chosen = _chosen(examples, request)
    dataset = {
        "name": request.dataset.name,
        "sha256": fingerprint(request.dataset),
        "split": request.split,
        "of": len(examples),
        # Answers that are in their paragraph, but not where the file says.
        "moved": moved,
    }
    return Subject(system, chosen, dataset)


def _check(request: Request) -> None:
    given = [
        name
        for name, value in (
            ("--url", request.url),
            ("--articles", request.articles),
            ("--reader-only", request.reader_only),
        )
        if value
    ]
    if len(given) > 1:
        raise DatasetError(f"{' and '.join(given)} do not go together: choose one")
    squad = is_squad(request.dataset)
    if squad and (request.url or request.articles):
        raise DatasetError(
            f"{request.dataset.name} is in SQuAD's format and brings its own articles: leave out {given[0]}"
        )
    if request.reader_only and not squad:
        raise DatasetError(
            f"--reader-only needs a SQuAD-format file (.json), with a paragraph for each question: "
            f"{request.dataset.name} is not one"
        )


def _chosen(examples: list[Example], request: Request) -> list[Example]:
    found = [example for example in examples if request.split in {"all", example.split}]
    if not found:
        raise DatasetError(
            f"{request.dataset} holds no question of the split {request.split!r}: choose another, or all"
        )
    return found if request.questions is None else sample(found, request.questions, request.seed)


def _system(request: Request) -> System:
    settings = request.settings
    if request.url is not None:
        # The service has its own settings: only what the caller chose is sent.
        remote = RemoteSystem(
            request.url, top_k=request.top_k, min_confidence=settings.answering.min_confidence
        )
        _ = remote.facts  # a service that is not Quoth fails here, not as a missing article
        return remote
    if request.articles is None:
        return _local(settings)
    name = hashlib.sha256(str(request.articles.resolve()).encode()).hexdigest()[:16]
    out = request.work / f"articles-{name}"
    encoder = settings.encoder or DEFAULT_ENCODER
    report = build_index(request.articles, out, encoder=encoder, progress=request.progress)
    for failure in report.failures:
        print_warning(f"{failure.path}: {failure.reason}", "not read")
    return _local(settings.changed(index=out))


def _squad_system(squad: SquadFile, request: Request) -> System:
    settings = request.settings
    out = request.work / f"squad-{fingerprint(request.dataset)[:16]}"
    build_source(squad, out, settings.encoder or DEFAULT_ENCODER, progress=request.progress)
    return _local(settings.changed(index=out))


def _local(settings: Settings) -> System:
    answerer = load_answerer(settings)
    info, recorded = answerer.index.info, settings.flat()
    return LocalSystem(
        answerer,
        {
            "mode": "open",
            "generation": info.generation,
            "articles": info.articles,
            "passages": info.passages,
            "splitter": info.splitter,
            **answerer.models,
            "threshold": answerer.threshold,
            "settings": {name: recorded[name] for name in _RECORDED},
        },
    )


def _reader_system(squad: SquadFile, request: Request) -> System:
    encoder = load_encoder(request.settings.encoder or DEFAULT_ENCODER)
    reader, calibration = load_reader(request.settings.reader)
    chosen = request.settings.answering.min_confidence
    if chosen is not None:
        calibration = replace(calibration, threshold=chosen)
    facts = {
        "mode": "reader-only",
        "articles": len(squad),
        "reader": {"name": reader.name, "sha256": reader.fingerprint},
        "encoder": {"name": encoder.name, "sha256": encoder.fingerprint},
        "threshold": calibration.threshold,
    }
    return ReaderSystem(reader, calibration, encoder, squad.paragraphs, facts)
