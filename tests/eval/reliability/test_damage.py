"""Quick campaigns of damaged and forged files; and an index that trusts them, which they must detect."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from eval.reliability import damage
from indexer.engines.faiss import storage

if TYPE_CHECKING:
    from tests.eval.reliability.conftest import RunScript


def test_damage_to_any_file_is_refused_and_the_previous_generation_serves() -> None:
    outcome = damage.campaign(4, 2, seed=1)
    assert outcome.failures == ()
    assert outcome.trials == sum(sum(outcome.figures[kind].values()) for kind in ("flat", "hnsw", "ivf-sq8"))
    tried = outcome.figures["ivf-sq8"]
    assert tried["dense.faiss"] == tried["corpus.sqlite"] == tried["vectors.npy"] == 6
    assert tried["MANIFEST.json"] == tried["CURRENT"] == 48


def test_an_index_that_skips_its_checksums_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(path: Path) -> str:
        manifest = storage.read_manifest(path.parent)
        return str(manifest.files[path.name]["sha256"])

    monkeypatch.setattr(storage, "hash_file", trusting)
    outcome = damage.campaign(2, 1, seed=1)
    assert any("bit" in failure and "not refused" in failure for failure in outcome.failures)
    assert not any("truncated to" in failure for failure in outcome.failures)  # the size differs


@pytest.mark.parametrize(("size", "count"), [(100, 7), (100, 100), (3, 50), (1, 1), (12_345, 1_000)])
def test_numbers_are_spread_evenly(size: int, count: int) -> None:
    numbers = damage.spread(size, count, random.Random(0))
    assert len(numbers) == min(size, count)
    assert sorted(set(numbers)) == numbers
    part = math.ceil(size / count)
    assert 0 <= numbers[0] < part
    assert size - part <= numbers[-1] < size
    assert all(later - earlier < 2 * part for earlier, later in pairwise(numbers))


def test_one_bit_is_flipped() -> None:
    assert damage.flipped(b"\x00\x00\x00", 0) == b"\x01\x00\x00"
    assert damage.flipped(b"\x00\xff\x00", 15) == b"\x00\x7f\x00"


_FORGERY = """
import json
from eval.reliability.forgery import campaign
from indexer.engines.faiss import storage

record = campaign(4, seed=1)
storage._has = lambda value, fields: True
print(json.dumps([record.trials, record.figures, record.failures, campaign(0, seed=1).failures]))
"""


def test_forged_files_are_refused_or_harmless(run_script: RunScript) -> None:
    trials, figures, failures, trusting = run_script("-c", _FORGERY)
    assert failures == []
    assert trials > 130
    assert figures["refused"] > 50
    assert figures["answered"] > 5
    # An index that accepts any manifest is detected.
    assert any(failure.startswith("flat, MANIFEST.json") for failure in trusting)


_CHILDREN = """
import json, os, signal, time
from eval.reliability.children import call, limit_resources

def crash(send):
    os.kill(os.getpid(), signal.SIGSEGV)

def flood(send):
    limit_resources(64, 60)
    send({"bytes": len(bytearray(256 * 2**20))})

def spin(send):
    limit_resources(64, 1)
    while True:
        pass

def sleep(send):
    time.sleep(60)

def fail(send):
    raise ValueError("no")

def silent(send):
    pass

def answer(send):
    limit_resources(64, 60)
    send({"bytes": len(bytearray(2**20))})

print(json.dumps([call(work) for work in (crash, flood, spin, fail, silent, answer)] + [call(sleep, 0.2)]))
"""


def test_a_child_that_crashes_exhausts_memory_or_hangs_is_reported(run_script: RunScript) -> None:
    crashed, flooded, spun, failed, silent, answered, hung = run_script("-c", _CHILDREN)
    assert crashed == {"raised": "SIGSEGV"}
    assert flooded["raised"].startswith("MemoryError")
    assert spun == {"raised": "SIGXCPU"}
    assert failed["raised"].startswith("ValueError: no (")
    assert silent == {"raised": "it ended with status 0"}
    assert answered == {"bytes": 2**20}
    assert hung == {"raised": "SIGKILL"}
