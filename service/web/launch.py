"""An Answerer and WebSettings -> a process that serves until a signal stops it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace

from service.answering.answerer import Answerer
from service.web.access.gate import LOOPBACK_HOSTS
from service.web.addresses import cannot_listen, is_loopback
from service.web.app import create_app
from service.web.operation import logs
from service.web.operation.generations import Source
from service.web.server.process import serve
from service.web.settings import WebSettings


def launch(
    answerer: Answerer,
    settings: WebSettings,
    source: Source,
    on_listening: Callable[[str], None],
    bound: socket.socket,
) -> None:
    """Serve `answerer`, and each new generation of `source`, until SIGTERM or SIGINT; main thread only.

    `bound` is what `addresses.bind` returned. `on_listening` is called with the address once connections are
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
        raise cannot_listen(listen, error) from error
    host, port = bound.getsockname()[:2]
    on_listening(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    with logs.in_background():
        serve(app, bound, limits, on_stopping=app.state.lifecycle.stop)
