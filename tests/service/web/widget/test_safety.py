"""No article's text runs as code, even without the content security policy; the policy is never violated."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page
from playwright.sync_api import TimeoutError as BrowserTimeoutError

from indexer.records import Article
from service.answering.answerer import Answerer
from service.answering.answers import Answer, Quotation
from service.settings import Settings
from service.web.app import create_app
from service.web.settings import WebSettings

Ask = Callable[[Page, str], Locator]
QUESTION = "Who is the chief executive of BUCIC?"

# Markup that runs code. HIT() reports to the test.
VECTORS = [
    "<script>HIT()</script>",
    "<script src='data:text/javascript,HIT()'></script>",
    "<img src=x onerror=HIT()>",
    "<img/src='x'/onerror='HIT()'>",
    "<svg onload=HIT()>",
    "<svg><script>HIT()</script></svg>",
    "<svg><animate onbegin=HIT() attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg onload=HIT()>'></svg>",
    "<iframe srcdoc='<script>parent.HIT()</script>'></iframe>",
    "<iframe src='javascript:parent.HIT()'></iframe>",
    "<details open ontoggle=HIT()>",
    "<video><source onerror=HIT()></video>",
    "<audio src=x onerror=HIT()>",
    "<body onload=HIT()>",
    "<input autofocus onfocus=HIT()>",
    "<object data='javascript:HIT()'></object>",
    "<embed src='javascript:HIT()'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=HIT()>",
    "<noscript><p title='</noscript><img src=x onerror=HIT()>'>",
    "<template><img src=x onerror=HIT()></template>",
    "<style onload=HIT()></style>",
    "<link rel=stylesheet href=x onerror=HIT()>",
    "<meta http-equiv=refresh content='0;url=javascript:HIT()'>",
    "<base href='javascript:HIT()//'>",
    "<form><button formaction=javascript:HIT() autofocus>go</button></form>",
    "<a href='javascript:HIT()' onpointerover=HIT()>here</a>",
    "{{ HIT() }}${HIT()}<%= HIT() %>",
    "<marquee onstart=HIT()>",
]
# Ways to break out of the markup around a value that was not escaped.
CONTEXTS = ["{}", '">{}', "'>{}", "</title>{}", "</script>{}", "</textarea>{}", "-->{}", "]]></mark></p>{}"]
PAYLOADS = [context.format(vector) for vector in VECTORS for context in CONTEXTS]

ADDRESSES = [
    "javascript:HIT()",
    "JaVaScRiPt:HIT()",
    " javascript:HIT()",
    "java\tscript:HIT()",
    "\x01javascript:HIT()",
    "javascript://example.org/%0AHIT()",
    "data:text/html,<script>HIT()</script>",
    "data:text/html;base64,PHNjcmlwdD5ISVQoKTwvc2NyaXB0Pg==",
    "vbscript:HIT()",
    "blob:https://example.org/1",
    "file:///etc/passwd",
    "//example.org/",
    "https:",
]

# A root -> elements and attributes that only an article's markup could have added.
FOREIGN = """
(root) => [...root.querySelectorAll("*")].filter((one) =>
  !one.matches("meta[charset], meta[name], link[href='/style.css'], link[href='/icon.svg']")
  && !one.matches("head > script[src='/widget.js']:empty") && (
    /^(script|iframe|object|embed|base|meta|link|style|img|video|audio|template|math|marquee)$/.test(one.localName)
    || [...one.attributes].some(({name, value}) => /^on|^src|^formaction$/.test(name)
      || name === "href" && !/^(https?:|[/#])/.test(value)))
).map((one) => one.outerHTML.slice(0, 200))
"""
IN_PAGE = f"() => ({FOREIGN})(document)"
IN_ELEMENT = f"() => ({FOREIGN})(document.querySelector('quoth-chat').shadowRoot)"


class Tampered:
    """An Answerer whose articles have an address that the indexer would refuse."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer
        self.address = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answerer, name)

    def article(self, article_id: str) -> Article:
        article = self._answerer.article(article_id)
        return replace(article, metadata=replace(article.metadata, url=self.address))

    def answer(self, *arguments: Any, **options: Any) -> Answer:
        answer = self._answerer.answer(*arguments, **options)
        assert answer.quotation is not None
        answers = tuple(map(self._tampered, answer.answers))
        return replace(answer, quotation=self._tampered(answer.quotation), answers=answers, alternatives=())

    def _tampered(self, quotation: Quotation) -> Quotation:
        citation = quotation.citation
        metadata = replace(citation.metadata, url=self.address)
        return replace(quotation, citation=replace(citation, metadata=metadata))


@pytest.fixture(scope="module")
def poisoned(
    tmp_path_factory: pytest.TempPathFactory, word_answerer: Callable[[Path, Path], Answerer]
) -> Answerer:
    """Articles whose texts, titles, authors, publishers and addresses are the payloads, four per article."""
    folder = tmp_path_factory.mktemp("poison") / "articles"
    folder.mkdir()
    lines = []
    for number, start in enumerate(range(0, len(PAYLOADS), 4)):
        four = PAYLOADS[start : start + 4]
        text = "\n\n".join(f"The attack of line {line} says {payload}." for line, payload in enumerate(four))
        name = f"{number:03}.txt"
        (folder / name).write_text(text, "utf-8")
        # A JSON string is also a TOML string.
        metadata = {"title": four[0], "author": four[1], "publisher": four[2]}
        metadata["url"] = f"https://example.org/{four[3]}#{four[0]}"
        lines.append(f"[{json.dumps(name)}]\n")
        lines += [f"{field} = {json.dumps(value)}\n" for field, value in metadata.items()]
    (folder / "metadata.toml").write_text("".join(lines), "utf-8")
    return word_answerer(folder, folder.parent / "index")


@pytest.fixture
def without_policy(browser: Browser) -> Any:
    """A page whose content security policy is bypassed, and the addresses where a payload ran."""
    context = browser.new_context(bypass_csp=True)
    hits: list[str] = []
    context.add_init_script("window.HIT = () => console.log('HIT')")

    def on_console(message: ConsoleMessage) -> None:
        if message.text == "HIT":
            hits.append(message.page.url if message.page else "")

    context.on("console", on_console)
    page = context.new_page()
    yield page, hits
    context.close()


def settings(folder: Path) -> WebSettings:
    return Settings.of(feedback=folder / "feedback.sqlite").web


def test_the_payloads_would_run_as_markup(without_policy: tuple[Page, list[str]]) -> None:
    page, hits = without_policy
    assert len(PAYLOADS) >= 200
    page.goto("about:blank")
    for vector in VECTORS:
        page.set_content(f"<!doctype html><title>x</title><body>{vector}")
    page.wait_for_timeout(300)
    assert len(hits) >= len(VECTORS) // 2


def test_no_payload_runs_in_the_widget_or_in_the_pages(
    poisoned: Answerer,
    serve_app: Callable[[FastAPI], str],
    without_policy: tuple[Page, list[str]],
    tmp_path: Path,
) -> None:
    page, hits = without_policy
    address = serve_app(create_app(poisoned, settings(tmp_path)))
    page.goto(address)
    names = [article.id for article in poisoned.index.articles]
    assert len(names) * 4 == len(PAYLOADS)
    assert page.evaluate(IN_PAGE) == []
    page.locator("textarea").wait_for()
    shown = page.locator("quoth-chat").evaluate(
        """async (chat, names) => {
          const shown = [];
          for (const name of names) {
            chat.setAttribute("article-ids", JSON.stringify([name]));
            await chat.ask("The attack of line says <img src=x onerror=HIT()>");
            shown.push(chat.shadowRoot.querySelector(".turn:last-child").textContent);
            chat.shadowRoot.querySelectorAll("details").forEach((details) => { details.open = true });
          }
          return shown.join("");
        }""",
        names,
    )
    missing = [payload for payload in PAYLOADS if payload not in shown]
    assert len(PAYLOADS) - len(missing) >= 200, missing
    assert page.evaluate(IN_ELEMENT) == []
    # The stored conversation is shown again.
    page.reload()
    page.locator(".turn").first.wait_for()
    assert page.evaluate(IN_ELEMENT) == []
    for name in names:
        page.goto(f"{address}/articles/{name}?start=2&end=40")
        assert page.evaluate(IN_PAGE) == [], name
    for payload in PAYLOADS[::16]:
        page.goto(f"{address}/?q={quote(payload)}")
        assert page.evaluate(IN_PAGE) == [], payload
        page.goto(f"{address}/articles/{quote(payload)}")
    assert hits == []


def test_only_web_addresses_become_links(
    poisoned: Answerer,
    serve_app: Callable[[FastAPI], str],
    without_policy: tuple[Page, list[str]],
    tmp_path: Path,
) -> None:
    page, hits = without_policy
    tampered = Tampered(poisoned)
    address = serve_app(create_app(cast("Answerer", tampered), settings(tmp_path)))
    links = "(links) => links.map(({href}) => href)"
    for tampered.address in [*ADDRESSES, "https://example.org/"]:
        page.goto(address)
        page.locator("textarea").wait_for()
        page.locator("quoth-chat").evaluate("(chat) => (chat.clear(), chat.ask('The attack of line 0 says'))")
        in_element = page.locator("quoth-chat figure a").evaluate_all(links)
        page.goto(f"{address}/articles/000.txt?start=2&end=40")
        in_page = page.locator("a").evaluate_all(links)
        foreign = [href for href in in_element + in_page if not href.startswith(f"{address}/")]
        assert len(in_element) + len(in_page) >= 3
        if tampered.address == "https://example.org/":
            # A valid address becomes links, in the element and on the page: the check would find one.
            assert len(foreign) >= 2, foreign
        else:
            assert foreign == [], tampered.address
    assert hits == []


def test_the_policy_is_never_violated_and_no_other_host_is_contacted(
    page: Page, ask: Ask, service: str
) -> None:
    page.add_init_script(
        """window.violations = [];
        document.addEventListener("securitypolicyviolation",
          (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));"""
    )
    hosts: set[str] = set()
    messages: list[str] = []
    page.on("request", lambda request: hosts.add("/".join(request.url.split("/")[:3])))
    page.on("console", lambda message: messages.append(message.text))
    response = page.goto(service)
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    page.locator("textarea").wait_for()
    reply = ask(page, QUESTION)
    reply.locator(".confidence summary").first.click()
    reply.get_by_role("button", name="Copy quotation").click()
    reply.get_by_role("button", name="This is right").click()
    reply.get_by_role("button", name="Send feedback").click()
    page.get_by_text("Thank you for your feedback.").wait_for()
    assert page.evaluate("window.violations") == []
    # The policy is in force: even a script cannot parse markup here.
    assert "TrustedHTML" in page.evaluate(
        "() => { try { document.body.innerHTML = '<b>'; return '' } catch (error) { return String(error) } }"
    )
    page.goto(f"{service}/articles/000-pakistan-bucic-delegation.txt?start=1530&end=1543")
    assert page.evaluate("window.violations") == []
    assert hosts == {service}
    assert [text for text in messages if "TrustedHTML" not in text and "policy" in text.lower()] == []


def test_the_first_page_works_without_javascript(browser: Browser, service: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(service)
    page.get_by_role("searchbox").fill(QUESTION)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "Wang Linghong" in page.locator("h1").inner_text()
    page.bring_to_front()
    with page.expect_navigation():
        page.locator("figcaption a").click()
    # The fragment scrolls to the quoted words.
    mark = page.locator("mark#quote")
    assert "Wang Linghong" in mark.inner_text()
    try:
        page.wait_for_function("scrollY > 0", timeout=5_000)
    except BrowserTimeoutError:
        page.reload()  # a page in the background is not scrolled
        page.wait_for_function("scrollY > 0", timeout=5_000)
    assert mark.evaluate("(mark) => mark.getBoundingClientRect().bottom <= innerHeight")
    context.close()
