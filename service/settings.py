"""The service's settings: from `QUOTH_...` environment variables, or given by the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from indexer.errors import SettingsError
from service.fusion import Fusion
from service.operation.logs import LogFormat

Origin = Annotated[str, StringConstraints(pattern=r"^(?:\*|https?://[A-Za-z0-9.\-]+(?::\d{1,5})?)$")]

Rate = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,8}/(?:second|minute|hour|day)$")]

PREFIX = "QUOTH_"
_OTHERS = frozenset({"QUOTH_DATA"})  # read elsewhere: the evaluation's optional data folder


def _cores() -> int:
    # Those that this process may use, where the system tells.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseSettings):
    """What a running service can be told. Unknown names and values out of range are refused at start."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    index: Path = Field(Path(".quoth/index"), description="The index folder.")
    encoder: str | None = Field(
        default=None, description="Name or path of the encoder; by default the one that made the index."
    )
    reader: str = Field(
        "default",
        min_length=1,
        description="Who finds the answers: default, fast, sentence (the baseline), or an exported folder.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    allow_public: bool = Field(
        False, description="Listen on an address that other machines reach though no key is asked for."
    )
    keys: Path | None = Field(
        default=None,
        description="The file of API keys that `quoth keys` keeps; without it none is asked for.",
    )
    rate: Rate | None = Field(
        default=None,
        description="Requests allowed to a key, or without one to an address, as 60/minute; a batch counts "
        "one a question. No limit if unset.",
    )
    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Names that requests may be addressed to; by default loopback's own while served there.",
    )
    top_k: int = Field(8, ge=1, le=50, description="Passages read for a question, at most.")
    first: int = Field(3, ge=1, le=50, description="Passages of them that are read first.")
    settled: float = Field(
        1.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Confidence of an answer among the first that spares the others; with 1 all are read.",
    )
    alternatives: int = Field(3, ge=0, le=20, description="Other candidates shown beside an answer.")
    min_confidence: float | None = Field(
        default=None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Withhold an answer below it; by default the threshold fitted with the reader.",
    )
    fusion: Fusion = Field("convex", description="How the two searches are fused: convex or reciprocal-rank.")
    dense_weight: float = Field(
        0.7, ge=0, le=1, allow_inf_nan=False, description="The dense score's share in the fusion."
    )
    candidates: int = Field(100, ge=1, le=10_000, description="Passages that each search contributes.")
    cache: int = Field(
        1_000, ge=0, le=1_000_000, description="Questions whose answers are kept for when they come again."
    )
    max_batch: int = Field(32, ge=1, le=1_000, description="Questions in one batch.")
    max_body_bytes: int = Field(1_000_000, ge=1_000, description="Bytes in the body of a request.")
    feedback: Path = Field(
        Path(".quoth/feedback.sqlite"), description="Where readers' verdicts on answers are kept."
    )
    origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        (), description="Sites whose pages may ask, as https://example.org, apart by commas; * for all."
    )
    frames: Annotated[tuple[Origin, ...], NoDecode] = Field(
        (), description="Sites that may show the page for asking within their own; none by default."
    )
    workers: int = Field(default_factory=_cores, ge=1, le=256, description="Questions answered at once.")
    queue: int = Field(32, ge=0, le=10_000, description="Questions that may wait to be answered.")
    patience: float = Field(
        5.0,
        gt=0,
        le=300,
        allow_inf_nan=False,
        description="Seconds that a question may wait; half of it expected is too long.",
    )
    reload_seconds: float = Field(
        2.0,
        ge=0,
        le=86_400,
        allow_inf_nan=False,
        description="Seconds between looks for a new generation; 0 for none.",
    )
    header_seconds: float = Field(
        10.0,
        ge=0.05,
        le=300,
        allow_inf_nan=False,
        description="Seconds that a request's headers may take to arrive.",
    )
    body_seconds: float = Field(
        30.0,
        ge=0.05,
        le=3_600,
        allow_inf_nan=False,
        description="Seconds that a request's body may take to arrive.",
    )
    connections: int = Field(512, ge=1, le=65_536, description="Connections open at once.")
    drain_seconds: float = Field(
        0.5,
        ge=0,
        le=300,
        allow_inf_nan=False,
        description="Seconds from SIGTERM, with readiness refused, until no more connections are accepted.",
    )
    grace_seconds: float = Field(
        10.0,
        ge=0.1,
        le=3_600,
        allow_inf_nan=False,
        description="Seconds from SIGTERM until the end at the latest.",
    )
    log: LogFormat | None = Field(
        default=None, description="json or text; by default text on a terminal and JSON elsewhere."
    )
    log_questions: bool = Field(
        False, description="Log what is asked, and what unexpected errors say, which may repeat it."
    )

    @field_validator("origins", "hosts", "frames", mode="before")
    @classmethod
    def _apart(cls, value: Any) -> Any:  # noqa: ANN401 - any setting
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def load_settings(**given: Any) -> Settings:  # noqa: ANN401 - any setting
    """Return the settings: what is given and not None, then the environment, then the defaults.

    Raises:
        SettingsError: an unknown name or a value out of range; the message names the variable.
    """
    _refuse_unknown(os.environ)
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        problems = "; ".join(
            f"{PREFIX}{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']}"
            for problem in error.errors()
        )
        raise SettingsError(f"the settings cannot be used: {problems}") from error


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    # pydantic-settings forbids unknown names where it is given them, but not in the environment.
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | _OTHERS
    unknown = sorted(
        name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    if unknown:
        raise SettingsError(f"unknown setting {', '.join(unknown)}: known are {', '.join(sorted(known))}")
