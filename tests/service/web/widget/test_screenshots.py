"""Screenshots of every state, light and dark, wide and narrow: `SCREENSHOTS=folder pytest …`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page

from service.answering.answers import Answer

Ask = Callable[[Page, str], Locator]
FOLDER = os.environ.get("SCREENSHOTS")
SIZES = {"wide": (1280, 800), "narrow": (360, 740)}

pytestmark = pytest.mark.skipif(FOLDER is None, reason="SCREENSHOTS does not name a folder")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_take_a_screenshot_of_every_state(
    embedded: Callable[..., Page], ask: Ask, service: str, scheme: str, size: str
) -> None:
    page = embedded(suggestions="Who is the chief executive of BUCIC?|What is the Fiber One project?")
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    folder = Path(FOLDER or "")
    folder.mkdir(parents=True, exist_ok=True)

    def shoot(state: str) -> None:
        page.screenshot(path=folder / f"{state}-{scheme}-{size}.png")

    shoot("closed")
    page.locator("button.launcher").click()
    shoot("open")
    page.route("**/v1/answer", lambda _: None)
    page.keyboard.type("When was CPEC launched?")
    page.keyboard.press("Enter")
    page.locator(".pending").wait_for()
    shoot("pending")
    page.locator(".pending button").click()
    page.locator(".failure").wait_for()
    shoot("error")
    page.unroute_all(behavior="ignoreErrors")
    reply = ask(page, "Who is the chief executive of BUCIC?")
    shoot("answer")
    reply.locator("summary").last.click()
    shoot("citation-open")
    reply.get_by_role("button", name="This is wrong").click()
    shoot("feedback")
    page.locator("textarea").focus()
    ask(page, "Who painted the ceiling of the Sistine Chapel?").locator("summary").click()
    shoot("abstention")
    page.locator("quoth-chat").evaluate("(chat) => { chat.lang = 'ar' }")
    page.locator(".root[dir=rtl]").wait_for(state="attached")
    shoot("right-to-left")
    page.goto(service)
    page.locator("textarea").wait_for()
    shoot("home-open")
    ask(page, "Who is the chief executive of BUCIC?")
    shoot("home")
    page.goto(f"{service}/articles/000-pakistan-bucic-delegation.txt?start=1530&end=1543#quote")
    shoot("article")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_take_a_screenshot_of_every_shape_of_answer(
    page: Page,
    ask: Ask,
    *,
    sample_service: str,
    sample_answers: Mapping[str, Answer],
    scheme: str,
    size: str,
) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    folder = Path(FOLDER or "")
    folder.mkdir(parents=True, exist_ok=True)
    page.goto(sample_service)
    page.locator("textarea").wait_for()
    # The whole conversation, without scrolling.
    page.locator("quoth-chat").evaluate("(chat) => chat.style.setProperty('--quoth-height', 'auto')")
    for name, answer in sample_answers.items():
        page.locator("textarea").focus()
        reply = ask(page, answer.question)
        reply.locator("..").screenshot(path=folder / f"widget-{name.replace(' ', '-')}-{scheme}-{size}.png")
    for name, answer in sample_answers.items():
        page.goto(f"{sample_service}/?q={quote(answer.question)}")
        path = folder / f"page-{name.replace(' ', '-')}-{scheme}-{size}.png"
        page.screenshot(path=path, full_page=True)
