from __future__ import annotations

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import SettingsError
from service.answering.settings import AnswererSettings, RetrieverSettings
from service.settings import REMOVED, RENAMED, Settings, described, leaves, load_settings
from service.web.addresses import check_address
from service.web.settings import (
    AccessSettings,
    AdmissionSettings,
    ConnectionSettings,
    ListenSettings,
    LogSettings,
    RequestSettings,
    WebSettings,
)

GROUPS: tuple[Any, ...] = (
    Settings,
    RetrieverSettings,
    AnswererSettings,
    WebSettings,
    ListenSettings,
    AccessSettings,
    RequestSettings,
    AdmissionSettings,
    ConnectionSettings,
    LogSettings,
)

RANGES: dict[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "dense_weight": (0, 1),
    "candidates": (1, 10_000),
    "top_k": (1, 50),
    "alternatives": (0, 20),
    "min_confidence": (0, 1),
    "cache_size": (0, 1_000_000),
    "max_batch": (1, 1_000),
    "max_body_bytes": (1_000, 1_000_000_000),
    "workers": (1, 256),
    "queue_size": (0, 10_000),
    "queue_timeout": (0.001, 300),
    "header_seconds": (0.05, 300),
    "body_seconds": (0.05, 3_600),
    "idle_seconds": (1, 3_600),
    "write_seconds": (0.05, 3_600),
    "linger_seconds": (0.05, 30),
    "max_connections": (1, 65_536),
    "backlog": (1, 65_536),
    "header_bytes": (1_024, 1_048_576),
    "linger_bytes": (0, 1_073_741_824),
    "drain_seconds": (0, 300),
    "grace_seconds": (0.1, 3_600),
    "reload_seconds": (0, 86_400),
}
NUMBERS = {name for name, value in Settings().flat().items() if type(value) in (int, float)}


def variables() -> Iterator[tuple[str, str]]:
    for name in leaves():
        yield name, f"QUOTH_{name.upper()}"


def test_the_environment_is_read_and_given_values_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_TOP_K", "7")
    monkeypatch.setenv("QUOTH_PORT", "9000")
    settings = load_settings(port=9001, host=None)
    assert settings.answering.top_k == 7
    assert settings.web.listen == ListenSettings(host="127.0.0.1", port=9001)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("INDEX", "some/index", Path("some/index")),
        ("ENCODER", "e5", "e5"),
        ("ALLOW_PUBLIC", "true", True),
        ("ALLOW_PUBLIC", "1", True),
        ("LOG_QUESTIONS", "no", False),
        ("LOG_FORMAT", "json", "json"),
        ("TOP_K", "8", 8),
        ("FUSION", "reciprocal-rank", "reciprocal-rank"),
        ("DENSE_WEIGHT", "0.25", 0.25),
        ("MIN_CONFIDENCE", "0", 0.0),
        ("QUEUE_TIMEOUT", "2", 2.0),
        ("FEEDBACK", "/tmp/f.sqlite", Path("/tmp/f.sqlite")),  # noqa: S108 - only a name
        ("ALLOWED_HOSTS", "a.example b.example,c", ("a.example", "b.example", "c")),
        ("ALLOWED_ORIGINS", "https://a.example, http://127.0.0.1:8080", ("https://a.example", "http://127.0.0.1:8080")),
        ("FRAME_ANCESTORS", "*", ("*",)),
        ("FRAME_ANCESTORS", "", ()),
    ],
)  # fmt: skip
def test_a_variable_is_read_as_its_settings_type(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    monkeypatch.setenv(f"QUOTH_{name}", text)
    read = load_settings().flat()[name.lower()]
    assert read == value
    assert type(read) is type(value)


def test_names_of_variables_are_not_case_sensitive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("quoth_Top_K", "7")
    assert load_settings().answering.top_k == 7


def test_settings_made_in_code_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_TOP_K", "7")
    assert Settings.of(candidates=7).answering.top_k == Settings().answering.top_k != 7


def test_each_setting_goes_to_its_group() -> None:
    settings = Settings.of(
        reader="fast", top_k=3, fusion="reciprocal-rank", port=0, keys="k.json", queue_size=1
    )
    assert settings == Settings(
        reader="fast",
        answering=AnswererSettings(top_k=3),
        retrieval=RetrieverSettings(fusion="reciprocal-rank"),
        web=WebSettings(
            listen=ListenSettings(port=0),
            access=AccessSettings(keys=Path("k.json")),
            admission=AdmissionSettings(queue_size=1),
        ),
    )


def test_a_changed_copy_keeps_every_other_setting() -> None:
    settings = Settings.of(top_k=3, rate_limit="60/minute", allowed_hosts="a,b", min_confidence=0.5)
    changed = settings.changed(port=9, top_k=4)
    assert changed.flat() == settings.flat() | {"port": 9, "top_k": 4}
    assert settings.answering.top_k == 3
    with pytest.raises(SettingsError, match="QUOTH_PORT"):
        settings.changed(port=-1)


# Not the two whose ranges depend on each other.
INDEPENDENT = sorted(set(RANGES) - {"drain_seconds", "grace_seconds"})


@given(st.dictionaries(st.sampled_from(INDEPENDENT), st.integers(0, 2**31), max_size=4))
def test_any_settings_in_range_are_kept_and_any_other_is_refused_by_name(values: dict[str, int]) -> None:
    outside = {name for name, value in values.items() if not RANGES[name][0] <= value <= RANGES[name][1]}
    if outside:
        with pytest.raises(SettingsError) as raised:
            Settings.of(**values)
        assert set(re.findall(r"QUOTH_\w+", str(raised.value))) == {
            f"QUOTH_{name.upper()}" for name in outside
        }
    else:
        settings = Settings.of(**values)
        assert {name: settings.flat()[name] for name in values} == values


def test_no_two_groups_share_a_name() -> None:
    names = Counter(field.name for group in GROUPS for field in dataclasses.fields(group))
    assert [name for name, count in names.items() if count > 1] == []
    groups = {name for group in GROUPS for name in _groups_of(group)}
    assert set(names) - groups == set(leaves())


def _groups_of(group: Any) -> list[str]:
    made = group()
    return [
        field.name
        for field in dataclasses.fields(group)
        if dataclasses.is_dataclass(getattr(made, field.name))
    ]


def test_settings_cannot_be_altered() -> None:
    for group in GROUPS:
        made = group()
        name = dataclasses.fields(group)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made, name, None)


