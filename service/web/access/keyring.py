"""A running service's keys: whose is the one that a client shows."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from service.errors import KeyFileError
from service.web.access.keys import Key, Stamp, read_stamped, stamp

log = logging.getLogger(__name__)

_LOOK_S = 1.0  # between looks at the file


class Keyring:
    """A running service's keys. Safe to share between threads.

    The file is looked at again when a key is asked for, once a second at most, and read again if it has
    changed. One that has gone or cannot be used is logged, once, and the keys of before hold: a slip in the
    file neither opens the service nor closes it.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the keys. `clock` tells seconds.

        Raises:
            KeyFileError: the file cannot be used.
        """
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: Stamp | None
        self._seen, self._keys = read_stamped(path)
        self._next_look = clock() + _LOOK_S

    def find(self, shown: bytes) -> Key | None:
        """Return what is known of the key that a client shows, None of one that is not ours."""
        self._look()
        digest = hashlib.sha256(shown).digest()
        found = None
        # To the end each time, and each comparison in constant time: how long it takes tells nothing.
        for known, key in self._keys.items():
            if hmac.compare_digest(known, digest):
                found = key
        return found

    def _look(self) -> None:
        with self._lock:
            if self._clock() < self._next_look:
                return
            self._next_look = self._clock() + _LOOK_S
            try:
                now = stamp(self._path.stat())
            except OSError:
                now = None
            if now == self._seen:
                return
            try:
                self._seen, self._keys = read_stamped(self._path)
            except KeyFileError as error:
                self._seen = now
                log.error("%s. Until then the keys of before hold", error)  # noqa: TRY400 - a file, no defect
            else:
                log.info("the key file has changed and was read again: %d keys", len(self._keys))
