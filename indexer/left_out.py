"""Files and folders that hold no articles: hidden ones, dependencies, build output, page templates.

A plain name such as `build`, `vendor` or `layouts` may be that of a folder of articles. Such a folder is left
out only if a file beside it or in it shows what it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Reason(StrEnum):
    """Why a file or a folder is left out."""

    OTHER_TYPE = "other type"
    HIDDEN = "hidden"
    DEPENDENCIES = "dependencies"
    BUILD_OUTPUT = "build output"
    TEMPLATES = "page templates"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not read, or a folder (its path ends in a slash), and why. `files` is their number."""

    path: str
    reason: Reason
    files: int = 1


_ALWAYS = {
    **dict.fromkeys(
        (
            "node_modules",
            "bower_components",
            "jspm_packages",
            "site-packages",
            "dist-packages",
            "__pypackages__",
        ),
        Reason.DEPENDENCIES,
    ),
    **dict.fromkeys(("_site", "_build", "__pycache__", "__macosx"), Reason.BUILD_OUTPUT),
    **dict.fromkeys(("_includes", "_layouts", "_partials", "_templates", "_sass"), Reason.TEMPLATES),
}
_PACKAGE = (
    "package.json",
    "pyproject.toml",
    "setup.py",
    "build.gradle",
    "build.gradle.kts",
    "CMakeLists.txt",
)
# The files beside a folder that show what it is.
_BESIDE = {
    "build": (Reason.BUILD_OUTPUT, (*_PACKAGE, "conf.py", "meson.build")),
    "dist": (Reason.BUILD_OUTPUT, _PACKAGE),
    "out": (Reason.BUILD_OUTPUT, ("package.json", "next.config.js", "next.config.mjs")),
    "target": (Reason.BUILD_OUTPUT, ("Cargo.toml", "pom.xml", "build.sbt")),
    "site": (Reason.BUILD_OUTPUT, ("mkdocs.yml", "mkdocs.yaml")),
    "public": (
        Reason.BUILD_OUTPUT,
        ("hugo.toml", "hugo.yaml", "hugo.json", "gatsby-config.js", "gatsby-config.ts"),
    ),
    "vendor": (Reason.DEPENDENCIES, ("composer.json", "go.mod", "Gemfile", "Cargo.toml")),
    "venv": (Reason.DEPENDENCIES, ("venv/pyvenv.cfg",)),
    "env": (Reason.DEPENDENCIES, ("env/pyvenv.cfg",)),
}
_TEMPLATE_FOLDERS = frozenset({"layouts", "partials", "templates", "includes", "shortcodes", "archetypes"})
_TEMPLATE_ENDINGS = (
    ".njk",
    ".liquid",
    ".ejs",
    ".hbs",
    ".mustache",
    ".j2",
    ".jinja",
    ".jinja2",
    ".erb",
    ".haml",
    ".pug",
)
_TEMPLATE_CODE = re.compile(
    rb"\{%-?\s*(?:block|endblock|extends|include|for|if|set|load|layout|macro|import)\b|<%|<\?php|"
    rb"\{\{-?\s*(?:define|block|partial|template|range|if|with|end|\.|content\b|page\.|site\.|>|#|/)"
)
# What a page about templates shows, not runs.
_CODE_SAMPLE = re.compile(rb"<(pre|code)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
_HTML_ENDINGS = (".html", ".htm", ".xhtml")
_MAX_LOOKED_AT = 40  # files
_MAX_BYTES = 20_000  # of each


def reason_to_skip(folder: Path, files_beside: Collection[str]) -> Reason | None:
    """Return why a folder is left out, or None if it may hold articles; `files_beside` are names."""
    if folder.name.startswith("."):
        return Reason.HIDDEN
    plain = folder.name.lower()
    if plain in _ALWAYS:
        return _ALWAYS[plain]
    if plain.endswith(".egg-info"):
        return Reason.BUILD_OUTPUT
    if plain in _BESIDE:
        reason, markers = _BESIDE[plain]
        if any(
            marker in files_beside or ("/" in marker and (folder.parent / marker).exists())
            for marker in markers
        ):
            return reason
    if plain in _TEMPLATE_FOLDERS and _holds_templates(folder):
        return Reason.TEMPLATES
    return None


def count_files(folder: Path) -> int:
    """The number of files in a folder and below."""
    return sum(len(names) for _, _, names in os.walk(folder))


def _holds_templates(folder: Path) -> bool:
    return any(_is_template(path) for path in _first_files(folder))


def _first_files(folder: Path) -> Iterable[Path]:
    looked_at = 0
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            looked_at += 1
            if looked_at > _MAX_LOOKED_AT:
                return
            yield Path(parent, name)


def _is_template(path: Path) -> bool:
    """Whether a file is a page template: by its ending, or HTML with template code outside code samples."""
    ending = path.suffix.lower()
    if ending in _TEMPLATE_ENDINGS:
        return True
    if ending not in _HTML_ENDINGS or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES)
    except OSError:
        return False
    return _TEMPLATE_CODE.search(_CODE_SAMPLE.sub(b"", data)) is not None
