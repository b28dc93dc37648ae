"""Several answers, parts, enumerations and yes/no answers in the widget, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from service.answering.answers import Answer
from service.presentation import present
from service.web.schemas.answers import AnswerResponse

Ask = Callable[[Page, str], Locator]
Audit = Callable[[Page], list[str]]


@pytest.fixture
def asked(
    page: Page, ask: Ask, sample_service: str, sample_answers: Mapping[str, Answer]
) -> Callable[[str], Locator]:
    """The name of a sample answer -> the widget's reply to its question."""
    page.goto(sample_service)
    page.locator("textarea").wait_for()

    def reply(name: str) -> Locator:
        page.locator("textarea").focus()
        return ask(page, sample_answers[name].question)

    return reply


def test_each_of_several_answers_links_to_its_own_words(
    asked: Callable[[str], Locator], page: Page, sample_service: str
) -> None:
    reply = asked("list")
    assert reply.locator(".answers q").all_text_contents() == ["Mara Ellison", "Tomas Quill", "Ines Okafor"]
    assert reply.locator(".answers .number").all_text_contents() == ["1", "1", "2"]
    assert [
        mark.all_text_contents()
        for mark in (figure.locator("mark") for figure in reply.locator("figure").all())
    ] == [["Mara Ellison", "Tomas Quill"], ["Ines Okafor"]]
    assert [share.split("· ")[1] for share in reply.locator(".answers summary").all_text_contents()] == [
        "91%",
        "84%",
        "62%",
    ]
    page.evaluate("addEventListener('quoth-citation-open', (event) => { window.opened = event.detail })")
    with page.expect_popup() as popup:
        reply.locator(".answers a.number").nth(1).click()
    assert popup.value.locator("mark#quote").inner_text() == "Tomas Quill"
    assert popup.value.url.startswith(f"{sample_service}/articles/tower.txt?start=")
    assert page.evaluate("window.opened.citation.exact") == "Tomas Quill"


def test_an_enumeration_is_one_answer_with_its_items_marked(asked: Callable[[str], Locator]) -> None:
    reply = asked("enumeration")
    assert reply.locator("q").all_text_contents() == ["timber, wool and smoked fish"]
    assert reply.locator("mark").all_text_contents() == ["timber", "wool", "smoked fish"]
    assert reply.locator("figure").count() == 1


def test_parts_are_headings_and_one_without_an_answer_is_named_as_text(
    asked: Callable[[str], Locator],
) -> None:
    reply = asked("parts")
    assert reply.get_by_role("heading", level=4).all_text_contents() == [
        "who began the design",
        "who drew the stairs",
        "who finished it",
    ]
    assert reply.locator("figure").count() == 2
    expect(reply.locator(".unanswered")).to_have_count(0)
    reply = asked("missing part")
    said = reply.locator(".unanswered").inner_text()
    assert said.translate({0x2068: None, 0x2069: None}) == "The articles do not say: what did <b>it</b> cost"
    assert reply.locator("q").all_text_contents() == ["Mara Ellison"]


@pytest.mark.parametrize("name", ["yes", "no"])
def test_what_a_sentence_says_is_a_label_with_a_name_and_not_selected_with_the_words(
    asked: Callable[[str], Locator], sample_answers: Mapping[str, Answer], name: str
) -> None:
    expect(asked("one").locator(".polarity")).to_have_count(0)
    reply = asked(name)
    quotation = sample_answers[name].quotation
    assert quotation is not None
    label = reply.get_by_role("img", name=f"This sentence says {name}", exact=True)
    expect(label).to_have_text(f"says {name}")
    assert reply.locator("q").text_content() == quotation.text
    selected = reply.locator(".exact").evaluate(
        "(exact) => { getSelection().selectAllChildren(exact); return getSelection().toString() }"
    )
    assert quotation.text in selected
    assert "says" not in selected


