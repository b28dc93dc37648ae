"""An Answerer and Settings -> a process that serves until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable

from indexer.errors import SettingsError
from service.access.gate import LOOPBACK_HOSTS
from service.addresses import is_loopback
from service.answerer import Answerer
from service.app import create_app
from service.operation import logs
from service.operation.generations import Source
from service.server.limits import Limits
from service.server.process import serve
from service.settings import Settings


def launch(
    answerer: Answerer, settings: Settings, source: Source, on_listening: Callable[[str], None]
) -> None:
    """Serve `answerer`, and what `source` has next, until SIGTERM or SIGINT; for a process's main thread.

    `on_listening` is told the address once connections are accepted.

    Raises:
        SettingsError: the address cannot be listened on, or the limits contradict each other.
        KeyFileError: the file of keys cannot be used.
    """
    logs.configure(settings.log, messages=settings.log_questions)
    limits = Limits(
        header_seconds=settings.header_seconds,
        body_seconds=settings.body_seconds,
        connections=settings.connections,
        drain_seconds=settings.drain_seconds,
        grace_seconds=settings.grace_seconds,
    )
    if is_loopback(settings.host) and not settings.hosts:
        settings = settings.model_copy(update={"hosts": (*LOOPBACK_HOSTS, settings.host)})
    app = create_app(answerer, settings, source)
    try:
        # Bound here rather than by uvicorn, so that a taken port is an error of ours and port 0 is known.
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=limits.backlog)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}): choose another with --port"
        ) from error
    host, port = listener.getsockname()[:2]
    on_listening(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    with logs.written_aside():
        serve(app, listener, limits, on_stopping=app.state.lifecycle.stop)
