from __future__ import annotations

import json
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from eval import environment
from eval.environment import commit, hardware, libraries


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "eval").mkdir()
    (tmp_path / "eval" / "code.py").write_text("1\n", "utf-8")
    (tmp_path / ".gitignore").write_text("/other/\n", "utf-8")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    return tmp_path


def test_the_commit_is_marked_where_files_differ_from_it(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    assert commit(repository / "eval") == head[:12]
    (repository / "eval" / "notes.txt").write_text("not tracked\n", "utf-8")
    assert commit(repository / "eval") == head[:12]
    (repository / "eval" / "code.py").write_text("2\n", "utf-8")
    assert commit(repository / "eval") == head[:12] + "+"


def test_code_outside_git_has_no_commit(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(outside.parent))
    assert commit(outside) is None
    assert commit(outside / "none") is None
    # Installed in a folder that another repository ignores.
    (repository / "other").mkdir()
    (repository / "other" / "code.py").write_text("1\n", "utf-8")
    assert commit(repository / "other") is None


def test_a_repository_without_a_commit_or_a_machine_without_git_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet")
    assert commit(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit() is None


def test_libraries_have_the_versions_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = libraries()
    assert found["numpy"] == version("numpy")
    assert {"python", "quoth", "openvino", "torch"} <= found.keys()

    def without_torch(name: str) -> str:
        if name == "torch":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(environment, "version", without_torch)
    assert found.keys() - libraries().keys() == {"torch"}


def test_the_hardware_is_plain_values() -> None:
    found = hardware()
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {"system", "machine", "processor", "cores"}
    assert isinstance(found["cores"], int)
    assert found["cores"] >= 1


def test_the_processor_is_the_first_that_the_system_names(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text("processor : 0\nmodel name\t: Quick: 3 GHz\nmodel name\t: Other\n", "utf-8")
    assert environment._processor(path) == "Quick: 3 GHz"
    path.write_text("processor : 0\n", "utf-8")
    assert re.fullmatch(r"\S.*|", environment._processor(path))
    assert environment._processor(tmp_path / "none") == environment._processor(path)
