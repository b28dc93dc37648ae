"""WCAG 2.2 AA by axe-core in every state, reflow, target sizes, and the user's display settings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

Ask = Callable[[Page, str], Locator]
Audit = Callable[[Page], list[str]]
QUESTION = "Who is the chief executive of BUCIC?"

SMALL_TARGETS = """
() => [...document.querySelector("quoth-chat").shadowRoot
    .querySelectorAll("button, a, summary, input, textarea")]
  .filter((target) => target.checkVisibility())
  .map((target) => [target.outerHTML.slice(0, 80), target.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([html]) => html)
"""
OPEN_DETAILS = "(reply) => reply.querySelectorAll('details').forEach((details) => { details.open = true })"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "ar"])
def test_every_state_is_free_of_violations(
    embedded: Callable[..., Page], ask: Ask, audit: Audit, theme: str, lang: str
) -> None:
    page = embedded(theme=theme, lang=lang, suggestions="When was CPEC launched?")
    found = {"closed": audit(page)}
    page.locator("button.launcher").click()
    found["open"] = audit(page)

    page.route("**/v1/answer", lambda _: None)
    page.keyboard.type("Is this pending?")
    page.keyboard.press("Enter")
    page.locator(".pending").wait_for()
    found["pending"] = audit(page)
    page.locator(".pending button").click()
    found["error"] = audit(page)
    page.unroute_all(behavior="ignoreErrors")

    reply = ask(page, QUESTION)
    found["answer"] = audit(page)
    reply.evaluate(OPEN_DETAILS)
    found["citation open"] = audit(page)
    reply.locator("[aria-pressed]").last.click()
    found["feedback"] = audit(page)
    assert page.evaluate(SMALL_TARGETS) == []

    page.locator("textarea").focus()
    reply = ask(page, "Who painted the ceiling of the Sistine Chapel?")
    found["abstention"] = audit(page)
    reply.evaluate(OPEN_DETAILS)
    found["passages open"] = audit(page)
    assert {state: violations for state, violations in found.items() if violations} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_services_pages_are_free_of_violations(
    page: Page, audit: Audit, service: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in (
        "/",
        "/articles/002-belt-and-road-smart-expo.txt?start=100&end=160#quote",
        "/articles/none.txt",
    ):
        page.goto(service + path)
        assert audit(page) == [], path


def test_the_log_announces_each_answer_as_one_message(embedded: Callable[..., Page], ask: Ask) -> None:
    page = embedded()
    page.locator("button.launcher").click()
    log = page.get_by_role("log")
    assert log.evaluate("(log) => log.ariaLive ?? 'polite'") == "polite"
    log.evaluate(
        """(log) => {
          window.added = [];
          new MutationObserver((records) => records.forEach((record) =>
            window.added.push(...[...record.addedNodes].map((node) => node.className))))
            .observe(log, {childList: true, subtree: true});
        }"""
    )
    ask(page, QUESTION)
    assert page.evaluate("window.added") == ["turn", "reply"]
    expect(page.locator("textarea")).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(320, 640), (320, 256)])
def test_nothing_scrolls_in_two_dimensions(
    embedded: Callable[..., Page], ask: Ask, service: str, width: int, height: int
) -> None:
    """320 by 256 CSS pixels is 1280 by 1024 at 400% zoom."""
    page = embedded(suggestions="When was CPEC launched?")
    page.set_viewport_size({"width": width, "height": height})
    overflow = """() => [document.scrollingElement, ...document.querySelector("quoth-chat").shadowRoot
      .querySelectorAll(".panel, .scroller, .composer")]
      .filter((box) => box.scrollWidth > Math.ceil(box.getBoundingClientRect().width))
      .map((box) => box.className || box.localName)"""
    page.locator("button.launcher").click()
    reply = ask(page, QUESTION)
    reply.evaluate(OPEN_DETAILS)
    reply.locator("[aria-pressed]").last.click()
    assert page.evaluate(overflow) == []
    # The input below can be scrolled to.
    page.locator("textarea").scroll_into_view_if_needed()
    expect(page.locator("textarea")).to_be_in_viewport()
    page.goto(service)
    page.locator("textarea").wait_for()
    assert page.evaluate(overflow) == []
    page.locator("textarea").scroll_into_view_if_needed()
    expect(page.locator("textarea")).to_be_in_viewport()
    page.goto(f"{service}/articles/004-china-asean-smart-cities.txt?start=100&end=160")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


def test_motion_and_colours_follow_the_users_settings(embedded: Callable[..., Page]) -> None:
    page = embedded()
    page.locator("button.launcher").click()
    animated = "(panel) => getComputedStyle(panel).animationName"
    assert page.locator(".panel").evaluate(animated) == "none"
    page.emulate_media(reduced_motion="no-preference")
    assert page.locator(".panel").evaluate(animated) == "rise"
    background = "(panel) => getComputedStyle(panel).backgroundColor"
    light = page.locator(".panel").evaluate(background)
    page.emulate_media(color_scheme="dark")
    assert page.locator(".panel").evaluate(background) != light
    page.locator("quoth-chat").evaluate("(chat) => { chat.setAttribute('theme', 'light') }")
    assert page.locator(".panel").evaluate(background) == light
    page.locator("quoth-chat").evaluate("(chat) => chat.style.setProperty('--quoth-paper', 'rgb(1, 2, 3)')")
    assert page.locator(".panel").evaluate(background) == "rgb(1, 2, 3)"
    page.emulate_media(forced_colors="active")
    assert page.locator(".send").evaluate("(button) => getComputedStyle(button).borderTopStyle") == "solid"
