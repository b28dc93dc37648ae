"""Where the service may listen: on this machine only, unless a key is asked for or the settings say more."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from indexer.errors import SettingsError

if TYPE_CHECKING:
    from service.web.settings import WebSettings


def check_address(settings: WebSettings) -> None:
    """Refuse an address that other machines reach, unless a key is asked for or the settings allow it.

    Raises:
        SettingsError: the address is public, no key is asked for, and `allow_public` is not set.
    """
    listen = settings.listen
    if not is_loopback(listen.host) and settings.access.keys is None and not listen.allow_public:
        raise SettingsError(
            f"{listen.host} can be reached from other machines and no key is asked for: use 127.0.0.1, "
            "make a key with `quoth keys add` and set QUOTH_KEYS, or say --allow-public behind a proxy that "
            "guards it"
        )


def is_loopback(host: str) -> bool:
    """Tell whether an address or a name is one of this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