def test_every_setting_is_described_with_its_default() -> None:
    defaults = Settings().flat()
    found = {variable: (default, text) for variable, default, text in described()}
    assert {variable: default for variable, (default, _) in found.items()} == {
        variable: defaults[name] for name, variable in variables()
    }
    assert all(text.strip() == text and text.endswith(".") for _, text in found.values())


def test_every_number_has_a_range() -> None:
    assert NUMBERS | {"min_confidence"} == set(RANGES)


@pytest.mark.parametrize("name", sorted(RANGES))
def test_a_number_outside_its_range_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    least, most = RANGES[name]
    step: float = 1 if isinstance(Settings().flat()[name], int) else 1e-6
    variable = f"QUOTH_{name.upper()}"
    for value in (least - step, most + step, math.nan, math.inf, -math.inf):
        monkeypatch.setenv(variable, str(value))
        with pytest.raises(SettingsError, match=rf"{variable}\b"):
            load_settings()
    # A grace longer than the drain, so that both may take either end of their range.
    others: dict[str, dict[str, float]] = {
        "drain_seconds": {"grace_seconds": most + 1},
        "grace_seconds": {"drain_seconds": 0},
    }
    for value in (least, most):
        monkeypatch.setenv(variable, str(value))
        assert load_settings(**others.get(name, {})).flat()[name] == value


@pytest.mark.parametrize("name", sorted(RANGES))
def test_a_group_made_directly_checks_the_same_range(name: str) -> None:
    (group,) = [one for one in GROUPS if name in {field.name for field in dataclasses.fields(one)}]
    least, most = RANGES[name]
    step: float = 1 if isinstance(Settings().flat()[name], int) else 1e-6
    for value in (least - step, most + step, math.nan, math.inf):
        with pytest.raises(SettingsError, match=name):
            group(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOP_K", "many"),
        ("TOP_K", "2.5"),
        ("TOP_K", ""),
        ("ALLOW_PUBLIC", "perhaps"),
        ("ALLOW_PUBLIC", ""),
        ("FUSION", "sum"),
        ("FUSION", ""),
        ("READER", ""),
        ("ALLOWED_ORIGINS", "example.org"),
        ("ALLOWED_ORIGINS", "https://example.org/page"),
        ("ALLOWED_ORIGINS", "https://example.org, javascript:alert"),
        ("FRAME_ANCESTORS", "example.org"),
        ("RATE_LIMIT", "60"),
        ("RATE_LIMIT", "0/minute"),
        ("RATE_LIMIT", "1.5/second"),
        ("RATE_LIMIT", "60/fortnight"),
        ("RATE_LIMIT", ""),
        ("LOG_FORMAT", "xml"),
        ("LOG_FORMAT", ""),
    ],
)
def test_an_invalid_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"QUOTH_{name}", value)
    with pytest.raises(SettingsError, match=f"QUOTH_{name}: "):
        load_settings()


