"""The command line: how it ends, what it loads, and the commands that packages announce."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from indexer.cli import run
from indexer.command_line import CHECKS, COMMANDS, announced, make_command, summary
from indexer.errors import CorpusError
from indexer.exit_codes import ExitCode

pytestmark = pytest.mark.slow

_QUOTH = Path(sys.executable).with_name("quoth")
_HEAVY = ("numpy", "pydantic", "fastapi", "faiss", "torch", "openvino", "sentence_transformers", "rich")


def quoth(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("QUOTH_")}
    return subprocess.run(
        [_QUOTH, *map(str, arguments)],
        env={**variables, "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def loaded(*arguments: str) -> set[str]:
    """Run `quoth` and return the modules that it imported."""
    source = (
        "import sys\nsys.argv = ['quoth', *sys.argv[1:]]\nfrom indexer.cli import main\n"
        "try:\n    main()\nfinally:\n    print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", source, *arguments], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stderr.split())


def _application(error: BaseException | None) -> typer.Typer:
    application = typer.Typer(pretty_exceptions_enable=False)

    @application.command()
    def work() -> None:
        if error is not None:
            raise error

    return application


# How it ends


def test_an_error_of_ours_is_reported_in_one_line_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(_application(CorpusError("there are no articles: put some there")), [])
    assert ended.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: there are no articles: put some there\n"


@pytest.mark.parametrize(
    "message", ["[bold]a[/bold].txt", "[1]", "[/nothing]", ":smile:", "x" * 300, "trailing [", "a\\[b]"]
)
def test_an_error_message_is_printed_as_it_is(capsys: pytest.CaptureFixture[str], message: str) -> None:
    with pytest.raises(SystemExit):
        run(_application(CorpusError(message)), [])
    assert capsys.readouterr().err == f"error: {message}\n"


def test_an_error_message_shows_control_characters_as_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(_application(CorpusError("\x1b[2Ja\rb\u202ec\udc80.txt")), [])
    assert capsys.readouterr().err == "error: \\x1b[2Ja\\x0db\\u202ec\\udc80.txt\n"


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


def test_a_pipe_that_broke_elsewhere_is_a_defect() -> None:
    with pytest.raises(BrokenPipeError):
        run(_application(BrokenPipeError(32, "a child process is gone")), [])


_WRITES = """
import sys, typer
from indexer.cli import run_commands
from indexer.terminal import print_json, print_table, results
def work():
    {write}
    while {endless}:
        {write}
run_commands(work)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "write",
    ["typer.echo('word')", "results().print('word')", "print_json('word')", "print_table({'a': 'b'})"],
)
@pytest.mark.parametrize("endless", [True, False])
def test_output_that_is_no_longer_read_ends_with_0_and_no_traceback(write: str, endless: bool) -> None:
    source = _WRITES.format(write=write, endless=endless)
    with subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["info", "--help"]])
def test_help_that_is_not_read_ends_with_0(arguments: list[str]) -> None:
    with subprocess.Popen([_QUOTH, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_every_exit_status_is_in_the_help() -> None:
    text = quoth("--help").stdout
    for code in ExitCode:
        assert re.search(rf"^ +{code.value}  {re.escape(code.meaning)}$", text, re.MULTILINE), code
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 5, 130]


# Help, version and completion


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"]])
def test_help_loads_no_library_that_takes_long(arguments: list[str]) -> None:
    modules = loaded(*arguments)
    assert not modules & set(_HEAVY)
    assert not {name for name in modules if name.endswith("commands")}


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["index", "info", "ask", "serve", "demo", "keys", "feedback", "eval", "backup"]
)
def test_a_command_s_help_loads_no_model_and_no_engine(command: str) -> None:
    modules = loaded(command, "--help")
    assert not modules & {"numpy", "fastapi", "faiss", "torch", "openvino", "sentence_transformers"}


@pytest.mark.slow
def test_h_is_help_and_version_is_the_package_s() -> None:
    assert quoth("-h").stdout == quoth("--help").stdout
    assert quoth("ask", "-h").stdout == quoth("ask", "--help").stdout
    assert quoth("keys", "add", "-h").stdout == quoth("keys", "add", "--help").stdout
    assert quoth("--version").stdout == f"quoth {version('quoth')}\n"


def test_the_help_lists_every_command_with_the_first_sentence_of_its_own_help() -> None:
    text = " ".join(quoth("--help").stdout.split())
    for name, entry in announced().items():
        assert summary(entry).endswith("."), name
        assert f" {name} {summary(entry)}" in text


def test_a_summary_is_read_from_the_source_as_the_command_says_it() -> None:
    for entry in announced().values():
        source = entry.load()
        full = source.info.help if isinstance(source, typer.Typer) else inspect.getdoc(source)
        assert isinstance(full, str)
        assert " ".join(full.split()).startswith(summary(entry))


def test_a_command_that_cannot_be_read_has_no_summary_and_fails_only_when_called(tmp_path: Path) -> None:
    for target in ("no.such.module:f", "indexer.commands:no_such_function", "json:loads_no"):
        assert summary(EntryPoint("x", target, COMMANDS)) == ""
    (tmp_path / "module.py").write_text("def f(: pass")
    assert quoth("--help", PYTHONPATH=str(tmp_path)).returncode == 0


def test_no_command_at_all_shows_the_help_as_a_usage_error() -> None:
    done = quoth()
    assert done.returncode == 2
    assert "Commands:" in done.stderr


def test_a_misspelt_command_names_the_right_one() -> None:
    done = quoth("indx")
    assert done.returncode == 2
    assert "Did you mean 'index'?" in done.stderr


