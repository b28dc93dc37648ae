"""A service that requires keys: another site has one in its tag, the service's own page uses HTTP Basic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from service.answering.answerer import Answerer
from service.settings import Settings
from service.web.access.keys import add_key
from service.web.app import create_app

QUESTION = "How many cranes has the port?"


@pytest.fixture
def guarded(
    tmp_path: Path, word_answerer: Callable[[Path, Path], Answerer], serve_app: Callable[[FastAPI], str]
) -> tuple[str, str]:
    """The address of a service that requires keys and allows all origins, and a key."""
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "port.txt").write_text("The port has 3 cranes.", "utf-8")
    key = add_key(tmp_path / "keys.json", "reader")
    settings = Settings.of(
        keys=tmp_path / "keys.json", allowed_origins=("*",), feedback=tmp_path / "feedback.sqlite"
    )
    return serve_app(create_app(word_answerer(articles, tmp_path / "index"), settings.web)), key


@pytest.mark.parametrize(
    ("has_key", "expected"), [(True, "The port has 3 cranes."), (False, "A key is needed")]
)
def test_a_site_asks_with_the_key_in_its_tag(
    page: Page, site: Callable[[str], str], guarded: tuple[str, str], has_key: bool, expected: str
) -> None:
    address, key = guarded
    attribute = f' data-key="{key}"' if has_key else ""
    page.goto(
        site(
            f'<script type="module" src="{address}/widget.js" data-endpoint="{address}"{attribute}></script>'
        )
    )
    page.locator("button.launcher").click()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("quoth-chat .reply")).to_contain_text(expected)


def test_the_services_own_page_uses_the_browsers_basic_credentials(
    browser: Browser, guarded: tuple[str, str]
) -> None:
    address, key = guarded
    context = browser.new_context(http_credentials={"username": "anyone", "password": key})
    try:
        page = context.new_page()
        page.goto(address)
        page.locator("textarea").fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("quoth-chat .exact")).to_contain_text("The port has 3 cranes.")
        page.locator("quoth-chat .reply").get_by_role("button", name="Right", exact=False).first.click()
        page.get_by_role("button", name="Send feedback").click()
        expect(page.locator("quoth-chat .reply")).to_contain_text("Thank you")
    finally:
        context.close()


def test_the_services_own_page_does_not_open_without_a_key(page: Page, guarded: tuple[str, str]) -> None:
    address, _ = guarded
    response = page.request.get(address, headers={"accept": "text/html"})
    assert response.status == 401
    assert "Basic" in response.headers["www-authenticate"]
