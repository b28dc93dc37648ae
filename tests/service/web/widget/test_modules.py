"""The modules as sent: size, content, caching, and access from every site to nothing else."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.web.widget.routes import MODULES, load_modules, router

FOLDER = Path(__file__).resolve().parents[4] / "service" / "web" / "widget"


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    app.include_router(router)
    return TestClient(app)


def test_all_modules_together_are_at_most_20_kb_as_sent(client: TestClient) -> None:
    sent = 0
    for name in MODULES:
        response = client.get(f"/{name}", headers={"accept-encoding": "gzip"})
        assert response.headers["content-encoding"] == "gzip"
        sent += int(response.headers["content-length"])
    assert len(MODULES) == len(list(FOLDER.glob("*.js")))
    assert sent <= 20_000


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_sent_to_any_site_and_revalidated_by_its_etag(client: TestClient, name: str) -> None:
    first = client.get(f"/{name}", headers={"accept-encoding": "identity"})
    assert first.status_code == 200
    assert first.headers["content-type"].startswith("text/javascript")
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "content-encoding" not in first.headers
    assert first.content == gzip.decompress(MODULES[name].zipped)
    again = client.get(f"/{name}", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"/{name}", headers={"accept-encoding": "gzip;q=0"}).content == first.content


def test_no_other_file_is_served(client: TestClient) -> None:
    for path in ("/quoth-chat-none.js", "/quoth-chat/../routes.py", "/quoth-chat-define.js", "/routes.py"):
        assert client.get(path).status_code == 404, path


def test_only_whole_line_comments_are_removed(tmp_path: Path) -> None:
    source = '/** A. */\nconst a = "// b"; // c\n  // d\nconst u = "http://x/*y*/";\n/*\n * e\n */\nlet f;\n'
    (tmp_path / "quoth-chat-x.js").write_text(source, "utf-8")
    sent = load_modules(tmp_path)["quoth-chat-x.js"].plain.decode()
    assert sent == 'const a = "// b"; // c\nconst u = "http://x/*y*/";\nlet f;\n'


def test_no_module_parses_markup_or_names_another_host() -> None:
    code = "".join(module.plain.decode() for module in MODULES.values())
    markup = r"(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\beval\(|setHTML|Function\("
    assert not re.search(markup, code)
    assert set(re.findall(r"https?://[^\s\"'`]+", code)) == {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r'from "([^"]+)"', code)) <= {f"./{path.name}" for path in FOLDER.glob("*.js")}
