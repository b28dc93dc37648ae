"""What is left out of an indexed folder: dependencies, build output and page templates, never in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.corpus import Corpus
from indexer.left_out import LeftOut, Reason


def put(folder: Path, name: str, text: str = "Some text.") -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def ids(folder: Path, *include: str) -> list[str]:
    return [article.id for article in Corpus(folder, include=include).articles(lambda _: None)]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("node_modules/pkg/README.md", Reason.DEPENDENCIES),
        ("lib/site-packages/pkg/notes.txt", Reason.DEPENDENCIES),
        ("_site/index.html", Reason.BUILD_OUTPUT),
        ("docs/_build/page.txt", Reason.BUILD_OUTPUT),
        ("tool/__pycache__/a.txt", Reason.BUILD_OUTPUT),
        ("_includes/footer.html", Reason.TEMPLATES),
        ("_layouts/page.html", Reason.TEMPLATES),
        (".git/description.txt", Reason.HIDDEN),
    ],
)
def test_a_folder_that_holds_no_articles_is_left_out_and_named(
    tmp_path: Path, name: str, reason: Reason
) -> None:
    put(tmp_path, "article.txt")
    put(tmp_path, name)
    put(tmp_path, f"{name}.bin")

    (skipped,) = Corpus(tmp_path).left_out

    assert ids(tmp_path) == ["article.txt"]
    assert (skipped.reason, skipped.files) == (reason, 2)
    assert skipped.path.endswith("/")
    assert name.startswith(skipped.path)


@pytest.mark.parametrize(
    "name",
    [
        "build",
        "dist",
        "target",
        "vendor",
        "site",
        "public",
        "out",
        "layouts",
        "templates",
        "partials",
        "includes",
    ],
)
def test_a_folder_of_articles_with_such_a_name_is_read(tmp_path: Path, name: str) -> None:
    put(
        tmp_path,
        f"{name}/kitchen.md",
        "The kitchen faces north. A tag such as `{% include x %}` is text here.",
    )
    put(tmp_path, f"{name}/page.html", "<html><body><p>A page.</p><pre>{% include x %}</pre></body></html>")

    assert Corpus(tmp_path).left_out == ()
    assert len(Corpus(tmp_path)) == 2


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("build", "package.json"),
        ("dist", "pyproject.toml"),
        ("target", "pom.xml"),
        ("target", "Cargo.toml"),
        ("vendor", "composer.json"),
        ("vendor", "go.mod"),
        ("site", "mkdocs.yml"),
        ("public", "hugo.toml"),
        ("build", "conf.py"),
    ],
)
def test_a_plain_name_is_left_out_beside_the_file_that_shows_what_it_is(
    tmp_path: Path, name: str, beside: str
) -> None:
    put(tmp_path, "guide.md")
    put(tmp_path, beside)
    put(tmp_path, f"{name}/guide.html")

    assert ids(tmp_path) == ["guide.md"]
    assert f"{name}/" in {one.path for one in Corpus(tmp_path).left_out}


@pytest.mark.parametrize(
    "code",
    ["<p>{{ .Title }}</p>", "{% block main %}{% endblock %}", "{{ define 'main' }}", "<li><%= name %></li>"],
)
@pytest.mark.parametrize("name", ["layouts", "templates", "partials"])
def test_a_folder_of_page_templates_is_left_out(tmp_path: Path, name: str, code: str) -> None:
    put(tmp_path, "guide.md")
    put(tmp_path, f"site/{name}/base.html", f"<html><body>{code}</body></html>")
    put(tmp_path, f"site/{name}/footer.html", "<p>All rights reserved.</p>")

    assert ids(tmp_path) == ["guide.md"]
    assert Corpus(tmp_path).left_out == (LeftOut(f"site/{name}/", Reason.TEMPLATES, 2),)


@pytest.mark.parametrize("include", ["_includes", "docs/_includes", "docs/_includes/"])
def test_a_folder_is_read_if_the_user_names_it(tmp_path: Path, include: str) -> None:
    put(tmp_path, "docs/_includes/note.md")

    assert ids(tmp_path) == []
    assert ids(tmp_path, include) == ["docs/_includes/note.md"]


def test_the_indexed_folder_itself_may_have_any_name(tmp_path: Path) -> None:
    put(tmp_path, "node_modules/note.md")

    assert ids(tmp_path / "node_modules") == ["note.md"]


def test_files_of_other_types_and_hidden_files_are_named_but_not_the_sidecar(tmp_path: Path) -> None:
    put(tmp_path, "a.txt")
    put(tmp_path, "photo.JPG")
    put(tmp_path, ".hidden.txt")
    put(tmp_path, "metadata.toml", '["a.txt"]\ntitle = "A"\n')

    assert Corpus(tmp_path).left_out == (
        LeftOut(".hidden.txt", Reason.HIDDEN),
        LeftOut("photo.JPG", Reason.OTHER_TYPE),
    )
    assert Corpus(tmp_path).ignored == 1
