"""A parsed page -> what it states about its article."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from indexer.formats.html_metadata.dates import modified_day, published_day
from indexer.formats.html_metadata.linked_data import LinkedData, linked_data
from indexer.formats.html_metadata.markup import Markup, words
from indexer.formats.html_metadata.people import page_authors
from indexer.formats.html_metadata.titles import page_title
from indexer.metadata import web_url
from indexer.records import Metadata

_PUBLISHER_TAGS = (
    "application-name", "publisher", "dc.publisher", "dcterms.publisher", "citation_journal_title",
    "apple-mobile-web-app-title", "article:publisher", "copyright",
)  # fmt: skip
_MAX_NAME = 80  # characters of a publisher
_DOMAIN = re.compile(r"^(?:https?://)?(?:www\.)?[\w-]+(?:\.[\w-]+)+/?$", re.ASCII)


def page_metadata(root: etree._Element) -> Metadata:
    """Return what a page states about its article; a field that it does not state is None.

    Args:
        root: the page, whole: call this before anything is removed from the tree, which stays as it is.
    """
    markup = Markup(root)
    url = _address(markup)
    linked = linked_data(root, url)
    publishers = list(_publishers(markup, linked))
    sites = [*publishers, *_site_names(markup, linked, url)]
    title, heading = page_title(markup, linked, sites)
    markup.heading = heading
    return Metadata(
        title=title,
        publisher=next(
            (name for name in publishers if not _DOMAIN.match(name)), next(iter(publishers), None)
        ),
        author=page_authors(markup, linked, sites),
        published=published_day(markup, linked),
        url=url,
        modified=modified_day(markup, linked),
    )


def _address(markup: Markup) -> str | None:
    stated = (*markup.canonical, *markup.meta.get("og:url", ()))
    return next((url for value in stated if (url := web_url(value)) is not None), None)


def _publishers(markup: Markup, linked: LinkedData) -> Iterator[str]:
    """The names that the page gives its publisher, the most trustworthy first; no addresses."""
    stated = [_name(value, linked) for value in linked.values("publisher")]
    stated += [markup.first("og:site_name")]
    stated += [_name(site, linked) for site in linked.sites]
    stated += [_name(value, linked) for value in linked.values("sourceOrganization", "provider")]
    stated += [value for name in _PUBLISHER_TAGS for value in markup.meta.get(name, ())]
    for name in stated:
        if name and "://" not in name and len(name) <= _MAX_NAME and not re.search(r"©|\d{4}", name):
            yield name


def _name(value: object, linked: LinkedData) -> str | None:
    if isinstance(value, list):
        return next((name for one in value if (name := _name(one, linked))), None)
    if isinstance(value, dict):
        return _name(linked.resolve(value).get("name"), linked)
    return words(value) or None if isinstance(value, str) else None


def _site_names(markup: Markup, linked: LinkedData, url: str | None) -> Iterator[str]:
    """Further names by which a title may call the site: of its account, of its domain."""
    for site in linked.sites:
        for field in ("name", "alternateName"):
            if (name := _name(site.get(field), linked)) is not None:
                yield name
    for notice in markup.meta.get("copyright", ()):
        yield re.sub(r"(?i)copyright|\(c\)|©|\d{4}|all rights reserved|[-–,.]+", " ", notice).strip()
    yield from (value.lstrip("@") for value in markup.meta.get("twitter:site", ()) if value.startswith("@"))
    if url is not None:
        host = re.sub(r"^https?://(?:www\.)?|[:/?#].*$", "", url.lower())
        yield host
        yield (
            host.split(".")[
                -3 if host.endswith((".co.uk", ".com.au", ".co.jp", ".co.za")) and host.count(".") > 1 else -2
            ]
            if "." in host
            else host
        )
