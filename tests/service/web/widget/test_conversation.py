"""Conversations in the widget, in a real browser, on another origin, with the real service."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

Ask = Callable[[Page, str], Locator]
ROOT = Path(__file__).resolve().parents[4]
QUESTION = "Who is the chief executive of BUCIC?"
FOCUSED = "document.activeElement.shadowRoot?.activeElement?.className || document.activeElement.localName"


def test_one_line_answers_with_the_exact_words_and_their_source(
    embedded: Callable[..., Page], ask: Ask, service: str
) -> None:
    page = embedded()
    page.evaluate("addEventListener('quoth-answer', (event) => { window.answered = event.detail })")
    page.locator("button.launcher").click()
    reply = ask(page, QUESTION)
    text = (ROOT / "seeds" / "000-pakistan-bucic-delegation.txt").read_text("utf-8")
    exact = reply.locator(".exact q").inner_text()
    assert "Wang Linghong" in exact
    assert exact in text
    assert reply.locator("mark").first.inner_text() == exact
    assert reply.locator("blockquote").first.inner_text() in text
    expect(reply.locator("figcaption").first).to_contain_text("The article states no title or publisher.")
    expect(reply.locator("figcaption").first).to_contain_text("January 24, 2024")
    expect(reply.locator(".confidence").first).to_contain_text("confidence")
    detail: dict[str, Any] = page.evaluate("window.answered")
    assert detail["question"] == QUESTION
    assert detail["response"]["answer"]["text"] == exact

    page.evaluate("addEventListener('quoth-citation-open', (event) => { window.opened = event.detail })")
    with page.expect_popup() as popup:
        reply.get_by_role("link", name="Show in the article").first.click()
    source = popup.value
    assert source.url.startswith(f"{service}/articles/000-pakistan-bucic-delegation.txt?start=")
    assert page.evaluate("window.opened.href") == source.url
    assert source.locator("mark#quote").inner_text() == exact
    assert source.evaluate("window.opener") is None


def test_everything_can_be_done_by_keyboard(embedded: Callable[..., Page]) -> None:
    page = embedded(suggestions='["What is the Fiber One project?", "When was CPEC launched?"]')
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "launcher"
    page.keyboard.press("Enter")
    expect(page.locator("textarea")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED) == "choice"
    page.keyboard.press("Enter")
    page.locator(".reply").wait_for()
    # The answer does not take the focus: the user can go on typing.
    expect(page.locator("textarea")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.shadowRoot?.activeElement?.localName") == "summary":
            break
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() == 1
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_be_hidden()
    assert page.evaluate(FOCUSED) == "launcher"
    page.keyboard.press("Enter")
    assert page.locator(".turn").count() == 1


def test_the_input_takes_line_breaks_recalls_the_question_and_ignores_composition(
    embedded: Callable[..., Page],
) -> None:
    page = embedded()
    page.locator("button.launcher").click()
    input_box = page.locator("textarea")
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    assert input_box.input_value() == "one\ntwo"
    input_box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    assert page.locator(".turn").count() == 0
    input_box.fill("")
    page.route("**/v1/answer", lambda route: route.abort())
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".failure").wait_for()
    page.keyboard.press("ArrowUp")
    assert input_box.input_value() == QUESTION


def test_an_abstention_says_so_and_offers_the_nearest_passages(
    embedded: Callable[..., Page], ask: Ask
) -> None:
    page = embedded(published_from="2030-01-01")
    page.locator("button.launcher").click()
    reply = ask(page, QUESTION)
    expect(reply).to_contain_text("The articles do not say.")
    expect(reply).to_contain_text("No article could be searched with these filters.")
    page.locator("quoth-chat").evaluate("(chat) => chat.removeAttribute('published-from')")
    reply = ask(page, "Who painted the ceiling of the Sistine Chapel?")
    expect(reply).to_contain_text("No words in them answer this question with enough confidence.")
    nearest = reply.locator("details.more", has_text="Nearest passages")
    nearest.locator("summary").click()
    assert nearest.locator("figure").count() == 4
    href = nearest.locator("figure a").first.get_attribute("href") or ""
    words = nearest.locator("figure blockquote").first.text_content()
    page.goto(href)
    assert " ".join(page.locator("mark").all_text_contents()).split() == (words or "").split()


def test_a_conversation_survives_a_reload_takes_a_follow_up_and_is_cleared(
    embedded: Callable[..., Page], ask: Ask, service: str
) -> None:
    page = embedded(article_ids="000-pakistan-bucic-delegation.txt | x|y.txt")
    page.locator("button.launcher").click()
    ask(page, QUESTION)
    words = page.locator(".exact q").inner_text()
    page.reload()
    expect(page.locator(".exact q")).to_have_text(words)
    assert page.evaluate("document.activeElement === document.body")
    page.locator("textarea").focus()
    with page.expect_response(f"{service}/v1/answer") as response:
        reply = ask(page, "And what did he provide?")
    read_as = response.value.json()["read_as"]
    assert read_as == "And what did Wang Linghong provide?"
    expect(reply.locator(".aside").first).to_contain_text("Interpreted as:")
    expect(reply.locator(".aside").first).to_contain_text(read_as)
    assert response.value.request.post_data_json == {
        "question": "And what did he provide?",
        "filters": {"article_ids": ["000-pakistan-bucic-delegation.txt", "x", "y.txt"]},
        "previous": {
            "question": QUESTION,
            "answer": words,
            "article_id": "000-pakistan-bucic-delegation.txt",
        },
    }
    assert page.locator(".turn").count() == 2
    page.get_by_role("button", name="New conversation").click()
    assert page.locator(".turn").count() == 0
    expect(page.locator("textarea")).to_be_focused()
    page.reload()
    page.locator(".welcome").wait_for()
    assert page.locator(".turn").count() == 0


def test_a_quotation_is_copied_as_text_and_as_html(
    embedded: Callable[..., Page], ask: Ask, service: str
) -> None:
    page = embedded()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("button.launcher").click()
    reply = ask(page, QUESTION)
    reply.get_by_role("button", name="Copy quotation").click()
    expect(page.get_by_role("status").first).to_have_text("Copied")
    copied = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const of = async (type) => (await item.getType(type)).text();
          return {plain: await of("text/plain"), rich: await of("text/html")};
        }"""
    )
    quote = reply.locator("blockquote").first.inner_text()
    assert copied["plain"].startswith(f"“{quote}”\n\n000-pakistan-bucic-delegation.txt, January 24, 2024\n")
    assert f"{service}/articles/000-pakistan-bucic-delegation.txt?start=" in copied["plain"]
    assert "<mark" in copied["rich"]
    assert "<blockquote cite=" in copied["rich"]


