"""The public repositories that the questions are about, each at one commit, and how to fetch them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from eval.dataset import DatasetError


@dataclass(frozen=True, slots=True)
class Source:
    """Files of a public repository. `paths`: git's pathspecs. `into`: a folder below the corpus's folder."""

    repository: str
    commit: str
    paths: tuple[str, ...]
    into: str = "."


@dataclass(frozen=True, slots=True)
class Corpus:
    """A collection of documents. `files`: how many there are once fetched. `packed`: they are `.gz` files."""

    name: str
    about: str
    files: int
    sources: tuple[Source, ...]
    packed: bool = False


CORPORA = (
    Corpus(
        "news",
        "web pages as their publishers sent them, most of them news of November 2019",
        181,
        (
            Source(
                "https://github.com/scrapinghub/article-extraction-benchmark",
                "4a3bc979f76c0df73cb95fe272e2fc1b96f9f010",
                ("html",),
            ),
        ),
        packed=True,
    ),
    Corpus(
        "handbooks",
        "two handbooks for employees in Markdown: 18F, with template code, and 37signals",
        161,
        (
            Source(
                "https://github.com/18F/handbook",
                "1e4955634d0369f17e5bbc0ebbf8f62e2a3dfe4b",
                (
                    "pages/18f",
                    "pages/about-us",
                    "pages/general-information-and-resources",
                    "pages/getting-started",
                    "pages/hiring-staying-or-changing-jobs",
                    "pages/performance-management",
                    "pages/travel-and-leave",
                ),
                "18f",
            ),
            Source(
                "https://github.com/basecamp/handbook",
                "c9536061f26d0b5bd9f2f900d63e27e9f4deb4ed",
                (".",),
                "basecamp",
            ),
        ),
    ),
    Corpus(
        "terms",
        "terms of service and privacy policies of 25 companies in Markdown, a folder per company",
        50,
        (
            Source(
                "https://github.com/OpenTermsArchive/pga-versions",
                "577430aa7c115d45fd805c9c06f9fc67c1fda441",
                ("*/Terms of Service.md", "*/Privacy Policy.md"),
            ),
        ),
    ),
    Corpus(
        "long",
        "long plain texts: two RFCs, an army's drill regulations and a book of travels",
        4,
        (
            Source(
                "https://github.com/mailhedgehog/smtpServerProtocol",
                "5e39c6c4387ca4b8d45ebaef6a87873eeef4ad88",
                ("rfc5321.txt",),
            ),
            Source(
                "https://github.com/paul/mwrc2010",
                "bdd546b792a0b1e5478d541c348435f4c595fca1",
                ("rfc2616.txt",),
            ),
            Source(
                "https://github.com/GITenberg/Infantry-Drill-Regulations-United-States-Army-1911"
                "Corrected-to-April-15-1917--Changes-Nos.-1-__20866",
                "6df14b0a44c0051ff0427ca68e8fd70efefd74e0",
                ("20866.txt",),
            ),
            Source(
                "https://github.com/GITenberg/American-AdventuresA-Second-Trip-Abroad-at-home-_18304",
                "748434ca594b6997cc8e8ff6af53cb9d343071bd",
                ("18304.txt",),
            ),
        ),
    ),
)


def fetch_commands(folder: Path) -> list[str]:
    """Return the shell commands that fetch all corpora into a folder with git; they stop at an error."""
    commands = ["set -e"]
    for corpus in CORPORA:
        root = folder / corpus.name
        for number, source in enumerate(corpus.sources):
            clone, into = folder / ".git-clones" / f"{corpus.name}-{number}", root / source.into
            paths = shlex.join(source.paths)
            git = f"git --git-dir={shlex.quote(str(clone))}"
            commands += [
                f"mkdir -p {shlex.quote(str(into))}",
                f"git init --quiet --bare {shlex.quote(str(clone))}",
                f"{git} fetch --quiet --depth=1 {shlex.quote(source.repository)} {source.commit}",
                f"{git} archive {source.commit} -- {paths} | tar -x -C {shlex.quote(str(into))}",
            ]
        if corpus.packed:
            commands.append(f"gunzip -r {shlex.quote(str(root))}")
    return commands


def documents(folder: Path, corpus: Corpus) -> list[str]:
    """Return the paths of a fetched corpus's files below its folder, sorted.

    Raises:
        DatasetError: it has not been fetched, or not all of it.
    """
    root = folder / corpus.name
    found = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    if len(found) != corpus.files:
        raise DatasetError(
            f"{root} holds {len(found):,} files, the corpus {corpus.files:,}: fetch it with the commands of "
            "`python -m eval.corpora --commands`"
        )
    return found