def test_every_invalid_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_TOP_K", "0")
    monkeypatch.setenv("QUOTH_PORT", "70000")
    with pytest.raises(SettingsError, match=r"QUOTH_TOP_K: .*; QUOTH_PORT: "):
        load_settings()


def test_draining_must_end_before_the_grace_time_does() -> None:
    with pytest.raises(SettingsError, match=r"drain_seconds is 10\.0; choose less than grace_seconds"):
        Settings.of(drain_seconds=10.0)


@pytest.mark.parametrize(
    ("misspelt", "nearest"),
    [
        ("QUOTH_TOPK", "QUOTH_TOP_K"),
        ("quoth_topk", "QUOTH_TOP_K"),
        ("QUOTH_WORKER", "QUOTH_WORKERS"),
        ("QUOTH_ORIGIN", "QUOTH_ALLOWED_ORIGINS"),
        ("QUOTH_TIMEOUT", "QUOTH_QUEUE_TIMEOUT"),
    ],
)
def test_a_misspelt_variable_is_refused_with_only_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, misspelt: str, nearest: str
) -> None:
    monkeypatch.setenv(misspelt, "4")
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert str(raised.value) == f"unknown setting {misspelt}: did you mean {nearest}?"


def test_a_name_that_resembles_no_setting_points_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_XYZ", "4")
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert str(raised.value) == "unknown setting QUOTH_XYZ: the service's README lists all settings"


def test_an_unknown_name_given_in_code_is_refused_too() -> None:
    for make in (load_settings, Settings.of, Settings().changed):
        with pytest.raises(SettingsError, match=r"QUOTH_TOPK: did you mean QUOTH_TOP_K\?"):
            make(topk=1)
        with pytest.raises(SettingsError, match="QUOTH_WEB"):
            make(web=WebSettings())  # a group has no variable


def test_other_variables_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_DATA", "/data")  # the evaluation's
    monkeypatch.setenv("QUOTHE_TOP_K", "4")
    assert load_settings() == Settings()


@pytest.mark.parametrize(("former", "name"), sorted(RENAMED.items()))
def test_a_renamed_setting_is_refused_with_the_new_name(
    monkeypatch: pytest.MonkeyPatch, former: str, name: str
) -> None:
    assert name in [variable for _, variable in variables()]
    for variable in (former, former.lower()):
        with monkeypatch.context() as environment:
            environment.setenv(variable, "1")
            with pytest.raises(SettingsError) as raised:
                load_settings()
        assert str(raised.value) == f"{variable} is now called {name}: rename it"
    with pytest.raises(SettingsError, match=f"is now called {name}"):
        Settings.of(**{former.removeprefix("QUOTH_").lower(): 1})


def test_every_former_name_is_refused_with_what_to_do_now() -> None:
    former = {
        *["index", "encoder", "reader", "host", "port", "allow_public", "keys", "rate", "hosts", "top_k"],
        *["first", "settled", "alternatives", "min_confidence", "fusion", "dense_weight", "candidates"],
        *["cache", "max_batch", "max_body_bytes", "feedback", "origins", "frames", "workers", "queue"],
        *["patience", "reload_seconds", "header_seconds", "body_seconds", "connections", "drain_seconds"],
        *["grace_seconds", "log", "log_questions"],
    }
    gone = {f"QUOTH_{name.upper()}" for name in former - set(leaves())}
    assert gone == set(RENAMED) | set(REMOVED)


@pytest.mark.parametrize("former", sorted(REMOVED))
def test_a_removed_setting_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch, former: str) -> None:
    monkeypatch.setenv(former, "1")
    with pytest.raises(SettingsError, match=rf"{former} is no longer a setting: .*QUOTH_TOP_K"):
        load_settings()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104
def test_a_public_address_is_refused_unless_allowed(host: str) -> None:
    with pytest.raises(SettingsError, match="--allow-public"):
        check_address(Settings.of(host=host).web)
    check_address(Settings.of(host=host, allow_public=True).web)
    check_address(Settings.of(host=host, keys=Path("keys.json")).web)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_a_loopback_address_needs_no_permission(host: str) -> None:
    check_address(Settings.of(host=host).web)
