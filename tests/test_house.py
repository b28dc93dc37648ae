"""The shape of the project: what stands at its top, how large a module may be, and maps that are complete."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("indexer", "service", "eval")
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", "service", "indexer", "seeds", "eval", "tests"}
LONGEST = 350


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def test_the_top_level_holds_what_the_owner_asked_for_and_dotfiles() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("not a git checkout: what is ignored cannot be told from what is not")
    found = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in found if not name.startswith(".")} == TOP_LEVEL


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_named_for_its_subject(module: Path) -> None:
    assert len(module.read_text("utf-8").splitlines()) <= LONGEST
    assert module.stem not in {"utils", "util", "helpers", "common", "misc"}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_packages_readme_maps_each_of_its_rooms(package: str) -> None:
    readme = (ROOT / package / "README.md").read_text("utf-8")
    rooms = [
        path
        for path in sorted((ROOT / package).iterdir())
        if not path.name.startswith("_") and (path.suffix == ".py" or (path.is_dir() and any(path.iterdir())))
    ]
    assert len(rooms) > 3
    for room in rooms:
        name = f"{room.name}/" if room.is_dir() else room.name
        assert re.search(rf"(?<![\w/]){re.escape(name)}", readme), (
            f"{package}/README.md has no {name} on its map"
        )


@pytest.mark.parametrize("package", [*PACKAGES, "service/web/widget"])
def test_a_packages_readme_begins_with_a_map_and_ends_with_how_to_add(package: str) -> None:
    readme = (ROOT / package / "README.md").read_text("utf-8")
    sections = re.findall(r"^## (.+)$", readme, re.MULTILINE)
    assert "map" in sections[0].lower() or "rooms" in sections[0].lower()
    assert sections[-1].lower().startswith("how to add")


def test_no_document_names_a_path_that_does_not_exist() -> None:
    documents = [ROOT / "README.md", *(ROOT / name / "README.md" for name in PACKAGES)]
    documents += [ROOT / "service/web/widget/README.md", ROOT / ".github/CONTRIBUTING.md"]
    for document in documents:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} links to {target}"


def test_every_module_that_a_document_runs_exists() -> None:
    documents = [path for path in ROOT.rglob("README.md") if ".venv" not in path.parts]
    documents += sorted((ROOT / ".github").glob("*.md"))
    for document in documents:
        for module in re.findall(r"python -m ((?:eval|indexer|service)[\w.]*)", document.read_text("utf-8")):
            place = ROOT / module.rstrip(".").replace(".", "/")
            runs = place.with_suffix(".py").is_file() or (place / "__main__.py").is_file()
            assert runs, f"{document.relative_to(ROOT)} runs {module}"
