"""Where the service may listen: on this machine only, unless a key is required or the settings allow more."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import TYPE_CHECKING

from indexer.errors import SettingsError

if TYPE_CHECKING:
    from service.web.settings import ListenSettings, WebSettings


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


def bind(settings: WebSettings) -> socket.socket:
    """Return a socket bound to the address of the settings; it refuses connections until it listens.

    The address is claimed before the models are loaded, so that a port in use is reported at once.

    Raises:
        SettingsError: as `check_address`, or the address cannot be listened on.
    """
    check_address(settings)
    listen = settings.listen
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # the port of a server that has just ended may be taken over
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((listen.host, listen.port))
    except OSError as error:
        bound.close()
        raise cannot_listen(listen, error) from error
    return bound


def cannot_listen(listen: ListenSettings, error: OSError) -> SettingsError:
    """Return the error for an address that the system refuses."""
    return SettingsError(
        f"cannot listen on {listen.host}:{listen.port} ({error.strerror}): choose another port with --port"
    )
