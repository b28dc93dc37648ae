"""Killed and failing publishes, in short; and that a publish which cannot bear it is found out.

The campaigns that fork run in processes of their own: this one has threads.
"""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING, Any

import pytest

from eval.reliability import faults, specimen
from indexer.engines.faiss import publication
from indexer.engines.faiss.storage import Layout

if TYPE_CHECKING:
    from tests.eval.reliability.conftest import RunScript


def test_a_publish_killed_anywhere_leaves_the_old_version_or_the_new_one(run_script: RunScript) -> None:
    record = run_script("-m", "eval.reliability", "crashes", "--kills", "30", "--seed", "5", "--json")
    assert record["failures"] == []
    assert (record["campaign"], record["trials"], record["figures"]["seed"]) == ("crashes", 30, 5)
    figures = record["figures"]
    assert sum(figures["kills"].values()) == 30
    assert figures["old"] + figures["new"] == 30
    assert figures["at a step"] + figures["at a moment"] == 30
    # Half go through the steps one after the other, from the first.
    assert figures["at a step"] >= 10
    assert len(figures["kills"]) >= 12


_HASTY = """
import json
from eval.reliability.crashes import campaign
from indexer import build, publication

publish = publication.publish

def hasty(layout, *arguments):
    for number in layout.numbers():  # the old generations go before there is a new one
        publication._remove(layout, layout.generation(number))
    return publish(layout, *arguments)

build.publish = hasty
gone = campaign(8, seed=3)
build.publish = publish
publication._clear_temporary = lambda layout: None
litter = campaign(16, seed=3)
print(json.dumps([gone.failures, litter.failures]))
"""


def test_a_publish_that_does_not_bear_killing_is_found_out(run_script: RunScript) -> None:
    gone, litter = run_script("-c", _HASTY)
    assert any("IndexMissingError" in failure for failure in gone)
    assert any("lying about" in failure for failure in litter)


def test_a_step_that_fails_leaves_the_old_version_or_the_new_one_and_is_told() -> None:
    outcome = faults.campaign(errors=[errno.ENOSPC])
    assert outcome.failures == ()
    assert outcome.trials > 80
    assert outcome.figures["old"] > 50
    assert outcome.figures["new"] > 10
    assert outcome.figures["told"] >= outcome.figures["old"]


def test_a_publish_that_keeps_a_failure_to_itself_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(layout: Layout, manifest: Any) -> None:
        with contextlib.suppress(OSError):
            point(layout, manifest)

    point = publication._point
    with specimen.workplace(None) as work:
        for version in (1, 2):
            specimen.publish(work / "sound", version)
        monkeypatch.setattr(publication, "_point", silent)
        failing = faults._Failing(work, errno.EIO, lasting=False)
        while not failing.failures and failing.at_next_step():
            pass
    assert "nobody was told" in failing.failures[0]
