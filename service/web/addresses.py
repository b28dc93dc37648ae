"""Where the service may listen: on this machine only, unless a key is required or the settings allow more."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from indexer.errors import SettingsError

if TYPE_CHECKING:
    from service.web.settings import WebSettings


def check_address(settings: WebSettings) -> None:
    """Refuse an address that other machines can reach, unless a key is required or the settings allow it.

    Raises:
        SettingsError: the address is public, no key is required, and `allow_public` is not set.
    """
    listen = settings.listen
    if not is_loopback(listen.host) and settings.access.keys is None and not listen.allow_public:
        raise SettingsError(
            f"{listen.host} can be reached from other machines and no key is required: use 127.0.0.1, or "
            "make a key with `quoth keys add` and set QUOTH_KEYS, or add --allow-public if a proxy controls "
            "access"
        )


def is_loopback(host: str) -> bool:
    """Return whether an address or a name is a loopback one."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
