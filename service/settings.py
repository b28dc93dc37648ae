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

Origin = Annotated[str, StringConstraints(pattern=r"^(?:\*|https?://[A-Za-z0-9.\-]+(?::\d{1,5})?)$")]

PREFIX = "QUOTH_"
_OTHERS = frozenset({"QUOTH_DATA"})  # read elsewhere: the evaluation's optional data folder


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
        False, description="Listen on an address that other machines reach. There is no access control yet."
    )
    top_k: int = Field(8, ge=1, le=50, description="Passages read for a question.")
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
    max_batch: int = Field(32, ge=1, le=1_000, description="Questions in one batch.")
    max_body_bytes: int = Field(1_000_000, ge=1_000, description="Bytes in the body of a request.")
    feedback: Path = Field(
        Path(".quoth/feedback.sqlite"), description="Where readers' verdicts on answers are kept."
    )
    origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        (), description="Sites whose pages may ask, as https://example.org, apart by commas; * for all."
    )
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=256, description="Questions answered at once."
    )

    @field_validator("origins", mode="before")
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
