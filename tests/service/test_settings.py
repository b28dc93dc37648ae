from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SettingsError
from service.settings import Settings, load_settings
from service.web.addresses import check_address

ROOT = Path(__file__).resolve().parents[2]


def test_the_environment_is_read_and_what_is_given_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_TOP_K", "4")
    monkeypatch.setenv("QUOTH_PORT", "9000")
    settings = load_settings(port=9001, host=None)
    assert (settings.top_k, settings.port, settings.host) == (4, 9001, "127.0.0.1")


def test_origins_stand_apart_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().origins == ()
    monkeypatch.setenv("QUOTH_ORIGINS", "https://example.org, http://127.0.0.1:8080")
    assert load_settings().origins == ("https://example.org", "http://127.0.0.1:8080")


def test_a_minimum_of_zero_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_MIN_CONFIDENCE", "0")
    assert load_settings().min_confidence == 0.0


def test_a_misspelt_setting_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_TOPK", "4")
    with pytest.raises(SettingsError, match="QUOTH_TOPK"):
        load_settings()
    monkeypatch.delenv("QUOTH_TOPK")
    with pytest.raises(SettingsError, match="QUOTH_TYPO"):
        load_settings(typo=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOP_K", "0"),
        ("TOP_K", "many"),
        ("PORT", "70000"),
        ("DENSE_WEIGHT", "nan"),
        ("FUSION", "sum"),
        ("MIN_CONFIDENCE", "2"),
        ("WORKERS", "0"),
        ("ORIGINS", "example.org"),
        ("ORIGINS", "https://example.org/page"),
        ("FRAMES", "example.org"),
        ("RATE", "60"),
        ("RATE", "0/minute"),
        ("PATIENCE", "0"),
        ("RELOAD_SECONDS", "-1"),
        ("LOG", "xml"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"QUOTH_{name}", value)
    with pytest.raises(SettingsError, match=f"QUOTH_{name}"):
        load_settings()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104
def test_a_public_address_is_refused_unless_allowed(host: str) -> None:
    with pytest.raises(SettingsError, match="--allow-public"):
        check_address(Settings.of(host=host).web)
    check_address(Settings.of(host=host, allow_public=True).web)
    check_address(Settings.of(host=host, keys=Path("keys.json")).web)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_a_loopback_address_needs_no_leave(host: str) -> None:
    check_address(Settings.of(host=host).web)


def test_the_readme_documents_every_setting() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in Settings.model_fields:
        assert f"`QUOTH_{name.upper()}`" in readme
