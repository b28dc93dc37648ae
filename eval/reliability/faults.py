"""Disk errors while the next generation is published: `python -m eval.reliability faults`.

Each step of a publish (`steps`) in turn fails with each of a disk's errors, once temporarily and once so that
from then on files can be removed but not written. Publishing must raise a PublishError, or succeed if the
step was only cleaning up; the old version or the new one must serve, intact, with no unfinished generation
beside it that could be served; and once the disk works again the next publish must succeed and leave no
temporary files behind. Only unlocking never fails, as it does not access the disk.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from eval.reliability import specimen
from eval.reliability.campaign import Outcome
from eval.reliability.steps import Step, watched
from indexer.engines.faiss.storage import Layout, current_number
from indexer.errors import PublishError, WriterLockedError

ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EMFILE)
"""Disk full, quota exceeded, I/O error, read-only file system, no permission, too many open files."""

_REMOVING = {"unlink", "remove", "rmdir"}
_UNLOCKING = "unlock"
_OLD, _NEW, _NEXT = 2, 3, 4


def campaign(folder: Path | None = None, errors: Sequence[int] = ERRORS) -> Outcome:
    """Let every step fail with each error number of `errors`, and return the outcome."""
    began = time.perf_counter()
    seen: Counter[str] = Counter()
    failures: list[str] = []
    with specimen.workplace(folder) as work:
        for version in (1, _OLD):
            specimen.publish(work / "sound", version)
        for number in errors:
            for lasting in (False, True):
                failing = _Failing(work, number, lasting=lasting)
                while failing.at_next_step():
                    pass
                seen += failing.seen
                failures += failing.failures
    trials = seen["old"] + seen["new"]
    return Outcome("faults", trials, tuple(failures), dict(seen), time.perf_counter() - began)


class _Failing:
    """A disk that fails with one error at one step, and a step later in each trial."""

    def __init__(self, work: Path, number: int, *, lasting: bool) -> None:
        self._sound, self._root = work / "sound", work / "index"
        self._errno = number
        self._lasting = lasting
        self._step = 0
        self._failed_at: str | None = None
        self.seen: Counter[str] = Counter()
        self.failures: list[str] = []

    def at_next_step(self) -> bool:
        """Publish with the failure one step later than last time; return False if there is no such step."""
        shutil.rmtree(self._root, ignore_errors=True)
        shutil.copytree(self._sound, self._root)
        self._step += 1
        self._failed_at = None
        number = 0

        def before(step: Step) -> None:
            nonlocal number
            if step.call == _UNLOCKING:
                return
            number += 1
            if number < self._step or (number > self._step and not self._lasting):
                return
            if number == self._step:
                self._failed_at = step.label
            elif step.call in _REMOVING:
                return
            raise OSError(self._errno, os.strerror(self._errno), str(step.file))

        reported = True
        with watched(before):
            try:
                specimen.publish(self._root, _NEW)
                reported = False
            except (PublishError, WriterLockedError):
                pass  # WriterLockedError: a lock that fails looks like a lock that is held
            except Exception as error:
                self._note(f"{error!r} instead of a PublishError")
        if self._failed_at is not None:
            self._examine(reported=reported)
        return self._failed_at is not None

    def _examine(self, *, reported: bool) -> None:
        try:
            version = specimen.read(self._root)
            self.seen["new" if version == _NEW else "old"] += 1
            self.seen["reported"] += reported
            if not reported and version != _NEW:
                self._note(f"version {version} serves, and publishing did not report the failure")
            self._check_generations(version)
            specimen.publish(self._root, _NEXT)
            if (after := specimen.read(self._root)) != _NEXT:
                self._note(f"the next publish left version {after} serving")
            if left := specimen.leftovers(self._root):
                self._note(f"the next publish left {', '.join(left)} behind")
        except Exception as error:
            self._note(f"{type(error).__name__}: {error}")

    def _check_generations(self, version: int) -> None:
        """Check that an unpublished generation stays only where nothing can be renamed."""
        layout = Layout(self._root)
        current = current_number(layout)
        if current != version:  # each version is the generation of the same number here
            self._note(f"CURRENT names {current} where version {version} serves")
        above = [number for number in layout.numbers() if current is None or number > current]
        if above and not self._lasting:
            self._note(f"{layout.generation(above[0]).name} was left unpublished")

    def _note(self, failure: str) -> None:
        how = "from then on" if self._lasting else "once"
        self.failures.append(f"{os.strerror(self._errno)} {how}, at {self._failed_at}: {failure}")