def test_all_sentences_are_copied_each_with_its_source(asked: Callable[[str], Locator], page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    reply = asked("list")
    reply.get_by_role("button", name="Copy quotations").click()
    expect(page.get_by_role("status").first).to_have_text("Copied")
    copied = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const of = async (type) => (await item.getType(type)).text();
          return {plain: await of("text/plain"), rich: await of("text/html")};
        }"""
    )
    sentences = reply.locator("figure blockquote").all_text_contents()
    assert len(sentences) == 2
    assert [part for part in copied["plain"].split("\n\n") if part.startswith("“")] == [
        f"“{sentence}”" for sentence in sentences
    ]
    assert copied["rich"].count("<blockquote") == 2
    assert copied["rich"].count("<mark") == 3


def test_feedback_is_about_the_first_answer(asked: Callable[[str], Locator], page: Page) -> None:
    sent: list[Any] = []

    def receive(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or ""))
        route.fulfill(status=201, json={"id": 1})

    page.route("**/v1/feedback", receive)
    for name, words in (("list", "Mara Ellison"), ("enumeration", "timber, wool and smoked fish")):
        reply = asked(name)
        reply.get_by_role("button", name="This is right").click()
        reply.get_by_role("button", name="Send feedback").click()
        expect(reply).to_contain_text("Thank you for your feedback.")
        assert sent[-1]["answer"]["text"] == words


def test_a_service_without_the_newer_fields_is_understood(
    asked: Callable[[str], Locator], page: Page, sample_answers: Mapping[str, Answer]
) -> None:
    body = AnswerResponse.of(sample_answers["no"], "1").model_dump(mode="json")
    del body["answers"], body["unanswered"], body["answer"]["part"], body["answer"]["polarity"]
    page.route("**/v1/answer", lambda route: route.fulfill(json=body))
    reply = asked("no")
    assert reply.locator("q").all_text_contents() == ["The tower was never painted red."]
    assert reply.locator("mark").all_text_contents() == ["The tower was never painted red."]
    expect(reply.locator("h4, .answers, .unanswered, .polarity")).to_have_count(0)
    # A conversation that was stored is shown again.
    page.reload()
    expect(page.locator("q")).to_have_text("The tower was never painted red.")


def test_text_of_the_user_and_of_the_response_stays_text(
    asked: Callable[[str], Locator], page: Page, sample_answers: Mapping[str, Answer]
) -> None:
    evil = "<img src=x onerror=\"document.title='hit'\">"
    body = AnswerResponse.of(sample_answers["parts"], "1").model_dump(mode="json")
    body["unanswered"] = [evil, "why"]
    body["answers"][1]["part"] = evil
    body["answers"][1]["polarity"] = evil
    page.route("**/v1/answer", lambda route: route.fulfill(json=body))
    reply = asked("parts")
    assert reply.locator("h4").nth(1).text_content() == evil
    assert evil in reply.locator(".unanswered").inner_text()
    expect(reply.locator("img, .polarity")).to_have_count(0)
    assert page.title() == "Quoth"


def test_the_widget_and_the_page_lay_out_alike(
    page: Page, sample_service: str, sample_answers: Mapping[str, Answer]
) -> None:
    page.goto(sample_service)
    goods, one, parts = (sample_answers[name] for name in ("enumeration", "one", "parts"))
    shapes = {
        **sample_answers,
        "a list that adds to an enumeration": replace(goods, answers=(*goods.answers, *one.answers)),
        "one item of the answer": replace(goods, answers=goods.answers[:1]),
        "the same words for two parts": replace(
            parts, answers=(*parts.answers, replace(parts.answers[0], part="who planned it"))
        ),
    }
    for name, answer in shapes.items():
        response = AnswerResponse.of(answer, "1").model_dump(mode="json")
        laid_out = page.evaluate(
            """async ({answer, answers}) => {
              const { layout } = await import("/quoth-chat-layout.js");
              const { quoteParts } = await import("/quoth-chat-cite.js");
              const { sections, sentences } = layout(answer, answers);
              return [
                sections.map(({part, entries}) =>
                  [part, entries.map(({quotation, number}) => [quotation.text, number])]),
                sentences.map(({citation, marked}) => quoteParts(citation, marked)),
              ];
            }""",
            response,
        )
        expected = present(answer)
        assert laid_out == [
            [
                [section.part, [[entry.quotation.text, entry.number] for entry in section.entries]]
                for section in expected.sections
            ],
            [[words for words, _ in sentence.runs] for sentence in expected.sentences],
        ], name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_shape_is_free_of_violations(
    asked: Callable[[str], Locator],
    page: Page,
    audit: Audit,
    sample_answers: Mapping[str, Answer],
    theme: str,
) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    for name in sample_answers:
        asked(name)
    assert audit(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
