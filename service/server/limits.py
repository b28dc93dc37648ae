"""What the server allows a connection, in seconds, bytes and numbers; how long it takes to stop."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from indexer.errors import SettingsError

# Field -> the least and the most it may be.
_RANGES: dict[str, tuple[float, float]] = {
    "header_seconds": (0.05, 300),
    "body_seconds": (0.05, 3_600),
    "idle_seconds": (1, 3_600),
    "write_seconds": (0.05, 3_600),
    "linger_seconds": (0.05, 30),
    "connections": (1, 65_536),
    "backlog": (1, 65_536),
    "header_bytes": (1_024, 1_048_576),
    "linger_bytes": (0, 1_073_741_824),
    "drain_seconds": (0, 300),
    "grace_seconds": (0.1, 3_600),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on connections, each within the range that is given.

    `header_seconds` (0.05 to 300): from the connection's start, or a further request's first byte, until its
    headers are complete. `body_seconds` (0.05 to 3,600): from when the application asks for the body until
    all of it is there. `idle_seconds` (1 to 3,600, whole): between two requests of a connection.
    `write_seconds` (0.05 to 3,600): a client that takes nothing of its response for so long is cut off.
    `connections` (1 to 65,536): open at once; those over it get 503. Each takes a file descriptor.
    `backlog` (1 to 65,536): connections that the system holds until they are accepted.
    `header_bytes` (1,024 to 1,048,576): a request's line and headers.
    `linger_seconds` (0.05 to 30), `linger_bytes` (0 to 1 GiB): how long, and how much, is read on and thrown
    away after an early answer, so that the client can read it; and how long a client that has ended its side
    is still answered.
    `drain_seconds` (0 to 300): from the signal to stop until no more connections are accepted, for a load
    balancer to notice. `grace_seconds` (0.1 to 3,600, more than `drain_seconds`): from the signal to the end.

    Raises:
        SettingsError: a value is out of its range.
    """

    header_seconds: float = 10.0
    body_seconds: float = 30.0
    idle_seconds: int = 15
    write_seconds: float = 30.0
    linger_seconds: float = 2.0
    connections: int = 512
    backlog: int = 128
    header_bytes: int = 32_768
    linger_bytes: int = 8_388_608
    drain_seconds: float = 0.5
    grace_seconds: float = 10.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least, most = _RANGES[field.name]
            if not (math.isfinite(value) and least <= value <= most):
                raise SettingsError(f"{field.name} is {value}; choose {least:,} to {most:,}")
        if self.drain_seconds >= self.grace_seconds:
            raise SettingsError(
                f"drain_seconds is {self.drain_seconds}; choose less than grace_seconds "
                f"({self.grace_seconds})"
            )
