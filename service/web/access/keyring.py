"""A running service's keys, reloaded when the key file changes."""

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

_CHECK_SECONDS = 1.0  # between checks of the file


class Keyring:
    """A running service's keys. Safe to share between threads.

    `find` checks the file at most once a second and reads it again if it has changed. If it is missing or
    cannot be used, that is logged once and the previous keys stay valid: a mistake in the file neither opens
    the service to everybody nor closes it to all.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the keys. `clock` returns seconds.

        Raises:
            KeyFileError: the file cannot be used.
        """
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: Stamp | None
        self._seen, self._keys = read_stamped(path)
        self._next_check = clock() + _CHECK_SECONDS

    def find(self, secret: bytes) -> Key | None:
        """Return the key that a client sent, None if it is unknown."""
        self._refresh()
        digest = hashlib.sha256(secret).digest()
        found = None
        # Every key is compared, in constant time, so that timing reveals nothing.
        for known, key in self._keys.items():
            if hmac.compare_digest(known, digest):
                found = key
        return found

    def _refresh(self) -> None:
        with self._lock:
            if self._clock() < self._next_check:
                return
            self._next_check = self._clock() + _CHECK_SECONDS
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
                log.error("%s. Until then the previous keys stay valid", error)  # noqa: TRY400 - not a defect
            else:
                log.info("reloaded the changed key file: %d keys", len(self._keys))
