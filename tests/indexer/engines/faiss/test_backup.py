"""Backups: restored exactly or refused, and nothing is written elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import logging
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from indexer.build import build
from indexer.corpus import Corpus
from indexer.engines.faiss.archive import MAX_MANIFEST_BYTES, write_archive
from indexer.engines.faiss.backup import back_up, restore
from indexer.engines.faiss.index import open_index
from indexer.engines.faiss.publication import writer_lock
from indexer.engines.faiss.storage import (
    FORMAT,
    Layout,
    Manifest,
    current_number,
    hash_file,
    read_manifest,
    verify,
)
from indexer.errors import (
    BackupError,
    DamagedBackupError,
    DamagedGenerationError,
    FormatVersionError,
    IndexMissingError,
    WriterLockedError,
)
from indexer.settings import BuildSettings, SplitterSettings

if TYPE_CHECKING:
    from tests.indexer.conftest import FakeEncoder

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).resolve().parents[4]
_SETTINGS = BuildSettings(SplitterSettings(max_tokens=24, overlap_tokens=4), "ivf-sq8")
_QUESTIONS = ("Which port was built?", "second.txt tells", "years", "nothing of the kind")

Tree = dict[str, bytes | None]


@pytest.fixture(scope="module")
def pristine(pristine: Path) -> Path:
    """An index of two generations, and a backup of the second beside it."""
    back_up(pristine / "index", pristine / "backup.tar", force=True)
    return pristine


@pytest.fixture
def data(pristine: Path) -> bytes:
    return (pristine / "backup.tar").read_bytes()


def _tree(folder: Path) -> Tree:
    """Everything below a folder but the lock; None stands for a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if path.name != "LOCK"
    }


def _results(root: Path, encoder: FakeEncoder) -> list[Any]:
    """An index's articles and search results, to the last bit."""
    index = open_index(root)
    found: list[Any] = [index.manifest.name]
    found += [(index.find_article(article.id), index.passages(article.id)) for article in index.articles]
    for question in _QUESTIONS:
        for ids, scores in (
            index.search_dense(encoder.encode_query(question), 5),
            index.search_lexical(question, 5),
        ):
            found += [ids.tolist(), scores.tobytes()]
    index.close()
    return found


# Writing


def test_a_backup_is_a_tar_archive_of_the_generation_that_is_served(pristine: Path) -> None:
    folder = pristine / "index" / "gen-000002"
    with tarfile.open(pristine / "backup.tar", "r:") as archive:
        members = archive.getmembers()
        held = {member.name: archive.extractfile(member).read() for member in members}  # type: ignore[union-attr]
    assert held == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert [member.name for member in members] == ["MANIFEST.json", *sorted(held.keys() - {"MANIFEST.json"})]
    assert all(member.isreg() for member in members)


