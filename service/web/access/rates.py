"""How many requests a client may make: rates as `60/minute`, and the count of what was taken.

The generic cell rate algorithm (ITU-T I.371, annex A), which is a bucket of `quota` units that refills
evenly. Of each client it keeps one number, the instant when its bucket will be full again.

- A client has at most `quota` units at once, and over any longer time `quota` a window on average; in any
  one window it may get up to twice the quota less one: a full bucket, and what flows in while it empties.
- The counts are exact: whole nanoseconds and no floating point, one step at a time among threads. They are
  those of one process and begin anew with it.
- At most `max_clients` are remembered. Beyond that the least recently seen is forgotten and has a full bucket
  when it comes again.

The library `limits` (5.8) does not fit: its memory storage keeps an entry for every address that it has seen
(50,000 addresses leave 50,000), it starts a thread for a timer which two requests at a time may both start,
which raises, and no clock can be given to it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from service.web.rate import Rate

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking for units.

    `units` were taken, 0 if they were refused, at the instant `at` of the limiter's clock. `remaining` are
    left, the next comes in `next_in` seconds (0 if none is wanting), and what was refused is there in
    `retry_in` seconds (0 if it was not). Seconds are whole, rounded up.
    """

    units: int
    at: int
    remaining: int
    next_in: int
    retry_in: int


class Limiter:
    """Counts what clients take. `clock` tells nanoseconds that never go back."""

    def __init__(self, max_clients: int = 10_000, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._max_clients = max_clients
        self._clock = clock
        self._lock = threading.Lock()
        # When a client's bucket is full again, in nanoseconds times quota, which keeps every step whole.
        self._full_at: OrderedDict[tuple[str, Rate], int] = OrderedDict()

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._full_at)

    def take(self, client: str, rate: Rate, units: int = 1, held: Taken | None = None) -> Taken:
        """Take units from a client's bucket, all of them or none.

        Args:
            client: whose bucket; with another rate a client has another one.
            rate: the bucket's size and pace.
            units: 1 or more. More than the rate's quota are never there.
            held: what was taken for the same purpose before. It counts towards `units`, and goes back if
                they are refused, less what has flowed in since: asking in two steps gains nothing.
        """
        unit = rate.seconds * _SECOND
        size = rate.quota * unit
        held_units = 0 if held is None else held.units
        with self._lock:
            at = self._clock()
            now = at * rate.quota
            full_at = max(now, self._full_at.get((client, rate), now))
            wanted = full_at + (units - held_units) * unit
            allowed = wanted - now <= size
            if allowed:
                full_at = wanted
            elif held is not None:
                full_at = max(now, full_at - max(0, held_units * unit - (at - held.at) * rate.quota))
            self._keep((client, rate), full_at)
        missing = full_at - now
        remaining = (size - missing) // unit
        to_next = missing - (rate.quota - remaining - 1) * unit if missing else 0
        to_retry = 0 if allowed else missing + units * unit - size
        pace = rate.quota * _SECOND
        return Taken(
            units=units if allowed else 0,
            at=at if held is None else held.at,
            remaining=remaining,
            next_in=-(-to_next // pace),
            retry_in=-(-to_retry // pace),
        )

    def _keep(self, bucket: tuple[str, Rate], full_at: int) -> None:
        self._full_at[bucket] = full_at
        self._full_at.move_to_end(bucket)
        if len(self._full_at) > self._max_clients:
            self._full_at.popitem(last=False)
