"""Quick campaigns of killed and failing publishes; and faulty publishes that the campaigns must detect.

The campaigns that fork run in separate processes, because the test process has threads.
"""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from eval.reliability import faults, specimen
from eval.reliability.crashes import SWITCH, SWITCHED
from eval.reliability.steps import watched
from indexer.engines.faiss import publication
from indexer.engines.faiss.storage import Layout

if TYPE_CHECKING:
    from tests.eval.reliability.conftest import RunScript


# Every kind of call and the steps that decide which version serves.
_DECISIVE = {
    "mkdir .building-X",
    "connect corpus.sqlite",
    "write dense.faiss",
    "fsync dense.faiss",
    "write MANIFEST.json",
    "chmod .building-X",
    "fsync .building-X",
    "rename .building-X",
    "write .building-current",
    "fsync .building-current",
    SWITCH,
    *(
        f"{step}{SWITCHED}"
        for step in (
            "fsync index",
            "rename gen-N",
            "unlink MANIFEST.json",
            "rmdir .building-gen-N",
            "unlock LOCK",
        )
    ),
}


def test_a_publish_killed_at_each_step_leaves_the_old_version_or_the_new_one(
    run_script: RunScript, tmp_path: Path
) -> None:
    record = run_script("-m", "eval.reliability", "crashes", "--each-step", "--seed", "5", "--json")
    assert record["failures"] == []
    assert (record["campaign"], record["figures"]["seed"]) == ("crashes", 5)
    figures, trials = record["figures"], record["trials"]
    assert figures["at a step"] == trials == sum(figures["kills"].values()) == figures["old"] + figures["new"]
    assert figures["at a moment"] == 0
    assert set(figures["kills"].values()) == {1}
    assert _steps_of_a_publish(tmp_path / "index") | _DECISIVE <= set(figures["kills"])
    assert figures["old"] > 25
    assert figures["new"] >= 10


def _steps_of_a_publish(root: Path) -> set[str]:
    """Return the steps of a publish that replaces an older generation."""
    labels: list[str] = []
    for version in (1, 2):
        specimen.publish(root, version)
    with watched(lambda step: labels.append(step.label)):
        specimen.publish(root, 3)
    switch = labels.index(SWITCH)
    return {*labels[: switch + 1], *(f"{label}{SWITCHED}" for label in labels[switch + 1 :])}


def test_publishes_killed_at_random_moments_leave_the_old_version_or_the_new_one(
    run_script: RunScript,
) -> None:
    record = run_script("-m", "eval.reliability", "crashes", "--kills", "12", "--seed", "5", "--json")
    assert record["failures"] == []
    assert (record["campaign"], record["trials"], record["figures"]["seed"]) == ("crashes", 12, 5)
    figures = record["figures"]
    assert sum(figures["kills"].values()) == 12
    assert figures["old"] + figures["new"] == 12
    assert figures["at a step"] + figures["at a moment"] == 12
    assert figures["at a step"] >= 4
    assert figures["at a moment"] >= 2


_HASTY = """
import json
from eval.reliability.crashes import campaign
from indexer import build
from indexer.engines.faiss import publication

publish = publication.publish

def hasty(layout, *arguments):
    for number in layout.numbers():  # removes the old generations before there is a new one
        publication._remove(layout, layout.generation(number))
    return publish(layout, *arguments)

build.publish = hasty
lost = campaign(8, seed=3)
build.publish = publish
publication._clear_temporary = lambda layout: None
left = campaign(16, seed=3)
print(json.dumps([lost.failures, left.failures]))
"""


def test_a_publish_that_does_not_survive_killing_is_detected(run_script: RunScript) -> None:
    lost, left = run_script("-c", _HASTY)
    assert any("IndexMissingError" in failure for failure in lost)
    assert any("behind" in failure for failure in left)


def test_a_step_that_fails_is_reported_and_leaves_the_old_version_or_the_new_one() -> None:
    outcome = faults.campaign(errors=[errno.ENOSPC])
    assert outcome.failures == ()
    assert outcome.trials > 80
    assert outcome.figures["old"] > 50
    assert outcome.figures["new"] > 10
    assert outcome.figures["reported"] >= outcome.figures["old"]


def test_a_publish_that_hides_a_failure_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert "did not report the failure" in failing.failures[0]
