"""Fixtures: a real Chromium, and the real service over the seeds, each started once."""

from __future__ import annotations

import functools
import html
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from service.answering.answerer import Answerer
from service.settings import Settings
from service.web.app import create_app

ROOT = Path(__file__).resolve().parents[4]


# Whoever uses the fixture gets the markers.
MARKERS = {"browser": ["browser"], "serve_app": ["server"], "service": ["models", "server"]}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-picture", action="store_true", help="take the README's picture of the chat again"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and isinstance(item, pytest.Function):
            for fixture in set(MARKERS).intersection(item.fixturenames):
                for marker in MARKERS[fixture]:
                    item.add_marker(marker)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The installed Chromium. Without one the tests are skipped, or fail if CI_BROWSER=required."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "no chromium on this machine: install Debian's package `chromium`"
        if os.environ.get("CI_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `quoth demo` over the seeds, with all origins allowed."""
    folder = tmp_path_factory.mktemp("service")
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "NO_COLOR": "1",
        "QUOTH_FEEDBACK": str(folder / "feedback.sqlite"),
        "QUOTH_ALLOWED_ORIGINS": "*",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "service", "demo", "--index", str(folder / "index"), "--port", "0"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        output = ""
        try:
            for line in process.stderr:
                output += line
                if served := re.search(r"Serving (http://\S+?)/? ", line):
                    yield served[1]
                    break
            else:
                pytest.fail(f"the service did not start:\n{output}")
        finally:
            process.terminate()


@pytest.fixture
def timeout_factor() -> int:
    """By how much the widget's timeout is prolonged: a busy machine may answer later than in ten seconds."""
    return 6


@pytest.fixture
def page(browser: Browser, timeout_factor: int) -> Iterator[Page]:
    """An empty page, 1280 by 800, without animations. Fails on an uncaught JavaScript error."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(
        "const timeout = AbortSignal.timeout.bind(AbortSignal);"
        f"AbortSignal.timeout = (ms) => timeout({timeout_factor} * ms);"
    )
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


@pytest.fixture(scope="session")
def serve_app() -> Iterator[Callable[[FastAPI], str]]:
    """Serve an application on a free loopback port and return its address."""
    running: list[tuple[uvicorn.Server, threading.Thread, socket.socket]] = []

    def start(app: FastAPI) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread, listener))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread, listener in running:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture(scope="session")
def sample_service(serve_app: Callable[[FastAPI], str], sample_answerer: Answerer) -> str:
    """The address of a service that gives the sample answers, with all origins allowed."""
    settings = Settings.of(allowed_origins=("*",)).web
    return serve_app(create_app(sample_answerer, settings))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Serve a page on another origin than the service's: the body's HTML -> its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()

        def publish(body: str) -> str:
            document = (
                '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
                f"<title>A site</title><main>{body}</main></html>"
            )
            (folder / "index.html").write_text(document, "utf-8")
            return f"http://127.0.0.1:{server.server_address[1]}/"

        yield publish
        server.shutdown()
        thread.join()


@pytest.fixture
def embedded(page: Page, site: Callable[[str], str], service: str) -> Callable[..., Page]:
    """Open a page on another origin that embeds the widget: `data-` attributes -> the page."""

    def load(**data: str) -> Page:
        attributes = "".join(
            f' data-{name.replace("_", "-")}="{html.escape(value)}"' for name, value in data.items()
        )
        source = f'src="{service}/widget.js" data-endpoint="{service}"'
        tag = f'<script type="module" {source}{attributes}></script>'
        page.goto(site(f"<h1>A newspaper</h1>{'<p>What it says.</p>' * 40}{tag}"))
        page.locator("quoth-chat .panel").wait_for(state="attached")
        return page

    return load


@pytest.fixture(scope="session")
def ask() -> Callable[[Page, str], Locator]:
    """Type a question into the focused input and wait for the reply."""

    def type_and_wait(page: Page, question: str) -> Locator:
        before = page.locator(".reply").count()
        page.keyboard.type(question)
        page.keyboard.press("Enter")
        reply = page.locator(".reply").nth(before)
        reply.wait_for()
        return reply

    return type_and_wait


@pytest.fixture
def refuse(page: Page) -> Callable[..., None]:
    """Make `/v1/answer` fail: a status, headers, the fields of a problem."""

    def fail(status: int, headers: dict[str, str] | None = None, **problem: str) -> None:
        cors = {"access-control-allow-origin": "*", "access-control-expose-headers": "retry-after"}
        page.route(
            "**/v1/answer",
            lambda route: route.fulfill(
                status=status,
                headers={"content-type": "application/problem+json", **cors, **(headers or {})},
                body=json.dumps(problem),
            ),
        )

    return fail


@pytest.fixture(scope="session")
def audit() -> Callable[[Page], list[str]]:
    """axe-core's WCAG 2.2 AA violations on a page, one line each."""
    axe = Axe()
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

    def run(page: Page) -> list[str]:
        results = axe.run(page, options={"runOnly": tags}).response
        assert results["passes"], "axe-core checked nothing"
        return [
            f"{rule['id']}: {node['html'][:150]} {node.get('failureSummary', '')}"
            for rule in results["violations"]
            for node in rule["nodes"]
        ]

    return run
