"""An Answerer and WebSettings -> a process that serves until a signal stops it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace

from indexer.errors import SettingsError
from service.answering.answerer import Answerer
from service.web.access.gate import LOOPBACK_HOSTS
from service.web.addresses import check_address, is_loopback
from service.web.app import create_app
from service.web.operation import logs
from service.web.operation.generations import Source
from service.web.server.process import serve
from service.web.settings import ListenSettings, WebSettings


def listener(settings: WebSettings) -> socket.socket:
    """Return a socket bound to the address of the settings, which refuses connections until `launch`.

    The address is claimed before the models are loaded, so that a port in use is reported at once.

    Raises:
        SettingsError: the address is public and no key is required, or it cannot be listened on.
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
        raise _taken(listen, error) from error
    return bound


def _taken(listen: ListenSettings, error: OSError) -> SettingsError:
    return SettingsError(
        f"cannot listen on {listen.host}:{listen.port} ({error.strerror}): choose another port with --port"
    )


def launch(
    answerer: Answerer,
    settings: WebSettings,
    source: Source,
    on_listening: Callable[[str], None],
    bound: socket.socket,
) -> None:
    """Serve `answerer`, and each new generation of `source`, until SIGTERM or SIGINT; main thread only.

    `bound` is what `listener` returned. `on_listening` is called with the address once connections are
    accepted.

    Raises:
        SettingsError: another process has begun to listen on the address.
        KeyFileError: the file of keys cannot be used.
    """
    logs.configure(settings.logs)
    limits, listen = settings.connections, settings.listen
    if is_loopback(listen.host) and not settings.access.allowed_hosts:
        access = replace(settings.access, allowed_hosts=(*LOOPBACK_HOSTS, listen.host))
        settings = replace(settings, access=access)
    app = create_app(answerer, settings, source)
    try:
        bound.listen(limits.backlog)
    except OSError as error:
        raise _taken(listen, error) from error
    host, port = bound.getsockname()[:2]
    on_listening(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    with logs.in_background():
        serve(app, bound, limits, on_stopping=app.state.lifecycle.stop)
