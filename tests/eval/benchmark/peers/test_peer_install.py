"""One environment per peer: created once, created again when its releases change; failures are reported."""

from __future__ import annotations

import dataclasses
import importlib.util
import subprocess
import zipfile
from pathlib import Path

import pytest

from eval.benchmark.peers.errors import PeerError
from eval.benchmark.peers.install import PEERS, Peer, install, main, python_of


def wheel(folder: Path, name: str, needs: str | None = None) -> str:
    """Write a wheel with an empty module; return its path."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    required = f"Requires-Dist: {needs}\n" if needs else ""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{required}"
        )
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return str(path)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Peer:
    """A peer that needs no network; its second package has an unavailable dependency, left uninstalled."""
    wheels = tmp_path_factory.mktemp("wheels")
    first = wheel(wheels, "quothpeerone")
    second = wheel(wheels, "quothpeertwo", needs="quothpeernone==1.0")
    return Peer("small", "Small", ("--no-index", first), ("--no-index", second), ("quothpeerone",))


@pytest.fixture(scope="module")
def folder(small: Peer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peers")
    assert install(small, folder)
    return folder


def test_a_peer_has_an_environment_of_its_own(small: Peer, folder: Path) -> None:
    python = python_of(small, folder)
    assert python is not None
    code = "import sys, quothpeerone, quothpeertwo; print(sys.prefix)"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == folder / "small"
    assert importlib.util.find_spec("quothpeerone") is None


def test_an_installed_peer_is_left_unchanged(small: Peer, folder: Path) -> None:
    before = (folder / "small" / "pyvenv.cfg").stat()
    assert not install(small, folder)
    assert (folder / "small" / "pyvenv.cfg").stat() == before


def test_a_peer_in_other_releases_counts_as_not_installed(small: Peer, folder: Path) -> None:
    newer = dataclasses.replace(small, requirements=(*small.requirements, "quothpeerone>=1"))
    assert python_of(newer, folder) is None


def test_an_unavailable_release_is_named_and_the_next_try_starts_over(small: Peer, tmp_path: Path) -> None:
    missing = dataclasses.replace(small, requirements=("--no-index", "quothpeernone==1.0"))
    with pytest.raises(PeerError, match=r"quothpeernone==1\.0(.|\n)*install --peer small"):
        install(missing, tmp_path)
    assert python_of(missing, tmp_path) is None
    (tmp_path / "small" / "left").write_text("", "utf-8")
    assert install(small, tmp_path)
    assert not (tmp_path / "small" / "left").exists()


def test_a_folder_that_cannot_be_created_is_named(small: Peer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(PeerError, match="cannot create a virtual environment"):
        install(small, tmp_path / "file")


def test_an_unknown_peer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match="haystack, txtai"):
        main(peer=["solr"], folder=tmp_path)


def test_packages_that_affect_times_are_pinned() -> None:
    for name, peer in PEERS.items():
        assert peer.name == name
        pinned = {one.partition("==")[0] for one in (*peer.requirements, *peer.alone) if "==" in one}
        assert set(peer.runtime) <= pinned
        assert "torch==2.13.0" in peer.requirements
