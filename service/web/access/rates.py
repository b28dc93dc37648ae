"""Rate limits: how many requests each client has made, and whether it may make more.

The generic cell rate algorithm (ITU-T I.371, annex A): a bucket of `quota` units that refills evenly. It
stores one number for each client, the time at which its bucket will be full again.

- A client has at most `quota` units at once, and `quota` units a window on average. In a single window it can
  use up to twice the quota less one: a full bucket, and what is refilled while it empties.
- The counts are exact (whole nanoseconds, no floating point) and safe between threads. They belong to one
  process and start at zero with it.
- At most `max_clients` are remembered. Beyond that the least recently seen is forgotten, and has a full
  bucket when it returns.

The library `limits` (5.8) does not fit: its memory storage never drops an address (50,000 addresses leave
50,000 entries), it starts a timer thread that raises when two requests start it at once, and it takes no
clock.
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
    """Result of `Limiter.take`.

    `units`: taken, 0 on refusal. `at`: when they were taken, in nanoseconds of the limiter's clock.
    `remaining`: units left. `next_in`: seconds until the next unit is refilled, 0 with a full bucket.
    `retry_in`: seconds until the refused units are there, 0 if they were not refused. Seconds are whole,
    rounded up.
    """

    units: int
    at: int
    remaining: int
    next_in: int
    retry_in: int


class Limiter:
    """Counts the units that clients take. `clock`: monotonic, in nanoseconds."""

    def __init__(self, max_clients: int = 10_000, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._max_clients = max_clients
        self._clock = clock
        self._lock = threading.Lock()
        # When each bucket is full again, in nanoseconds times quota, so that all arithmetic is in integers.
        self._full_at: OrderedDict[tuple[str, Rate], int] = OrderedDict()

    def __len__(self) -> int:
        """The number of remembered clients."""
        return len(self._full_at)

    def take(self, client: str, rate: Rate, units: int = 1, held: Taken | None = None) -> Taken:
        """Take units from a client's bucket, all of them or none.

        Args:
            client: whose bucket; a client has one bucket for each rate.
            rate: the bucket's size and how fast it refills.
            units: 1 or more. More than the rate's quota are always refused.
            held: what was taken for the same request before. It counts towards `units`. On refusal it is
                refunded, less what has been refilled since, so that taking in two steps gains nothing.
        """
        unit = rate.seconds * _SECOND
        size = rate.quota * unit
        held_units = 0 if held is None else held.units
        with self._lock:
            at = self._clock()
            now = at * rate.quota
            full_at = max(now, self._full_at.get((client, rate), now))
            charged = full_at + (units - held_units) * unit
            allowed = charged - now <= size
            if allowed:
                full_at = charged
            elif held is not None:
                full_at = max(now, full_at - max(0, held_units * unit - (at - held.at) * rate.quota))
            self._remember((client, rate), full_at)
        missing = full_at - now
        remaining = (size - missing) // unit
        to_next = missing - (rate.quota - remaining - 1) * unit if missing else 0
        to_retry = 0 if allowed else missing + units * unit - size
        per_second = rate.quota * _SECOND
        return Taken(
            units=units if allowed else 0,
            at=at if held is None else held.at,
            remaining=remaining,
            next_in=-(-to_next // per_second),
            retry_in=-(-to_retry // per_second),
        )

    def _remember(self, bucket: tuple[str, Rate], full_at: int) -> None:
        self._full_at[bucket] = full_at
        self._full_at.move_to_end(bucket)
        if len(self._full_at) > self._max_clients:
            self._full_at.popitem(last=False)
