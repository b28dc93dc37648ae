"""The HTML pages, which work without JavaScript."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.answering.answerer import Answerer
from service.answering.answers import Answer
from service.settings import Settings
from service.web.app import create_app
from service.web.pages.routes import paragraphs


class Page(HTMLParser):
    """A parsed page: tags, the text in `mark`, the target of each link, all text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.marked = ""
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.text = ""
        self._in_mark = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in_mark = self._in_mark or tag == "mark"
        self.links += [value for name, value in attrs if name == "href" and value]
        self.scripts += [value or "" for name, value in attrs if tag == "script" and name == "src"]

    def handle_endtag(self, tag: str) -> None:
        self._in_mark = self._in_mark and tag != "mark"

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked += data if self._in_mark else ""


@pytest.mark.models
def test_a_question_is_answered_with_the_words_marked_and_a_link_to_their_place(client: TestClient) -> None:
    page = Page(client.get("/", params={"q": "Who is the chief executive of BUCIC?"}).text)
    assert page.marked == "Wang Linghong"
    link = next(link for link in page.links if link.startswith("/articles/000") and "start=" in link)
    source = Page(client.get(link).text)
    assert source.marked == page.marked
    assert "script" not in page.tags


@pytest.mark.models
def test_the_first_page_shows_a_form_and_the_articles(client: TestClient) -> None:
    page = Page(client.get("/").text)
    assert {"form", "input", "button", "label"} <= set(page.tags)
    assert "China and ASEAN countries make progress towards smart cities" in page.text


@pytest.mark.models
def test_an_abstention_shows_the_nearest_passages(client: TestClient) -> None:
    page = Page(client.get("/", params={"q": "Who painted the ceiling of the Sistine Chapel?"}).text)
    assert "The articles do not say." in page.text
    assert page.tags.count("blockquote") >= 4
    assert "Nearest passages" in page.text


@pytest.mark.models
@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Thanks!", "This is not a question about the articles."),
        ("What can I ask?", "Quoth answers questions about the articles"),
        ("Summarise the articles", "Quoth writes nothing of its own"),
        ("Why?", "The question cannot be understood without more."),
    ],
)
def test_a_question_that_asks_the_articles_nothing_is_told_so(
    client: TestClient, question: str, words: str
) -> None:
    page = Page(client.get("/", params={"q": question}).text)
    assert words in page.text
    assert "The articles do not say." not in page.text
    assert "blockquote" not in page.tags


# A browser gets its errors as pages, anything else as problems.
_ACCEPTED = {"text/html,*/*;q=0.8": "text/html", "*/*": "application/problem+json"}


@pytest.mark.models
def test_the_page_says_that_a_question_is_too_long(client: TestClient) -> None:
    for accept, media_type in _ACCEPTED.items():
        response = client.get("/", params={"q": "x" * 1_001}, headers={"accept": accept})
        assert response.status_code == 422
        assert response.headers["content-type"].startswith(media_type)
        assert "1,000 are allowed" in response.text


@pytest.mark.models
@pytest.mark.parametrize("query", ["", "?start=5", "?start=9&end=5", "?start=0&end=999999"])
def test_an_article_without_a_fitting_span_is_shown_unmarked(client: TestClient, query: str) -> None:
    page = Page(client.get(f"/articles/004-china-asean-smart-cities.txt{query}").text)
    assert page.marked == ""
    assert "Hot Topics" in page.text


@pytest.mark.models
def test_a_missing_article_gets_a_page(client: TestClient) -> None:
    for accept, media_type in _ACCEPTED.items():
        response = client.get("/articles/none.txt?start=1&end=2", headers={"accept": accept})
        assert response.status_code == 404
        assert response.headers["content-type"].startswith(media_type)
        assert ("No such article" in response.text) is (media_type == "text/html")