def test_a_generation_has_one_backup_whenever_and_whoever_makes_it(
    root: Path, data: bytes, tmp_path: Path
) -> None:
    for path in (root / "gen-000002").iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o600)
    manifest = back_up(root, tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == data
    assert manifest.name == "gen-000002"


def test_a_backup_may_be_read_by_its_owner_alone(root: Path, tmp_path: Path) -> None:
    back_up(root, tmp_path / "b.tar")
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["corpus.sqlite", "dense.faiss", "MANIFEST.json"])
def test_a_damaged_current_generation_gives_way_to_the_one_before_with_a_warning(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    path = root / "gen-000002" / name
    path.write_bytes(path.read_bytes()[:-1])
    manifest = back_up(root, tmp_path / "b.tar")
    assert manifest == read_manifest(root / "gen-000001")
    assert "gen-000002 is refused" in caplog.text
    assert restore(tmp_path / "b.tar", tmp_path / "new").name == "gen-000001"


def test_a_sound_index_is_backed_up_without_a_warning(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    back_up(root, tmp_path / "b.tar")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_without_a_sound_generation_nothing_is_written(root: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (root / f"gen-00000{number}" / "vectors.npy").write_bytes(b"")
    with pytest.raises(DamagedGenerationError, match="no generation in"):
        back_up(root, tmp_path / "b.tar")
    with pytest.raises(IndexMissingError, match="there is no index"):
        back_up(tmp_path / "nowhere", tmp_path / "b.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"index"}


def test_an_existing_file_is_replaced_only_with_force(root: Path, tmp_path: Path, data: bytes) -> None:
    target = tmp_path / "b.tar"
    target.write_text("precious")
    with pytest.raises(BackupError, match=r"b\.tar exists: .*--force"):
        back_up(root, target)
    assert target.read_text() == "precious"
    back_up(root, target, force=True)
    assert target.read_bytes() == data


def test_a_broken_link_counts_as_existing(root: Path, tmp_path: Path) -> None:
    (tmp_path / "b.tar").symlink_to("elsewhere")
    with pytest.raises(BackupError, match="exists: "):
        back_up(root, tmp_path / "b.tar")


@pytest.mark.parametrize("force", [True, False])
def test_a_folder_is_not_replaced(root: Path, tmp_path: Path, force: bool) -> None:
    with pytest.raises(BackupError, match="is a folder"):
        back_up(root, tmp_path, force=force)


def test_a_target_that_cannot_be_written_is_reported(root: Path, tmp_path: Path) -> None:
    for target in (tmp_path / "no" / "b.tar", root / "CURRENT" / "b.tar"):
        with pytest.raises(BackupError, match=r"b\.tar could not be written .*another place"):
            back_up(root, target)


_LIMITED = """
import resource, sys
from pathlib import Path
from indexer.engines.faiss.backup import back_up
from indexer.errors import BackupError
root, target = map(Path, sys.argv[1:])
for limit in range(0, target.stat().st_size, 4096):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        back_up(root, target, force=True)
    except BackupError as error:
        print(sorted(path.name for path in target.parent.iterdir()), error)
"""


def test_a_full_disk_leaves_the_existing_file_unchanged(root: Path, tmp_path: Path, data: bytes) -> None:
    """The limit on a file's size grows step by step; each backup is too large for it."""
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "b.tar").write_bytes(data)
    ran = subprocess.run(
        [sys.executable, "-c", _LIMITED, root, folder / "b.tar"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    lines = ran.stdout.splitlines()
    assert len(lines) == len(range(0, len(data), 4096))
    assert all(line.startswith("['b.tar'] the backup") and "too large" in line for line in lines), lines
    assert (folder / "b.tar").read_bytes() == data


def test_a_backup_made_while_others_publish_is_one_sound_generation(
    articles: Path, tmp_path: Path, make_encoder: type[FakeEncoder], make_prose: Callable[..., str]
) -> None:
    root = tmp_path / "index"
    build(Corpus(articles), root, make_encoder(), _SETTINGS)
    done = threading.Event()

    def build_on() -> None:
        for version in range(12):
            (articles / "harbour.txt").write_text(make_prose(f"harbour{version}"))
            build(Corpus(articles), root, make_encoder(), _SETTINGS)
        done.set()

    writer = threading.Thread(target=build_on)
    writer.start()
    numbers: list[int] = []
    while not done.is_set():
        numbers.append(back_up(root, tmp_path / f"{len(numbers)}.tar").generation)
    writer.join()
    assert numbers == sorted(numbers)
    for count, number in enumerate(numbers):
        assert restore(tmp_path / f"{count}.tar", tmp_path / f"new{count}").generation == number


# Restoring


def test_restoring_into_an_empty_folder_restores_everything(
    pristine: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    manifest = restore(pristine / "backup.tar", tmp_path / "deep" / "new")
    before = {name: held for name, held in _tree(pristine / "index").items() if "gen-000001" not in name}
    assert _tree(tmp_path / "deep" / "new") == before
    assert manifest == read_manifest(pristine / "index" / "gen-000002")
    assert _results(tmp_path / "deep" / "new", fake_encoder) == _results(pristine / "index", fake_encoder)


def test_the_next_build_continues_from_a_restored_index(
    pristine: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    restore(pristine / "backup.tar", tmp_path / "new")
    (tmp_path / "articles").mkdir()
    for path in (pristine / "articles").iterdir():
        shutil.copy(path, tmp_path / "articles")
    same = build(Corpus(tmp_path / "articles"), tmp_path / "new", fake_encoder, _SETTINGS)
    assert (same.generation, same.published, same.unchanged) == ("gen-000002", False, 2)
    (tmp_path / "articles" / "third.txt").write_text("The third tells of a bridge.")
    report = build(Corpus(tmp_path / "articles"), tmp_path / "new", fake_encoder, _SETTINGS)
    assert (report.generation, report.new, report.unchanged) == ("gen-000003", 1, 2)
    assert fake_encoder.embedded == ["third.\nThe third tells of a bridge."]


@pytest.mark.parametrize(("highest", "number"), [(1, 3), (2, 3), (7, 8)])
def test_restoring_beside_other_generations_makes_the_newest(
    pristine: Path, tmp_path: Path, fake_encoder: FakeEncoder, highest: int, number: int
) -> None:
    root = tmp_path / "index"
    (tmp_path / "articles").mkdir()
    for version in range(highest):
        (tmp_path / "articles" / "a.txt").write_text(f"Version {version} of another article.")
        build(Corpus(tmp_path / "articles"), root, fake_encoder, _SETTINGS)
    manifest = restore(pristine / "backup.tar", root)
    assert manifest == replace(read_manifest(pristine / "index" / "gen-000002"), generation=number)
    assert verify(root / f"gen-{number:06d}") == manifest
    assert current_number(Layout(root)) == number
    assert Layout(root).numbers() == [number, highest]
    assert _results(root, fake_encoder)[1:] == _results(pristine / "index", fake_encoder)[1:]


def test_restoring_into_a_folder_that_is_being_written_is_refused(root: Path, pristine: Path) -> None:
    with writer_lock(Layout(root)), pytest.raises(WriterLockedError, match="let it finish"):
        restore(pristine / "backup.tar", root)
    assert Layout(root).numbers() == [2, 1]


def _refused(data: bytes, tmp_path: Path, error: type[Exception] = DamagedBackupError) -> str:
    """Return why restoring `data` is refused; no file may be made or changed, in the folder or outside."""
    source, root = tmp_path / "forged.tar", tmp_path / "index"
    source.write_bytes(data)
    root.mkdir(exist_ok=True)
    before = _tree(tmp_path)
    with pytest.raises(error) as raised:
        restore(source, root)
    assert _tree(tmp_path) == before
    return str(raised.value)


def test_a_flipped_bit_anywhere_is_refused(data: bytes, tmp_path: Path) -> None:
    headers = {place for place in range(0, len(data), 512) if data[place + 257 :].startswith(b"ustar")}
    places = {round(place) for place in np.linspace(0, len(data) - 1, 150)}
    places |= {header + offset for header in headers for offset in (0, 99, 100, 124, 135, 148, 156, 157, 511)}
    for number, place in enumerate(sorted(places)):
        flipped = data[:place] + bytes([data[place] ^ (1 << number % 8)]) + data[place + 1 :]
        assert "Nothing was restored" in _refused(flipped, tmp_path)
    assert len(headers) == 9


def test_an_archive_cut_short_or_added_to_is_refused(data: bytes, tmp_path: Path) -> None:
    for length in [0, 1, 511, 512, 513, *range(1024, len(data), 3 * 512), len(data) - 512, len(data) - 1]:
        assert "not a sound backup" in _refused(data[:length], tmp_path)
    for added in (b"\0", bytes(512), bytes(8192), b"more", data):
        assert "bytes instead of" in _refused(data + added, tmp_path)


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"What is this?",
        b"\0" * 4096,
        b"PK\x03\x04" + b"\0" * 2000,
        b"\xff" * 4096,
    ],
)
def test_a_file_that_is_not_an_archive_is_refused(forged: bytes, tmp_path: Path) -> None:
    assert "not a sound backup" in _refused(forged, tmp_path)


def test_a_compressed_backup_is_refused_and_not_unpacked(data: bytes, tmp_path: Path) -> None:
    assert "it is not a tar archive" in _refused(gzip.compress(data), tmp_path)


# Forged archives whose checksums fit


def _forge(*members: tuple[tarfile.TarInfo, bytes], kind: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    # tarfile fills its last record with zeros; `quoth backup` ends after two blocks of them.
    data = buffer.getvalue().rstrip(b"\0")
    return data + bytes(-len(data) % 512 + 1024)


def _manifest(data: bytes) -> Manifest:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        held = archive.extractfile("MANIFEST.json")
        assert held is not None
        return Manifest.from_bytes(held.read())


def _with_manifest(data: bytes, **changes: Any) -> bytes:
    """The archive with another manifest, whose own checksum is right."""
    forged = replace(_manifest(data), **changes).to_bytes()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = [(member, archive.extractfile(member).read()) for member in archive]  # type: ignore[union-attr]
    return _forge((tarfile.TarInfo("MANIFEST.json"), forged), *members[1:])


_STATED = {"size": 4, "sha256": "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589"}


@pytest.mark.parametrize(
    "name",
    [
        *("../evil.txt", "/tmp/evil.txt", "..", ".", "", "a/b.txt", "a\\b.txt", "C:evil.txt", "evil"),  # noqa: S108
        *("MANIFEST.json", ".hidden.txt", "evil.txt\n", "evil\0.txt", "CURRENT", "evil.txt/", "é.txt"),
    ],
)
def test_a_manifest_that_names_anything_but_a_plain_file_is_refused(
    data: bytes, tmp_path: Path, name: str
) -> None:
    manifest = replace(_manifest(data), files={name: _STATED}).to_bytes()
    forged = _forge((tarfile.TarInfo("MANIFEST.json"), manifest), (tarfile.TarInfo(name), b"abcd"))
    assert "has invalid values" in _refused(forged, tmp_path)


@pytest.mark.parametrize(
    "stated",
    [
        *({}, [], None, 4, {"size": 4}, {**_STATED, "mode": 1}, {**_STATED, "size": -1}),
        *({**_STATED, "size": "4"}, {**_STATED, "size": 4.0}, {**_STATED, "size": True}),
    ],
)
def test_a_manifest_that_states_no_size_is_refused(data: bytes, tmp_path: Path, stated: Any) -> None:
    forged = _with_manifest(data, files={"evil.txt": stated})
    assert "has invalid values" in _refused(forged, tmp_path)


@pytest.mark.parametrize("size", [3, 10**9, 10**18, 10**40])
def test_no_more_is_written_than_the_archive_holds(data: bytes, tmp_path: Path, size: int) -> None:
    manifest = replace(_manifest(data), files={"evil.txt": {**_STATED, "size": size}}).to_bytes()
    forged = _forge((tarfile.TarInfo("MANIFEST.json"), manifest), (tarfile.TarInfo("evil.txt"), b"abcd"))
    assert "bytes instead of" in _refused(forged + (b"" if size > 4 else bytes(512)), tmp_path)


@pytest.mark.parametrize("number", [0, -1, 10**9, 10**30, True, "2", 2.0, None])
def test_a_generation_with_an_invalid_number_is_refused(data: bytes, tmp_path: Path, number: Any) -> None:
    assert "has invalid values" in _refused(_with_manifest(data, generation=number), tmp_path)


def test_a_manifest_with_fields_of_its_own_is_refused(data: bytes, tmp_path: Path) -> None:
    fields = {**asdict(_manifest(data)), "evil": 1}
    shown = json.dumps(fields, indent=2, sort_keys=True) + "\n"
    checksum = hashlib.sha256(shown.encode()).hexdigest()
    manifest = json.dumps({**fields, "checksum": checksum}, indent=2, sort_keys=True) + "\n"
    forged = _forge((tarfile.TarInfo("MANIFEST.json"), manifest.encode()))
    assert "was altered" in _refused(forged, tmp_path)


def _like(name: str, **fields: Any) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(member, field, value)
    return member


@pytest.mark.parametrize(
    "member",
    [
        _like("evil.txt", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        _like("evil.txt", type=tarfile.LNKTYPE, linkname="../outside"),
        _like("evil.txt", type=tarfile.DIRTYPE),
        _like("evil.txt", type=tarfile.FIFOTYPE),
        _like("evil.txt", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        _like("evil.txt", type=tarfile.GNUTYPE_SPARSE),
        _like("evil.txt", mode=0o4755),
        _like("evil.txt", mtime=1),
        _like("evil.txt", uid=1000),
        _like("../evil.txt"),
        _like("/evil.txt"),
        _like("other.txt"),
        _like("evil.txt" + "/" * 100 + "x"),
    ],
)
def test_a_member_that_is_not_the_plain_file_stated_is_refused(
    data: bytes, tmp_path: Path, member: tarfile.TarInfo
) -> None:
    manifest = replace(_manifest(data), files={"evil.txt": _STATED}).to_bytes()
    forged = _forge((tarfile.TarInfo("MANIFEST.json"), manifest), (member, b"abcd"))
    assert "not a sound backup" in _refused(forged, tmp_path)
    plain = _forge((tarfile.TarInfo("MANIFEST.json"), manifest), (tarfile.TarInfo("evil.txt"), b"abcd"))
    assert "cannot be read" in _refused(plain, tmp_path, DamagedGenerationError)


def test_a_manifest_that_is_a_link_or_too_large_or_not_first_is_refused(data: bytes, tmp_path: Path) -> None:
    link = _like("MANIFEST.json", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    assert "not a sound backup" in _refused(_forge((link, b"")), tmp_path)
    large = b" " * (MAX_MANIFEST_BYTES + 1)
    assert "does not begin with" in _refused(_forge((tarfile.TarInfo("MANIFEST.json"), large)), tmp_path)
    first = (tarfile.TarInfo("a.txt"), b"abcd")
    assert "was altered" in _refused(_forge(first) + data, tmp_path)


def test_extended_headers_are_refused(data: bytes, tmp_path: Path) -> None:
    member = _like("MANIFEST.json", pax_headers={"comment": "x" * 10_000})
    forged = _forge((member, _manifest(data).to_bytes()), kind=tarfile.PAX_FORMAT)
    assert "was altered" in _refused(forged, tmp_path)


def test_another_format_version_is_refused(data: bytes, tmp_path: Path) -> None:
    said = _refused(_with_manifest(data, format=FORMAT + 1), tmp_path, FormatVersionError)
    assert f"reads {FORMAT}" in said


def test_files_that_do_not_belong_together_are_not_published(root: Path, tmp_path: Path) -> None:
    folder = root / "gen-000002"
    shutil.copy(root / "gen-000001" / "dense.faiss", folder / "dense.faiss")
    manifest = read_manifest(folder)
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": hash_file(folder / name)}
        for name in manifest.files
    }
    opened = {name: io.BytesIO((folder / name).read_bytes()) for name in files}
    archive = io.BytesIO()
    write_archive(archive, replace(manifest, files=files), opened)
    shutil.rmtree(root)
    assert "do not belong together" in _refused(archive.getvalue(), tmp_path, DamagedGenerationError)


def test_a_file_that_changes_while_it_is_copied_is_noticed(root: Path) -> None:
    manifest = read_manifest(root / "gen-000002")
    opened = {name: io.BytesIO((root / "gen-000002" / name).read_bytes()) for name in manifest.files}
    opened["dense.faiss"] = io.BytesIO(bytes(len(opened["dense.faiss"].getvalue())))
    with pytest.raises(DamagedGenerationError, match=r"dense\.faiss changed"):
        write_archive(io.BytesIO(), manifest, opened)


@pytest.mark.timeout(20)
def test_a_source_that_is_not_a_file_is_reported(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, state in (("pipe", "is not a file"), (".", "is not a file"), ("nowhere", "does not exist")):
        with pytest.raises(BackupError, match=rf"{state}: name a file that `quoth backup` wrote"):
            restore(tmp_path / name, tmp_path / "index")
    assert not (tmp_path / "index").exists()


# The commands


def _quoth(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "indexer", *map(str, arguments)],
        cwd=_ROOT,
        env={**os.environ, "COLUMNS": "300", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_commands_say_what_they_did(root: Path, tmp_path: Path, data: bytes) -> None:
    made = _quoth("backup", tmp_path / "b.tar", "--index", root)
    assert (made.returncode, made.stderr) == (0, "")
    size = f"{len(data) / 1e6:.1f} MB"
    assert made.stdout.splitlines()[0] == f"backup    {tmp_path}/b.tar ({size}) (gen-000002)"
    assert [line.split() for line in made.stdout.splitlines()[2:]] == [["articles", "2"], ["passages", "2"]]

    again = _quoth("backup", tmp_path / "b.tar", "--index", root)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("error: ")
    assert "--force" in again.stderr

    brought = _quoth("restore", tmp_path / "b.tar", "--index", tmp_path / "new", "--json")
    assert (brought.returncode, brought.stderr) == (0, "")
    stated = json.loads((root / "gen-000002" / "MANIFEST.json").read_bytes())
    del stated["checksum"]
    assert json.loads(brought.stdout) == {
        **stated,
        "backup": str(tmp_path / "b.tar"),
        "index": str(tmp_path / "new"),
    }


def test_a_backup_of_an_older_generation_says_so_on_stderr(root: Path, tmp_path: Path) -> None:
    (root / "gen-000002" / "corpus.sqlite").write_bytes(b"")
    made = _quoth("backup", tmp_path / "b.tar", "--index", root, "--json")
    assert made.returncode == 0
    assert json.loads(made.stdout)["generation"] == 1
    assert "gen-000002 is refused" in made.stderr
