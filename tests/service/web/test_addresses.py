"""The address is bound before anything is loaded, and errors name it."""

from __future__ import annotations

import socket

import pytest

from indexer.errors import SettingsError
from service.settings import Settings
from service.web.addresses import bind


def test_a_port_in_use_is_refused_with_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            SettingsError, match=f"cannot listen on 127.0.0.1:{port} .*choose another port with --port"
        ):
            bind(Settings.of(port=port).web)


def test_a_bound_address_is_claimed_and_refuses_connections_until_the_service_starts() -> None:
    with bind(Settings.of(port=0).web) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        bound.listen()
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}"):
            bind(Settings.of(port=port).web)


def test_an_address_that_is_not_this_machine_s_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on 192\.0\.2\.1:0 "):
        bind(Settings.of(host="192.0.2.1", port=0, allow_public=True).web)


def test_a_public_address_without_a_key_is_refused_before_it_is_bound() -> None:
    with pytest.raises(SettingsError, match="can be reached from other machines and no key is required"):
        bind(Settings.of(host="0.0.0.0", port=0).web)  # noqa: S104 - refused
