"""An Answerer and Settings -> a process that serves until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace

from indexer.errors import SettingsError
from service.answering.answerer import Answerer
from service.web.access.gate import LOOPBACK_HOSTS
from service.web.addresses import is_loopback
from service.web.app import create_app
from service.web.operation import logs
from service.web.operation.generations import Source
from service.web.server.process import serve
from service.web.settings import WebSettings


def launch(
    answerer: Answerer, settings: WebSettings, source: Source, on_listening: Callable[[str], None]
) -> None:
    """Serve `answerer`, and each new generation of `source`, until SIGTERM or SIGINT; from the main thread only.

    `on_listening` is called with the address once connections are accepted.

    Raises:
        SettingsError: the address cannot be listened on.
        KeyFileError: the file of keys cannot be used.
    """
    logs.configure(settings.logs)
    limits, listen = settings.connections, settings.listen
    if is_loopback(listen.host) and not settings.access.allowed_hosts:
        access = replace(settings.access, allowed_hosts=(*LOOPBACK_HOSTS, listen.host))
        settings = replace(settings, access=access)
    app = create_app(answerer, settings, source)
    try:
        # Bound here rather than by uvicorn, so that a taken port is an error of ours and port 0 is known.
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        listener = socket.create_server((listen.host, listen.port), family=family, backlog=limits.backlog)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {listen.host}:{listen.port} ({error.strerror}): choose another with --port"
        ) from error
    host, port = listener.getsockname()[:2]
    on_listening(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    with logs.written_aside():
        serve(app, listener, limits, on_stopping=app.state.lifecycle.stop)
