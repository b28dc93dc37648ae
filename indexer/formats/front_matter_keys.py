"""The names that programs give to the fields of front matter."""

from __future__ import annotations

import re

IDENTIFIER = re.compile(r"[A-Za-z_$@][\w.$:/-]{0,39}(?: [\w-]{1,20}){0,2}")
"""What a key looks like; a longer one is a sentence with a colon."""

FIELD_KEYS = {
    "title": ("title", "headline", "pagetitle"),
    "publisher": ("publisher", "agency", "source", "sitename"),
    "author": ("author", "authors", "byline", "writer", "writers"),
    "published": (
        "published", "datepublished", "publishdate", "publisheddate", "publishedat", "publishedon", "pubdate",
        "publicationdate", "firstpublishedat", "date", "posted", "postdate",
    ),
    "url": ("url", "canonicalurl", "canonical", "sourceurl", "externalurl", "link", "permalink"),
    "modified": (
        "modified", "datemodified", "modifieddate", "modifiedat", "lastmod", "lastmodified", "lastmodifiedat",
        "lastmodifieddate",
        "updated", "updatedat", "updateddate", "dateupdated", "lastupdated", "lastupdatedat",
        "lastupdatedon", "lastupdate", "revised", "revisiondate",
    ),
}  # fmt: skip
"""Field of `Metadata` -> its names, as `normalised` writes them; the first that is stated counts."""

NESTED = frozenset({"params", "extra", "meta", "metadata", "frontmatter"})
"""Keys under which some programs keep a site's own fields."""

KNOWN = frozenset(
    """
    abstract aliases author authors byline canonical canonical_url categories category content_type cover
    cssclass cssclasses date date_modified date_published description draft excerpt featured_image
    feature-img headline hide hide_title hide_table_of_contents html_meta id image image_alt img intro
    keywords lang language last_modified last_modified_at last_reviewed_on last_updated lastmod lastUpdated
    layout linkTitle linktitle locale menu modified nav_order nav_title navtitle order owner owner_slack
    page-type pageTitle parent permalink pin pub_date pubDate publishDate publish_date published
    published_at publisher redirect_from redirect_to redirects review_in sidebar sidebar_label
    sidebar_position slug source source_url status subtitle summary tags tag template thumbnail title toc
    topic topics type updated updated_at url versions weight
    """.split()  # noqa: SIM905 - a list of a hundred strings would be harder to read
)
"""Keys, as they are written, of which one is enough to know front matter by."""


def normalised(key: str) -> str:
    """Return a key without what programs write differently: date_modified, dateModified, Date-Modified."""
    return re.sub(r"[\W_]+", "", key).lower()
