"""Settings of the service over HTTP, each with its default and range."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Interval
from pydantic import BeforeValidator, StringConstraints
from typing_extensions import Doc

from indexer.errors import SettingsError
from indexer.ranges import check_ranges
from service.web.rate import Rate

Origin = Annotated[str, StringConstraints(pattern=r"^(?:\*|https?://[A-Za-z0-9.\-]+(?::\d{1,5})?)$")]


LogFormat = Literal["json", "text"]


def _split(value: Any) -> Any:  # noqa: ANN401 - any setting
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _parse_rate(value: Any) -> Any:  # noqa: ANN401 - any setting
    return Rate.parse(value) if isinstance(value, str) else value


def _cores() -> int:
    # Only the cores that this process may use, where the system reports them.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Where the service listens."""

    host: Annotated[str, Doc("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Interval(ge=0, le=65_535), Doc("Port to listen on; 0 takes a free one.")] = 8000
    allow_public: Annotated[
        bool, Doc("Listen on an address that other machines can reach although no key is required.")
    ] = False

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Keys, rate limits, host names and other sites."""

    keys: Annotated[
        Path | None, Doc("The file of API keys that `quoth keys` keeps; without it no key is required.")
    ] = None
    rate_limit: Annotated[
        Annotated[Rate, BeforeValidator(_parse_rate)] | None,
        Doc(
            "Requests allowed to each key, or to each address where no key is required, as 60/minute; a "
            "batch counts one for each question. No limit by default."
        ),
    ] = None
    allowed_hosts: Annotated[
        tuple[str, ...],
        BeforeValidator(_split),
        Doc(
            "Host names that requests may be addressed to; by default the loopback names on a loopback "
            "address, else any."
        ),
    ] = ()
    allowed_origins: Annotated[
        tuple[Origin, ...],
        BeforeValidator(_split),
        Doc("Sites whose pages may ask, as https://example.org, separated by commas; * for all."),
    ] = ()
    frame_ancestors: Annotated[
        tuple[Origin, ...],
        BeforeValidator(_split),
        Doc("Sites that may show Quoth's pages in a frame; none by default."),
    ] = ()


@dataclass(frozen=True, slots=True)
class RequestSettings:
    """Limits on the size of a request."""

    max_batch: Annotated[int, Interval(ge=1, le=1_000), Doc("The most questions in one batch.")] = 32
    max_body_bytes: Annotated[
        int, Interval(ge=1_000, le=1_000_000_000), Doc("The largest request body, in bytes.")
    ] = 1_000_000

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class AdmissionSettings:
    """Limits of the queue: questions answered at once, questions waiting, waiting time."""

    workers: Annotated[
        int, Interval(ge=1, le=256), Doc("Questions answered at the same time; by default one for each core.")
    ] = field(default_factory=_cores)
    queue_size: Annotated[int, Interval(ge=0, le=10_000), Doc("Questions that may wait in the queue.")] = 32
    queue_timeout: Annotated[
        float,
        Interval(ge=0.001, le=300),
        Doc(
            "The longest wait of a question, in seconds; a question is refused at once if its expected wait "
            "is more than half of this."
        ),
    ] = 5.0

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Limits on connections, and how the server stops. Times are in seconds.

    Raises:
        SettingsError: a value is out of its range, or `drain_seconds` is not less than `grace_seconds`.
    """

    header_seconds: Annotated[
        float,
        Interval(ge=0.05, le=300),
        Doc("Seconds for a request's headers to arrive, from its first byte or the start of the connection."),
    ] = 10.0
    body_seconds: Annotated[
        float,
        Interval(ge=0.05, le=3_600),
        Doc("Seconds for a request's body to arrive, once the application reads it."),
    ] = 30.0
    idle_seconds: Annotated[
        int, Interval(ge=1, le=3_600), Doc("Seconds after which a connection without a request is closed.")
    ] = 15
    write_seconds: Annotated[
        float, Interval(ge=0.05, le=3_600), Doc("Seconds after which a client that reads nothing is cut off.")
    ] = 30.0
    linger_seconds: Annotated[
        float,
        Interval(ge=0.05, le=30),
        Doc(
            "Seconds that a connection is read after an early response, so that the client receives it; and "
            "that a client which has closed its side is still answered."
        ),
    ] = 2.0
    max_connections: Annotated[
        int, Interval(ge=1, le=65_536), Doc("The most connections open at once; further ones get 503.")
    ] = 512
    backlog: Annotated[
        int,
        Interval(ge=1, le=65_536),
        Doc("The most connections that the system holds before they are accepted."),
    ] = 128
    header_bytes: Annotated[
        int, Interval(ge=1_024, le=1_048_576), Doc("The largest request line and headers, in bytes.")
    ] = 32_768
    linger_bytes: Annotated[
        int,
        Interval(ge=0, le=1_073_741_824),
        Doc("The most bytes that are read and discarded after an early response."),
    ] = 8_388_608
    drain_seconds: Annotated[
        float,
        Interval(ge=0, le=300),
        Doc("Seconds from SIGTERM, with `/readyz` at 503, until no more connections are accepted."),
    ] = 0.5
    grace_seconds: Annotated[
        float, Interval(ge=0.1, le=3_600), Doc("Seconds from SIGTERM until the process ends at the latest.")
    ] = 10.0

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.drain_seconds >= self.grace_seconds:
            raise SettingsError(
                f"drain_seconds is {self.drain_seconds}; choose less than grace_seconds "
                f"({self.grace_seconds})"
            )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged, and how."""

    log_format: Annotated[
        LogFormat | None, Doc("json or text; by default text on a terminal and JSON elsewhere.")
    ] = None
    log_questions: Annotated[
        bool, Doc("Log questions, and the messages of unexpected errors, which may contain questions.")
    ] = False


@dataclass(frozen=True, slots=True)
class WebSettings:
    """All settings of the service over HTTP."""

    listen: ListenSettings = field(default_factory=ListenSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    requests: RequestSettings = field(default_factory=RequestSettings)
    admission: AdmissionSettings = field(default_factory=AdmissionSettings)
    connections: ConnectionSettings = field(default_factory=ConnectionSettings)
    logs: LogSettings = field(default_factory=LogSettings)
    reload_seconds: Annotated[
        float, Interval(ge=0, le=86_400), Doc("Seconds between checks for a new generation; 0 for none.")
    ] = 2.0
    feedback: Annotated[Path, Doc("The file that stores readers' verdicts on answers.")] = Path(
        ".quoth/feedback.sqlite"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