def test_articles_enter_the_page_as_text_only(
    tmp_path: Path, word_answerer: Callable[[Path, Path], Answerer]
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>"
    (folder / "a.txt").write_text(f"The attack says {attack} and ends.", "utf-8")
    (folder / "metadata.toml").write_text(
        f"['a.txt']\ntitle = '''{attack}'''\nauthor = '''{attack}'''\n", "utf-8"
    )
    with TestClient(create_app(word_answerer(folder, tmp_path / "index"), Settings().web)) as client:
        for path in (
            "/",
            f"/?q={attack}",
            "/?q=attack says",
            "/articles/a.txt?start=0&end=30",
            f"/articles/{attack}",
        ):
            page = Page(client.get(path, headers={"accept": "text/html"}).text)
            assert not {"img", "svg"} & set(page.tags), path
            # Only the chat's own module, and only on the first page.
            assert page.tags.count("script") == len(page.scripts)
            assert page.scripts == (["/widget.js"] if path == "/" else []), path
        assert attack in Page(client.get("/?q=attack says").text).marked


def test_a_span_over_paragraphs_is_marked_in_each_and_anchored_once() -> None:
    shown = paragraphs("one two\n\nthree four\nfive", (4, 14))
    runs = [run for paragraph in shown for run in paragraph.runs]
    assert [words for words, marked, _ in runs if marked] == ["two", "three"]
    assert [words for words, _, first in runs if first] == ["two"]
    assert "".join(words for words, _, _ in runs) == "one twothree fourfive"


@pytest.fixture(scope="module")
def sample_pages(
    sample_answerer: Answerer, sample_answers: Mapping[str, Answer]
) -> Iterator[Callable[[str], str]]:
    """The name of a sample answer -> the source of its page."""
    with TestClient(create_app(sample_answerer, Settings().web)) as client:
        yield lambda name: client.get("/", params={"q": sample_answers[name].question}).text


def test_each_of_several_answers_links_to_its_own_words(
    sample_pages: Callable[[str], str], sample_answerer: Answerer
) -> None:
    source = sample_pages("list")
    page = Page(source)
    assert re.findall(r'class="exact" dir="auto">([^<]+)<', source) == [
        "Mara Ellison",
        "Tomas Quill",
        "Ines Okafor",
    ]
    assert page.marked == "Mara EllisonTomas QuillInes Okafor"
    assert page.tags.count("figure") == 2
    assert [int(share) for share in re.findall(r"Confidence (\d+)%", page.text)] == [91, 84, 62]
    numbers = re.findall(r'class="number" href="([^"]+)" aria-label="Source (\d)"', source)
    assert [number for _, number in numbers] == ["1", "1", "2"]
    with TestClient(create_app(sample_answerer, Settings().web)) as client:
        marked = [Page(client.get(html.unescape(link)).text).marked for link, _ in numbers]
    assert marked == ["Mara Ellison", "Tomas Quill", "Ines Okafor"]


def test_the_items_of_an_enumeration_are_marked_and_the_answer_is_the_heading(
    sample_pages: Callable[[str], str],
) -> None:
    source = sample_pages("enumeration")
    assert re.findall(r"<h1[^>]*>([^<]+)</h1>", source) == ["timber, wool and smoked fish"]
    assert re.findall(r"<mark>([^<]+)</mark>", source) == ["timber", "wool", "smoked fish"]
    assert 'class="number"' not in source


def test_parts_are_headings_and_a_part_without_an_answer_is_escaped(
    sample_pages: Callable[[str], str],
) -> None:
    source = sample_pages("parts")
    assert re.findall(r'<h2 class="part"><bdi>([^<]+)</bdi></h2>', source) == [
        "who began the design",
        "who drew the stairs",
        "who finished it",
    ]
    source = sample_pages("missing part")
    assert "The articles do not say: <bdi>what did &lt;b&gt;it&lt;/b&gt; cost</bdi></p>" in source
    assert "b" not in Page(source).tags
    assert "The articles do not say" not in sample_pages("parts")


@pytest.mark.parametrize("name", ["yes", "no"])
def test_what_a_sentence_says_is_a_label_outside_the_quotation(
    sample_pages: Callable[[str], str], sample_answers: Mapping[str, Answer], name: str
) -> None:
    source = sample_pages(name)
    quotation = sample_answers[name].quotation
    assert quotation is not None
    assert re.findall(r"<h1[^>]*>([^<]+)</h1>", source) == [quotation.text]
    label = f'role="img" aria-label="This sentence says {name}">says {name}</span>'
    assert source.count(label) == 1
    assert "aria-label" not in source.split("<blockquote")[1].split("</blockquote>")[0]
    assert "says " not in sample_pages("one")
