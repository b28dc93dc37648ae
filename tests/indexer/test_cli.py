"""What becomes of errors at the command line, and which commands this package brings."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest
import typer

from indexer.cli import GROUP, run
from indexer.errors import CorpusError


def _application(error: BaseException | None) -> typer.Typer:
    application = typer.Typer(pretty_exceptions_enable=False)

    @application.command()
    def work() -> None:
        if error is not None:
            raise error

    return application


def test_an_error_of_ours_is_told_in_one_line_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(_application(CorpusError("there are no articles: put some there")), [])
    assert ended.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: there are no articles: put some there\n"


@pytest.mark.parametrize(
    "message", ["[bold]a[/bold].txt", "[1]", "[/nothing]", ":smile:", "x" * 300, "trailing [", "a\\[b]"]
)
def test_an_error_s_words_reach_the_user_as_they_are(
    capsys: pytest.CaptureFixture[str], message: str
) -> None:
    with pytest.raises(SystemExit):
        run(_application(CorpusError(message)), [])
    assert capsys.readouterr().err == f"error: {message}\n"


def test_an_interrupt_exits_130(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(_application(KeyboardInterrupt()), [])
    assert ended.value.code == 130
    assert "Traceback" not in capsys.readouterr().err


def test_success_exits_0() -> None:
    with pytest.raises(SystemExit) as ended:
        run(_application(None), [])
    assert ended.value.code == 0


def test_a_defect_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run(_application(ZeroDivisionError()), [])


@pytest.mark.parametrize("name", ["index", "info"])
def test_the_installed_package_announces_its_commands(name: str) -> None:
    (entry,) = entry_points(group=GROUP, name=name)
    command = entry.load()
    assert command.__module__ == "indexer.commands"
    assert command.__name__ == name
