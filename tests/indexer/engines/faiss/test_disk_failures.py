"""Disks that are full or may not be written: a build says so, and the old generation goes on serving."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from indexer.build import build
from indexer.corpus import Corpus
from indexer.engines.faiss.index import open_index, self_check
from indexer.errors import PublishError
from indexer.settings import BuildSettings, SplitterSettings

if TYPE_CHECKING:
    from tests.indexer.conftest import FakeEncoder

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).resolve().parents[4]
_SPLITTER = SplitterSettings(max_tokens=24, overlap_tokens=4)


def _served(root: Path) -> str:
    index = open_index(root)
    index.close()
    return index.manifest.name


@pytest.fixture
def mount_tmpfs(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount (or remount) a small file system in memory with these options; needs root."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = False

    def mount(options: str) -> Path:
        nonlocal mounted
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "none", place],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
        mounted = True
        return place

    yield mount
    if mounted:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.parametrize("faiss", ["flat", "hnsw", "ivf-sq8"])
def test_a_full_disk_leaves_the_old_generation_serving(
    mount_tmpfs: Callable[[str], Path],
    articles: Path,
    make_encoder: type[FakeEncoder],
    make_prose: Callable[..., str],
    faiss: Any,
) -> None:
    """The room left grows step by step, so that the disk is full in each of the files in turn."""
    root = mount_tmpfs("size=4m") / "index"
    encoder = make_encoder(dimension=256)
    settings = BuildSettings(_SPLITTER, faiss)
    build(Corpus(articles), root, encoder, settings)
    (articles / "harbour.txt").write_text(make_prose("lighthouse", 300), "utf-8")
    disk = root.parent
    refused = published = 0
    for room in range(0, 1_600_000, 40_960):
        filler = disk / "filler"
        free = shutil.disk_usage(disk).free
        filler.write_bytes(b"\0" * max(0, free - room))
        try:
            report = build(Corpus(articles), root, encoder, settings)
        except PublishError as error:
            refused += 1
            assert "the disk is full: free some space" in str(error)  # noqa: PT017
            assert "untouched and still answers" in str(error)  # noqa: PT017
            assert {path.name for path in root.iterdir()} - {"LOCK"} == {"CURRENT", "gen-000001"}
            index = open_index(root)
            assert index.manifest.name == "gen-000001"
            self_check(index)
            index.close()
        else:
            published += 1
            assert report.generation == "gen-000002"
            break
        finally:
            filler.unlink()
    assert refused >= 5
    assert published == 1
    assert _served(root) == "gen-000002"


def test_a_read_only_file_system_is_refused_and_the_old_generation_serves(
    mount_tmpfs: Callable[[str], Path],
    articles: Path,
    fake_encoder: FakeEncoder,
    make_prose: Callable[..., str],
) -> None:
    root = mount_tmpfs("size=4m") / "index"
    build(Corpus(articles), root, fake_encoder, BuildSettings(_SPLITTER))
    mount_tmpfs("remount,ro")
    (articles / "harbour.txt").write_text(make_prose("lighthouse"), "utf-8")
    with pytest.raises(PublishError, match=r"read-only: choose another folder.*still answers"):
        build(Corpus(articles), root, fake_encoder, BuildSettings(_SPLITTER))
    assert _served(root) == "gen-000001"


@pytest.mark.parametrize("below", [".", "index", "deeper/index"])
def test_an_index_folder_at_or_below_a_file_is_refused(
    articles: Path, tmp_path: Path, fake_encoder: FakeEncoder, below: str
) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(PublishError, match="choose another folder"):
        build(Corpus(articles), tmp_path / "file" / below, fake_encoder)
    assert (tmp_path / "file").read_text() == "a file"


_LIMITED = """
import resource, sys
from pathlib import Path
from indexer.build import build
from indexer.corpus import Corpus
from indexer.errors import PublishError
from indexer.settings import BuildSettings, SplitterSettings
from tests.indexer.conftest import FakeEncoder
articles, out, faiss = sys.argv[1:]
settings = BuildSettings(SplitterSettings(max_tokens=24, overlap_tokens=4), faiss)
for limit in range(0, 400_000, 8192):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        build(Corpus(Path(articles)), Path(out), FakeEncoder(dimension=128), settings)
    except PublishError as error:
        print("refused", sorted(path.name for path in Path(out).iterdir() if path.name != "LOCK"), error)
    else:
        print("published")
        break
"""


@pytest.mark.parametrize("faiss", ["flat", "ivf-sq8"])
def test_a_limit_on_the_size_of_files_leaves_the_old_generation_serving(
    root: Path, articles: Path, make_prose: Callable[..., str], faiss: str
) -> None:
    """Needs no root: the limit grows step by step, so that each file in turn cannot be written whole."""
    (articles / "harbour.txt").write_text(make_prose("lighthouse", 200), "utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", _LIMITED, articles, root, faiss],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    *refused, last = ran.stdout.splitlines()
    assert last == "published", ran.stderr
    assert len(refused) >= 5
    for line in refused:
        assert line.startswith("refused ['CURRENT', 'gen-000001', 'gen-000002']")
        assert "untouched and still answers" in line
    assert _served(root) == "gen-000003"
