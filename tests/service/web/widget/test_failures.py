"""Failed requests: the user always sees a reason and can retry, and never waits without end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

Ask = Callable[[Page, str], Locator]
Refuse = Callable[..., None]
QUESTION = "Who is the chief executive of BUCIC?"


@pytest.fixture
def opened(embedded: Callable[..., Page]) -> Page:
    page = embedded()
    page.evaluate("addEventListener('quoth-error', (event) => { window.failed = event.detail.failure })")
    page.locator("button.launcher").click()
    return page


def test_an_unreachable_service_is_reported_and_can_be_retried(opened: Page, ask: Ask) -> None:
    opened.route("**/v1/answer", lambda route: route.abort(), times=1)
    reply = ask(opened, QUESTION)
    expect(reply).to_contain_text("The service could not be reached.")
    assert opened.evaluate("window.failed.kind") == "network"
    reply.get_by_role("button", name="Try again").click()
    expect(opened.locator("textarea")).to_be_focused()
    expect(opened.locator(".exact")).to_contain_text("Wang Linghong")
    assert opened.locator(".turn").count() == opened.locator(".reply").count() == 1


@pytest.mark.parametrize("timeout_factor", [1])
def test_a_request_times_out_within_ten_seconds(opened: Page) -> None:
    opened.route("**/v1/answer", lambda _: None)
    opened.evaluate("addEventListener('quoth-error', () => { window.timed_out = performance.now() })")
    opened.keyboard.type(QUESTION)
    opened.evaluate("window.started = performance.now()")
    opened.keyboard.press("Enter")
    expect(opened.locator(".pending")).to_contain_text("Searching the articles")
    opened.locator(".failure").wait_for()
    assert 8_000 < opened.evaluate("window.timed_out - window.started") < 10_000
    expect(opened.locator(".failure")).to_contain_text("did not answer within ten seconds")
    expect(opened.locator(".pending")).to_be_hidden()
    opened.unroute_all(behavior="ignoreErrors")


def test_a_pending_question_can_be_cancelled(opened: Page) -> None:
    opened.route("**/v1/answer", lambda _: None)
    opened.keyboard.type(QUESTION)
    opened.keyboard.press("Enter")
    opened.keyboard.type("Another")
    opened.keyboard.press("Enter")
    assert opened.locator(".turn").count() == 1
    opened.get_by_role("button", name="Cancel").click()
    expect(opened.locator(".failure")).to_contain_text("The question was cancelled.")
    expect(opened.locator("textarea")).to_be_focused()
    expect(opened.locator("textarea")).to_have_value("Another")
    assert opened.evaluate("window.failed") is None
    opened.unroute_all(behavior="ignoreErrors")


def test_a_problem_is_shown_with_its_remedy(opened: Page, ask: Ask, refuse: Refuse) -> None:
    refuse(422, title="The request is not valid", detail="The question is empty.", remedy="Write one.")
    reply = ask(opened, QUESTION)
    expect(reply).to_contain_text("The request is not valid")
    expect(reply).to_contain_text("The question is empty. Write one.")
    expect(reply.get_by_role("button", name="Try again")).to_be_enabled()


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_retried_after_the_time_it_gives(
    opened: Page, ask: Ask, refuse: Refuse, status: int
) -> None:
    refuse(status, {"retry-after": "2"}, title="The service cannot answer now")
    reply = ask(opened, QUESTION)
    expect(reply.locator("button")).to_have_text("Try again in 2 s")
    expect(reply.locator("button")).to_have_attribute("aria-disabled", "true")
    opened.unroute_all()
    expect(reply.locator("button")).to_have_text("Try again")
    reply.locator("button").click()
    opened.locator(".exact").wait_for()


def test_a_response_that_is_not_an_answer_is_a_failure(opened: Page, ask: Ask) -> None:
    cors = {"access-control-allow-origin": "*"}
    opened.route("**/v1/answer", lambda route: route.fulfill(status=200, headers=cors, body="<p>Hello</p>"))
    expect(ask(opened, QUESTION)).to_contain_text("could not be read")
    opened.unroute_all()
    opened.route("**/v1/answer", lambda route: route.fulfill(status=502, headers=cors, body="<p>Bad</p>"))
    expect(ask(opened, QUESTION)).to_contain_text("(502)")


def test_a_pending_question_can_be_retried_after_a_reload(opened: Page) -> None:
    opened.route("**/v1/answer", lambda _: None)
    opened.keyboard.type(QUESTION)
    opened.keyboard.press("Enter")
    opened.locator(".pending").wait_for()
    opened.reload()
    opened.unroute_all(behavior="ignoreErrors")
    expect(opened.locator(".question")).to_contain_text(QUESTION)
    expect(opened.get_by_role("button", name="Try again")).to_be_visible()


def test_the_chat_works_without_session_storage(page: Page, ask: Ask, service: str) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('no') }})"
    )
    page.goto(service)
    expect(page.locator("textarea")).to_be_focused()
    ask(page, QUESTION)
    expect(page.locator(".exact")).to_contain_text("Wang Linghong")
