"""`index` and `info`, run as a user runs them: another process, the real encoder, nothing patched."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from indexer.engines.faiss.index import open_index
from indexer.runtime import native_precision

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).resolve().parents[2]
_SEEDS = _ROOT / "seeds"
_MINILM = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def rows(self) -> dict[str, str]:
        """The printed table: a name, two spaces or more, a value."""
        return dict(
            re.split(r"  +", line.strip(), maxsplit=1) for line in self.out.splitlines() if line.strip()
        )


def _quoth(*arguments: object, **environment: str) -> Ran:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("QUOTH_")}
    done = subprocess.run(
        [sys.executable, "-m", "indexer", *map(str, arguments)],
        cwd=_ROOT,
        env={**variables, "HF_HUB_OFFLINE": "1", "COLUMNS": "300", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def seeds_index(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    out = tmp_path_factory.mktemp("seeds") / "index"
    return out, _quoth("index", _SEEDS, "--out", out)


_STAGES = ("Loading", "Reading", "Splitting", "Embedding", "Publishing")


def _one_line_error(ran: Ran) -> str:
    assert ran.status == 1
    assert ran.out == ""
    (line,) = [line for line in ran.err.strip().splitlines() if not line.startswith(_STAGES)]
    assert line.startswith("error: ")
    return line


def _usage_error(ran: Ran) -> str:
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("Usage: ")
    return ran.err.splitlines()[-1]


# index


@pytest.mark.models
def test_index_prints_what_it_did_on_stdout(seeds_index: tuple[Path, Ran]) -> None:
    out, ran = seeds_index
    assert ran.status == 0, ran.err
    rows = ran.rows
    assert rows["index"] == f"{out} (gen-000001, published)"
    assert {name: rows[name] for name in ("articles", "new", "changed", "unchanged", "removed")} == {
        "articles": "5",
        "new": "5",
        "changed": "0",
        "unchanged": "0",
        "removed": "0",
    }
    assert int(rows["passages"]) > 20
    assert float(rows["seconds"]) > 0
    assert "not read" not in rows


@pytest.mark.models
def test_progress_stays_off_stdout(seeds_index: tuple[Path, Ran]) -> None:
    _, ran = seeds_index
    assert [re.sub(r"\d+", "N", line) for line in ran.err.splitlines() if "%" not in line] == [
        "Loading the encoder",
        "Reading articles: N of N",
        "Splitting into passages: N of N",
        "Embedding passages: N of N",
        "Publishing: N of N",
    ]
    for words in ("Loading", "Reading", "Splitting", "Embedding", "Publishing", "\x1b", "\r"):
        assert words not in ran.out


@pytest.mark.models
def test_the_seeds_index_holds_the_seeds(seeds_index: tuple[Path, Ran]) -> None:
    out, ran = seeds_index
    index = open_index(out)
    assert [article.id for article in index.articles] == sorted(path.name for path in _SEEDS.glob("*.txt"))
    assert index.manifest.passages == int(ran.rows["passages"])
    assert index.manifest.encoder == {"name": "all-MiniLM-L6-v2", "sha256": _MINILM, "dimension": 384}
    for article in index.articles:
        found = index.find_article(article.id)
        assert found is not None
        assert found.text == (_SEEDS / article.id).read_text("utf-8-sig")
    index.close()


@pytest.mark.models
def test_index_json_is_json_and_nothing_else(seeds_index: tuple[Path, Ran]) -> None:
    out, first = seeds_index
    ran = _quoth("index", _SEEDS, "--json", QUOTH_INDEX=str(out))
    assert ran.status == 0, ran.err
    report = json.loads(ran.out)
    assert report.pop("seconds") >= 0
    assert report == {
        "generation": "gen-000001",
        "published": False,
        "articles": 5,
        "passages": int(first.rows["passages"]),
        "new": 0,
        "changed": 0,
        "unchanged": 5,
        "removed": 0,
        "ignored": 0,
        "left_out": [],
        "failures": [],
        "warnings": [],
    }


@pytest.mark.models
def test_files_that_cannot_be_read_are_named_and_the_rest_is_indexed(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    good = (_SEEDS / "001-sco-digital-technology-summit.txt").read_text("utf-8")
    (folder / "good.txt").write_text(good, "utf-8")
    (folder / "latin[b]:smile:.txt").write_bytes(b"Caf\xe9 au lait.")
    with (folder / "large.txt").open("wb") as file:
        file.truncate(50_000_000)
    ran = _quoth("index", folder, "--out", tmp_path / "index", NO_COLOR="1")
    assert ran.status == 3
    lines = [line for line in ran.err.splitlines() if line.startswith("not read")]
    assert lines == [
        "not read: large.txt: larger than 20 MB: split it, or raise --max-file-mb",
        "not read: latin[b]:smile:.txt: not UTF-8: byte 0xe9 at offset 3 (line 1); save it as UTF-8",
    ]
    assert ran.rows["articles"] == ran.rows["new"] == "1"
    assert ran.rows["not read"] == "2"
    index = open_index(tmp_path / "index")
    found = index.find_article("good.txt")
    assert found is not None
    assert found.text == good
    index.close()


@pytest.mark.models
def test_an_empty_folder_is_told_what_to_put_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = _quoth("index", tmp_path / "empty", "--out", tmp_path / "index")
    assert "put .txt, .md or .html files there" in _one_line_error(ran)
    assert not (tmp_path / "index").exists()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    ran = _quoth("index", tmp_path / "nowhere", "--out", tmp_path / "index")
    assert f"{tmp_path}/nowhere is not there: name a folder of articles" in _one_line_error(ran)


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("One.")
    ran = _quoth("index", tmp_path / "file.txt", "--out", tmp_path / "index")
    assert "file.txt is not a folder: name a folder of articles" in _one_line_error(ran)


def test_an_unknown_kind_of_faiss_index_is_an_error(tmp_path: Path) -> None:
    ran = _quoth("index", _SEEDS, "--out", tmp_path / "index", "--faiss", "annoy")
    assert "'annoy' is not one of 'auto', 'flat', 'hnsw', 'ivf-sq8'" in _usage_error(ran)
    assert not (tmp_path / "index").exists()


def test_passage_settings_that_cannot_hold_together_are_an_error(tmp_path: Path) -> None:
    ran = _quoth("index", _SEEDS, "--out", tmp_path / "index", "--overlap-tokens", "150")
    assert "choose 0 or more and less than max_tokens (136)" in _one_line_error(ran)


@pytest.mark.parametrize(
    "option",
    [["--max-tokens", "15"], ["--max-tokens", "513"], ["--overlap-tokens", "-1"], ["--max-file-mb", "0"]],
)
def test_a_number_out_of_range_is_an_error(option: list[str], tmp_path: Path) -> None:
    ran = _quoth("index", _SEEDS, "--out", tmp_path / "index", *option)
    assert f"Invalid value for '{option[0]}'" in _usage_error(ran)
    assert not (tmp_path / "index").exists()


@pytest.mark.slow
def test_an_unknown_encoder_is_an_error(tmp_path: Path) -> None:
    ran = _quoth("index", _SEEDS, "--out", tmp_path / "index", "--encoder", "no-such-encoder")
    assert "no encoder called 'no-such-encoder' on this machine" in _one_line_error(ran)
    assert not (tmp_path / "index").exists()


# info


@pytest.mark.models
def test_info_says_what_the_index_holds(seeds_index: tuple[Path, Ran]) -> None:
    out, indexed = seeds_index
    ran = _quoth("info", "--index", out)
    assert ran.status == 0, ran.err
    rows = ran.rows
    assert rows["index"].startswith(f"{out} (gen-000001, ")
    assert rows["index"].endswith("every checksum matches)")
    assert rows["articles"] == "5"
    assert rows["passages"] == indexed.rows["passages"]
    assert rows["source"] == str(_SEEDS)
    assert rows["encoder"] == f"all-MiniLM-L6-v2 (384 dimensions, weights {_MINILM[:12]})"
    assert rows["faiss"] == "flat"
    assert "max_tokens 136" in rows["splitter"]
    assert rows["arithmetic"].startswith({"bf16": "16-bit", "f32": "32-bit"}[native_precision()])


@pytest.mark.models
def test_info_json_is_the_manifest(seeds_index: tuple[Path, Ran]) -> None:
    out, _ = seeds_index
    ran = _quoth("info", "--json", QUOTH_INDEX=str(out))
    assert ran.status == 0, ran.err
    manifest = json.loads((out / "gen-000001" / "MANIFEST.json").read_text("ascii"))
    del manifest["checksum"]
    shown = {"current_is_sound": True, "arithmetic": native_precision()}
    assert json.loads(ran.out) == manifest | shown


@pytest.mark.models
def test_info_fails_when_an_older_generation_would_serve(
    seeds_index: tuple[Path, Ran], tmp_path: Path
) -> None:
    out = tmp_path / "index"
    shutil.copytree(seeds_index[0], out)
    assert _quoth("index", str(_SEEDS), "--faiss", "hnsw", QUOTH_INDEX=str(out)).status == 0
    dense = out / "gen-000002" / "dense.faiss"
    dense.write_bytes(dense.read_bytes()[:-1])
    ran = _quoth("info", QUOTH_INDEX=str(out))
    assert ran.status == 1
    assert "the current generation is damaged" in ran.out


@pytest.mark.slow
def test_info_without_an_index_is_an_error(tmp_path: Path) -> None:
    ran = _quoth("info", "--index", tmp_path / "nowhere")
    assert "make one with `quoth index FOLDER --out" in _one_line_error(ran)


@pytest.mark.models
def test_names_from_the_articles_are_printed_without_control_characters(tmp_path: Path) -> None:
    folder = tmp_path / "art\x1b[2Jicles"
    folder.mkdir()
    (folder / "a.txt").write_text("The harbour was built in 1871.", "utf-8")
    (folder / "b\x1b[31m.txt").write_bytes(b"\xff")
    out = tmp_path / "index"
    ran = _quoth("index", folder, "--out", out)
    assert ran.status == 3
    assert "not read: b\\x1b[31m.txt: " in ran.err
    shown = _quoth("info", "--index", out)
    assert "art\\x1b[2Jicles" in shown.rows["source"]
    for text in (ran.out, ran.err, shown.out, _quoth("info", "--index", out, "--json").out):
        assert "\x1b" not in text


def test_help_names_both_commands() -> None:
    ran = _quoth("--help", NO_COLOR="1")
    assert ran.status == 0
    assert re.search(r"^\W*index\s+Index a folder of articles", ran.out, re.MULTILINE)
    assert re.search(r"^\W*info\s+Check an index", ran.out, re.MULTILINE)
