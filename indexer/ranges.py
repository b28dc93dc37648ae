"""Ranges of settings: annotations of a dataclass's fields, checked when an instance is made."""

from __future__ import annotations

import functools
import math
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from annotated_types import Interval

from indexer.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def check_ranges(settings: DataclassInstance) -> None:
    """Check each field that is annotated with an `Interval`; None is always accepted.

    Raises:
        SettingsError: a value is outside its interval.
    """
    for name, interval in _ranges(type(settings)).items():
        value = getattr(settings, name)
        if value is None:
            continue
        least, most = bounds(interval)
        if not (math.isfinite(value) and least <= value <= most):
            raise SettingsError(f"{name} is {value}; choose {least:,} to {most:,}")


def range_of(settings: type[DataclassInstance], name: str) -> tuple[float, float]:
    """Return the least and the greatest value of a field, both included."""
    return bounds(_ranges(settings)[name])


def whole_range_of(settings: type[DataclassInstance], name: str) -> tuple[int, int]:
    """Return the least and the greatest value of a field of whole numbers, both included."""
    least, most = range_of(settings, name)
    return int(least), int(most)


def bounds(interval: Interval) -> tuple[float, float]:
    """Return the least and the greatest value of a closed interval."""
    if interval.ge is None or interval.le is None:
        raise TypeError(f"{interval} is open: give both `ge` and `le`")
    return interval.ge, interval.le  # type: ignore[return-value]


@functools.cache
def _ranges(settings: type[DataclassInstance]) -> dict[str, Interval]:
    hints = get_type_hints(settings, include_extras=True)
    return {name: found for name, hint in hints.items() if (found := _interval(hint)) is not None}


def _interval(hint: Any) -> Interval | None:  # noqa: ANN401 - any annotation
    for part in (*getattr(hint, "__metadata__", ()), *get_args(hint)):
        if isinstance(part, Interval):
            return part
        # In `Annotated[Annotated[int, Interval(…)] | None, Doc(…)]` the interval is two levels down.
        nested = hasattr(part, "__metadata__") or get_origin(part) in {Union, UnionType}
        if nested and (found := _interval(part)) is not None:
            return found
    return None