def test_feedback_is_sent_once_with_its_reason(embedded: Callable[..., Page], ask: Ask, service: str) -> None:
    page = embedded()
    page.locator("button.launcher").click()
    reply = ask(page, QUESTION)
    page.route("**/v1/feedback", lambda route: route.abort(), times=1)
    reply.get_by_role("button", name="This is wrong").click()
    expect(reply.get_by_role("button", name="This is wrong")).to_have_attribute("aria-pressed", "true")
    page.keyboard.type("He is the chairman.")
    page.keyboard.press("Enter")
    expect(reply).to_contain_text("The feedback could not be sent.")
    with page.expect_response(f"{service}/v1/feedback") as response:
        reply.get_by_role("button", name="Send feedback").click()
    assert response.value.status == 201
    sent = json.loads(response.value.request.post_data or "")
    assert sent["verdict"] == "down"
    assert sent["reason"] == "He is the chairman."
    assert sent["answer"]["text"] == reply.locator(".exact q").inner_text()
    expect(reply).to_contain_text("Thank you for your feedback.")
    page.reload()
    expect(page.locator(".reply")).to_contain_text("Thank you for your feedback.")
    assert page.locator("[aria-pressed]").count() == 0


def test_a_site_can_open_ask_close_and_handle_links_itself(
    embedded: Callable[..., Page], service: str
) -> None:
    page = embedded(position="bottom-left", heading="Our archive", greeting="", placeholder="What?")
    chat = page.locator("quoth-chat")
    chat.evaluate("(chat) => chat.open()")
    expect(page.locator("textarea")).to_be_focused()
    expect(page.locator("h2")).to_have_text("Our archive")
    expect(page.locator("textarea")).to_have_attribute("placeholder", "What?")
    page.evaluate("addEventListener('quoth-citation-open', (event) => event.preventDefault())")
    response = chat.evaluate("(chat, question) => chat.ask(question)", QUESTION)
    assert "Wang Linghong" in response["answer"]["text"]
    page.locator("figcaption a").first.click()
    assert len(page.context.pages) == 1
    chat.evaluate("(chat) => chat.close()")
    expect(page.locator(".panel")).to_be_hidden()
    assert chat.evaluate("(chat) => [chat.endpoint, chat.isOpen, chat.isPending]") == [service, False, False]


def test_a_language_can_be_added_as_the_readme_shows(
    page: Page, site: Callable[[str], str], service: str
) -> None:
    readme = (ROOT / "service" / "web" / "widget" / "README.md").read_text("utf-8")
    example = re.search(r"```html\n(\S[^`]+words\.set.+?)```", readme, re.DOTALL)
    assert example is not None
    page.goto(site(example[1].replace("https://quoth.example", service)))
    expect(page.locator("quoth-chat h2")).to_have_text("Interroger les articles")
    expect(page.locator("quoth-chat .send")).to_have_attribute("title", "Send")


def test_the_interface_is_in_arabic_or_in_an_added_language(embedded: Callable[..., Page]) -> None:
    page = embedded(lang="ar")
    page.locator("button.launcher").click()
    expect(page.locator(".root")).to_have_attribute("dir", "rtl")
    expect(page.locator("h2")).to_have_text("اسأل المقالات")
    page.locator("quoth-chat").evaluate(
        """(chat) => {
          chat.constructor.words.set("fr", {heading: "Interroger les articles"});
          chat.lang = "fr-CA";
        }"""
    )
    expect(page.locator("h2")).to_have_text("Interroger les articles")
    expect(page.locator(".root")).to_have_attribute("lang", "fr")
    expect(page.get_by_role("button", name="Close")).to_be_visible()
