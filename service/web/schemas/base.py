"""What all models share: unknown fields are refused, numbers and dates are read strictly."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from indexer.metadata import FIELDS
from indexer.ranges import whole_range_of
from indexer.records import Article
from service.answering.answers import Citation
from service.answering.settings import AnswererSettings

MAX_ARTICLE_ID = 2_000
"""The longest article id in a request, in characters."""

_MAX_FIELDS = 100  # of one object; no model has more than 20
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Wire(BaseModel):
    """Base of all models: frozen, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _has_few_fields(cls, data: Any) -> Any:  # noqa: ANN401 - any JSON
        # Pydantic and FastAPI would report each unknown field, at ten times the cost of parsing them.
        if isinstance(data, dict) and len(data) > _MAX_FIELDS:
            raise invalid(f"{len(data):,} fields; at most {_MAX_FIELDS} are read")
        return data


def invalid(message: str) -> PydanticCustomError:
    """Return an error for a validator to raise; the problem shows `message` as it is."""
    return PydanticCustomError("invalid", "{message}", {"message": message})


def metadata_fields(record: Article | Citation) -> dict[str, Any]:
    """Return what an article says of itself, by the names of the fields."""
    return {field: getattr(record.metadata, field) for field in FIELDS}


def _iso_day(value: Any) -> Any:  # noqa: ANN401 - any JSON
    # Pydantic alone would read a number, or a string of digits, as seconds since 1970.
    if isinstance(value, datetime.date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise invalid("write a date as 2024-01-31")


def _whole(value: Any) -> Any:  # noqa: ANN401 - any JSON
    # JSON has one kind of number: 8.0 is 8.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Day = Annotated[datetime.date, BeforeValidator(_iso_day)]
_LEAST, _MOST = whole_range_of(AnswererSettings, "top_k")
# Strict, because Pydantic would also take `true` and "1" for the number 1.
Count = Annotated[int, Field(ge=_LEAST, le=_MOST, strict=True), BeforeValidator(_whole)]
Start = Annotated[int, Field(ge=0, strict=True), BeforeValidator(_whole)]
End = Annotated[int, Field(ge=1, strict=True), BeforeValidator(_whole)]
Probability = Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)]