def completed(words: str) -> list[str]:
    """What bash offers at the end of a command line."""
    count = str(len(words.split(" ")) - 1)
    return quoth(_QUOTH_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=count).stdout.split()


@pytest.mark.slow
def test_the_shell_completes_commands_options_and_choices() -> None:
    assert completed("quoth in") == ["index", "info"]
    assert completed("quoth ask --to") == ["--top-k"]
    assert completed("quoth index --faiss ") == ["auto", "flat", "hnsw", "ivf-sq8"]
    assert completed("quoth keys ") == ["add", "list", "remove"]


@pytest.mark.slow
def test_the_completion_script_can_be_shown() -> None:
    done = quoth("--show-completion", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "completion" in quoth("--help").stdout
    shown = quoth(_QUOTH_COMPLETE="source_bash")
    assert shown.returncode == 0, done.stderr
    assert "complete -o default -F _quoth_completion quoth" in shown.stdout


# Options


def test_help_states_default_and_range_in_words_and_no_type(capsys: pytest.CaptureFixture[str]) -> None:
    application = typer.Typer(rich_markup_mode=None, add_completion=False)

    @application.command()
    def work(  # noqa: PLR0917 - as commands are
        place: Annotated[Path, typer.Argument(help="Place.")],
        flag: Annotated[bool, typer.Option("--flag", help="Flag.")] = False,
        both: Annotated[bool, typer.Option("--both/--no-both", help="Both.")] = True,
        count: Annotated[int, typer.Option(help="Count.", metavar="N", min=1, max=5_000)] = 20,
        size: Annotated[float, typer.Option(help="Size.", metavar="MB", min=0.5)] = 2.0,
        share: Annotated[float | None, typer.Option(help="Share.", metavar="P", max=1)] = None,
        name: Annotated[
            str | None, typer.Option(metavar="NAME", envvar="WORK_NAME", show_default="no one")
        ] = None,
    ) -> None:
        raise AssertionError((place, flag, both, count, size, share, name))

    with pytest.raises(SystemExit):
        run(application, ["--help"])
    printed = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    for line in (
        "place Place. [required]",
        "--flag Flag.",
        "--both / --no-both Both. [default: --both]",
        "--count N Count. [1 to 5,000; default: 20]",
        "--size MB Size. [0.5 or more; default: 2]",
        "--share P Share. [up to 1]",
        "--name NAME [default: no one; or set WORK_NAME]",
    ):
        assert line in lines
    assert "<" not in printed
    for arguments in (["--count", "0"], ["--count", "5001"], ["--size", "0.4"], ["--share", "1.1"]):
        with pytest.raises(SystemExit) as ended:
            run(application, ["somewhere", *arguments])
        assert ended.value.code == 2


def _parameters() -> list[tuple[str, TyperOption | TyperArgument]]:
    found: list[tuple[str, TyperOption | TyperArgument]] = []
    for name, entry in announced().items():
        command = make_command(name, entry.load())
        parts = list(command.commands.values()) if isinstance(command, TyperGroup) else [command]
        for one in (param for part in parts for param in part.params):
            assert isinstance(one, TyperOption | TyperArgument)
            found.append((f"{name} {one.opts[0]}", one))
    return found


def test_every_option_of_every_command_has_help_in_words() -> None:
    parameters = _parameters()
    assert len(parameters) > 40
    for name, option in parameters:
        assert option.help, name
        assert option.help[0].isupper() or option.help.startswith("ask:"), name
        if isinstance(option, TyperOption) and not option.is_flag:
            assert option.metavar or option.type_descriptor.is_choice, name


# What packages announce


@pytest.mark.parametrize("name", ["index", "info"])
def test_the_installed_package_announces_its_commands(name: str) -> None:
    (entry,) = entry_points(group=COMMANDS, name=name)
    command = entry.load()
    assert command.__module__ == "indexer.commands"
    assert command.__name__ == name


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["index", "nowhere"],
        ["info"],
        ["ask", "why"],
        ["serve"],
        ["demo"],
        ["feedback"],
        ["eval"],
        ["keys", "list"],
        ["backup", "file"],
        ["restore", "file"],
    ],
)
def test_every_command_refuses_a_misspelt_setting_and_names_the_right_one(
    arguments: list[str], tmp_path: Path
) -> None:
    done = quoth(*arguments, QUOTH_INDX=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"error: unknown setting QUOTH_INDX: did you mean QUOTH_INDEX\?.*\n", done.stderr)
    assert done.stderr.count("QUOTH_") == 2


def test_help_does_not_check_settings() -> None:
    assert quoth("index", "--help", QUOTH_INDX="x").returncode == 0
    assert {entry.value for entry in entry_points(group=CHECKS)} == {"service.settings:chosen_settings"}


@pytest.mark.slow
def test_the_programs_of_the_packages_end_and_check_as_quoth_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "indexer", "info"],
        env={**os.environ, "QUOTH_INDX": "x"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "did you mean QUOTH_INDEX?" in done.stderr
    shown = subprocess.run(
        [sys.executable, "-m", "indexer", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert shown.stdout == f"quoth {version('quoth')}\n"


def test_json_is_printed_without_unsafe_characters(capsys: pytest.CaptureFixture[str]) -> None:
    from indexer.terminal import print_json  # noqa: PLC0415

    value = {"a\x1b": ["\u202e\x9b\x7f\udc80\U000e0041", "é 漢\n\t"]}
    print_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert "é 漢" in printed
    assert not set(printed) & set("\x1b\u202e\x9b\x7f\udc80\U000e0041")
