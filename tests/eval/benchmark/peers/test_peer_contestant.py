"""A system in a process of its own: what it is told, what it tells, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.benchmark.peers import worker
from eval.benchmark.peers.contestant import Contestant, running
from eval.benchmark.peers.errors import PeerError

MakeContestant = Callable[..., Contestant]


def test_a_started_system_reports_time_memory_settings_and_versions(
    made_up: MakeContestant, tmp_path: Path
) -> None:
    with running(made_up(load="time.sleep(0.3)"), tmp_path / "log") as system:
        assert system.name == "made up"
        assert system.ready.seconds > 0.3
        assert system.ready.indexing_s == 0.25
        assert system.ready.settings == "made up"
        assert system.ready.memory > 1_000_000
        assert system.ready.versions["python"] == ".".join(map(str, sys.version_info[:3]))
        assert "pip" in system.ready.versions


def test_a_reply_arrives_unchanged(made_up: MakeContestant, tmp_path: Path) -> None:
    steps = "reply.update(text=question[::-1], passage='7', score=0.5, raised=2)"
    with running(made_up(ask=steps), tmp_path / "log") as system:
        for question in ("Wér?\n", "東京\u2028"):
            reply = system.ask(question)
            assert (reply.text, reply.passage, reply.score, reply.raised) == (question[::-1], "7", 0.5, 2)


def test_no_answer_is_an_empty_text(made_up: MakeContestant, tmp_path: Path) -> None:
    with running(made_up(), tmp_path / "log") as system:
        reply = system.ask("?")
        assert (reply.text, reply.passage) == ("", None)


def test_only_the_question_is_timed(made_up: MakeContestant, tmp_path: Path) -> None:
    with running(made_up(ask="time.sleep(0.2)", reply="time.sleep(1)"), tmp_path / "log") as system:
        assert 0.2 <= system.ask("?").seconds < 1


def test_output_of_libraries_does_not_disturb_the_messages(made_up: MakeContestant, tmp_path: Path) -> None:
    steps = "print('{'); os.write(1, b'from C'); reply.update(text='Oslo')"
    with running(made_up(load="print('Loading')", ask=steps), tmp_path / "log") as system:
        assert [system.ask("?").text, system.ask("?").text] == ["Oslo", "Oslo"]
    assert "from C" in (tmp_path / "log").read_text("utf-8")


def test_the_error_of_a_failed_system_holds_the_end_of_its_log(
    made_up: MakeContestant, tmp_path: Path
) -> None:
    with (
        running(made_up(ask="raise ValueError('no such passage')"), tmp_path / "log") as system,
        pytest.raises(PeerError, match=r"made up failed(.|\n)*ValueError: no such passage"),
    ):
        system.ask("?")


def test_the_error_of_a_system_that_cannot_be_loaded_names_it(
    made_up: MakeContestant, tmp_path: Path
) -> None:
    with (
        pytest.raises(PeerError, match=r"made up failed(.|\n)*OSError: no model"),
        running(made_up(load="raise OSError('no model')"), tmp_path / "log"),
    ):
        raise AssertionError("it started")


def test_a_system_that_does_not_answer_is_stopped_after_the_timeout(
    made_up: MakeContestant, tmp_path: Path
) -> None:
    with (
        running(made_up(ask="time.sleep(60)", timeout_s=0.5), tmp_path / "log") as system,
        pytest.raises(PeerError, match=r"did not answer within 0\.5 s"),
    ):
        system.ask("?")


def test_a_system_stops_with_the_comparison(made_up: MakeContestant, tmp_path: Path) -> None:
    steps = "reply.update(text=str(os.getpid()))"
    with running(made_up(ask=steps), tmp_path / "log") as system:
        process = Path("/proc") / system.ask("?").text
        if not process.is_dir():
            pytest.skip("no /proc here")
    assert not process.is_dir()


def test_a_system_runs_offline_and_with_all_threads(
    made_up: MakeContestant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("QUOTH_TOP_K", "3")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    asked = ["HF_HUB_OFFLINE", "HAYSTACK_TELEMETRY_ENABLED", "OMP_NUM_THREADS", "QUOTH_TOP_K", "PYTHONPATH"]
    steps = f"reply.update(text=','.join(os.environ.get(name, '-') for name in {asked}))"
    with running(made_up(ask=steps), tmp_path / "log") as system:
        assert system.ask("?").text == "1,False,-,-,-"
    with running(made_up(ask=steps, imports=Path("/there")), tmp_path / "log") as system:
        assert system.ask("?").text == "1,False,-,-,/there"


def test_a_system_does_not_import_from_its_workers_folder(made_up: MakeContestant, tmp_path: Path) -> None:
    folder = str(Path(worker.__file__).parent)
    with running(made_up(ask=f"reply.update(text=str({folder!r} in sys.path))"), tmp_path / "log") as system:
        assert system.ask("?").text == "False"
