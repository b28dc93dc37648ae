"""The settings of the service as one tree, from `QUOTH_...` environment variables and the command line.

Each group of settings is a frozen dataclass beside the code that uses it and is handed down whole. A setting
is called by its field's name, `top_k`, and in the environment `QUOTH_TOP_K`; no two groups share a name.
"""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

from annotated_types import Len
from pydantic import TypeAdapter, ValidationError
from typing_extensions import Doc

from indexer.errors import SettingsError
from indexer.settings import DEFAULT_INDEX
from service.answering.settings import AnswererSettings, RetrieverSettings
from service.web.settings import WebSettings

PREFIX = "QUOTH_"
_READ_ELSEWHERE = frozenset({"QUOTH_DATA"})  # the evaluation's optional data folder

RENAMED = {
    "QUOTH_CACHE": "QUOTH_CACHE_SIZE",
    "QUOTH_CONNECTIONS": "QUOTH_MAX_CONNECTIONS",
    "QUOTH_FRAMES": "QUOTH_FRAME_ANCESTORS",
    "QUOTH_HOSTS": "QUOTH_ALLOWED_HOSTS",
    "QUOTH_LOG": "QUOTH_LOG_FORMAT",
    "QUOTH_ORIGINS": "QUOTH_ALLOWED_ORIGINS",
    "QUOTH_PATIENCE": "QUOTH_QUEUE_TIMEOUT",
    "QUOTH_QUEUE": "QUOTH_QUEUE_SIZE",
    "QUOTH_RATE": "QUOTH_RATE_LIMIT",
}
"""Former names of settings, and their present names."""

REMOVED = {
    "QUOTH_FIRST": "all passages are read at once; set QUOTH_TOP_K to how many",
    "QUOTH_SETTLED": "all passages are read at once; set QUOTH_TOP_K to how many",
}
"""Former settings, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the service."""

    index: Annotated[Path, Doc("The index folder.")] = DEFAULT_INDEX
    encoder: Annotated[
        str | None, Doc("Name or path of the encoder; by default the one that made the index.")
    ] = None
    reader: Annotated[
        str, Len(min_length=1), Doc("The reader: default, fast, or the folder of an exported reader.")
    ] = "default"
    retrieval: RetrieverSettings = field(default_factory=RetrieverSettings)
    answering: AnswererSettings = field(default_factory=AnswererSettings)
    web: WebSettings = field(default_factory=WebSettings)

    @classmethod
    def of(cls, **values: Any) -> Settings:  # noqa: ANN401 - any setting
        """Return the defaults with some settings changed, each by its own name; the environment is not read.

        Raises:
            SettingsError: an unknown name or a value out of range; the message names the variable.
        """
        return _validated(values)

    def changed(self, **values: Any) -> Settings:  # noqa: ANN401 - any setting
        """Return these settings with some of them changed, each by its own name.

        Raises:
            SettingsError: as `of`.
        """
        return _validated({**self.flat(), **values})

    def flat(self) -> dict[str, Any]:
        """Return every setting's value by its name."""
        return {name: functools.reduce(getattr, (*path, name), self) for name, path in leaves().items()}


def load_settings(**given: Any) -> Settings:  # noqa: ANN401 - any setting
    """Return the settings: given values that are not None, then the environment, then the defaults.

    Raises:
        SettingsError: an unknown name or a value out of range; the message names the variable.
    """
    return _validated(chosen_settings(**given))


def chosen_settings(**given: Any) -> dict[str, Any]:  # noqa: ANN401 - any setting
    """Return only the settings that the caller or the environment sets, by name; values are not checked.

    Raises:
        SettingsError: the environment has a setting that does not exist.
    """
    return {
        **_from_environment(os.environ),
        **{name: value for name, value in given.items() if value is not None},
    }


@functools.cache
def leaves() -> dict[str, tuple[str, ...]]:
    """Return each setting's name and the names of the groups that lead to it."""
    return {name: path for name, path, _, _ in _walk(Settings, ())}


def described() -> Iterator[tuple[str, Any, str]]:
    """Yield each setting's environment variable, its default, and what it does."""
    for name, _, default, doc in _walk(Settings, ()):
        yield f"{PREFIX}{name.upper()}", default, doc


def _walk(group: type, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...], Any, str]]:
    hints = get_type_hints(group, include_extras=True)
    defaults = group()
    for one in fields(group):
        default = getattr(defaults, one.name)
        if is_dataclass(default):
            yield from _walk(type(default), (*path, one.name))
        else:
            (doc,) = [part.documentation for part in get_args(hints[one.name]) if isinstance(part, Doc)]
            yield one.name, path, default, doc


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    known = {f"{PREFIX}{name.upper()}": name for name in leaves()}
    found: dict[str, str] = {}
    for variable, value in environment.items():
        name = variable.upper()
        if name in known:
            found[known[name]] = value
        elif name.startswith(PREFIX) and name not in _READ_ELSEWHERE:
            raise SettingsError(_unknown(variable))
    return found


def _unknown(variable: str) -> str:
    name = variable.upper()
    if name in RENAMED:
        return f"{variable} is now called {RENAMED[name]}: rename it"
    if name in REMOVED:
        return f"{variable} is no longer a setting: {REMOVED[name]}"
    # Compared without the prefix, which would make all names similar.
    known = [leaf.upper() for leaf in leaves()]
    nearest = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1, cutoff=0.55)
    if nearest:
        return f"unknown setting {variable}: did you mean {PREFIX}{nearest[0]}?"
    return f"unknown setting {variable}: the service's README lists all settings"


def _validated(values: Mapping[str, Any]) -> Settings:
    tree: dict[str, Any] = {}
    for name, value in values.items():
        if name not in leaves():
            raise SettingsError(_unknown(f"{PREFIX}{name.upper()}"))
        group = tree
        for step in leaves()[name]:
            group = group.setdefault(step, {})
        group[name] = value
    try:
        return _adapter().validate_python(tree)
    except ValidationError as error:
        problems = "; ".join(
            f"{_variable(problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise SettingsError(f"the settings cannot be used: {problems}") from error


@functools.cache
def _adapter() -> TypeAdapter[Settings]:
    return TypeAdapter(Settings)


def _variable(location: tuple[int | str, ...]) -> str:
    name = next((part for part in location if part in leaves()), location[-1])
    return f"{PREFIX}{name}".upper()
