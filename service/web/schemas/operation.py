"""Health, readiness and reloading."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.web.operation.generations import Reload
from service.web.schemas.base import Wire


class StatusModel(Wire):
    """The process is alive."""

    status: Literal["ok"]


class ModelModel(Wire):
    """A model, identified by the hash of its weights."""

    name: str
    sha256: str = Field(description="SHA-256 of the weights, hexadecimal.")


class ReadyModel(StatusModel):
    """The service can answer, from this generation and with these models."""

    generation: str = Field(description="The generation that is served.")
    threshold: float = Field(
        ge=0,
        le=1,
        description="Confidence below which the service abstains, unless a request sets min_confidence.",
    )
    reader: ModelModel
    encoder: ModelModel


class ReloadModel(Wire):
    """Outcome of a check for a new generation."""

    outcome: Reload = Field(
        description="`swapped`: a new generation is served. `unchanged`: there is no new one. `refused`: the "
        "new one cannot be served; the log says why, and the old one goes on answering."
    )
    generation: str = Field(description="The generation that is served now.")
