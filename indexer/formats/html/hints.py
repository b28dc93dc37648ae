"""What an element's tag, class and id say about its text: the article, or navigation and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from indexer.formats.html.walk import Region


class Hint:
    """What a region says that it is; it may say several things, joined by `|`.

    Plain numbers: with `enum.Flag` half of the time of a page went into joining them.
    """

    NONE = 0
    BODY = 1  # the article's text
    OUTSIDE = 2  # navigation, sidebars, advertising, related articles, newsletters
    COMMENTS = 4
    SITE = 8  # with OUTSIDE: of the site or the author
    APART = 16  # with OUTSIDE: sure, even of a large part of the page
    DETAILS = 32  # bylines, dates, tags, credits
    NOTE = 64  # facts, key points, corrections: the article's, though set apart
    TEASER = 128  # of another article, or the summary of this one


_NAMES = ("class", "id", "role", "itemprop", "data-testid", "data-component", "aria-label")
_SENTENCES = frozenset({"id", "aria-label"})
_MAX_WORDS = 5  # of an id; longer ones are made of a heading
_UNNAMED = frozenset({"html", "body", "h1", "h2", "h3", "h4", "h5", "h6"})
_TEXTUAL = frozenset({"blockquote", "p", "pre", "li", "td", "tr"})
_TAGS = {
    "nav": Hint.OUTSIDE | Hint.APART,
    "footer": Hint.OUTSIDE | Hint.APART,
    "aside": Hint.OUTSIDE | Hint.APART,
    "menu": Hint.OUTSIDE,
    "article": Hint.BODY,
    "main": Hint.BODY,
}
_OUTSIDE = re.compile(
    r"""
    \b(?:site-?|page-?|global-?|main-?|top-?|sub-?)?nav(?:bar|igation)?\b | (?<!mega)\bmenu | breadcrumb
    | paginat | \bpager\b | \bskip-?(?:link|to) | footer(?!-?note) | \bcontentinfo\b | copyright
    | masthead | \bsite-?header | \btop-?bar\b | \btoolbar | side-?bar | \bcomplementary\b
    | \b(?:right|left)-?(?:rail|col\b|column\b) | \brelated | recommend | recirc
    | \bmore-?(?:from|on|stories|news|articles|posts|like|in|to)\b | \bread-?(?:more|next|also|on)\b
    | \balso-?(?:read|like)\b | see-?also-?\b(?:links|box) | \bpopular
    | \bmost-?(?:read|viewed|popular|shared|recent|commented) | trending
    | \b(?:latest|recent|top|other)-?(?:news|posts|stories|articles|comments|videos) | \bup-?next\b
    | \b(?:next|prev|previous)-?(?:post|article|story|up)s?\b | \bpost-?nav | outbrain | taboola | zergnet
    | revcontent | mgid | carousel | \bshar(?:e|ing)\b | \bsocial(?!-?(?:media-?)?embed)
    | addthis | addtoany | sharedaddy | jp-?relatedposts | \bfollow-?us | \bads?\b
    | \bad-?(?:slot|container|wrap|unit|box|block|label) | advert | adsense | sponsor | \bdfp\b | \bgpt\b
    | \bpromo(?:s|tion|tions|box)?\b | \bbanner | newsletter | \bsubscri(?:be|ption) | \bsign-?up\b
    | mailchimp | \blog-?in\b | \bregister\b | donat(?:e|ion) | cookie | consent | \bgdpr | \bmodal
    | \bpop-?up | lightbox | interstitial | \bauthor-?(?:box|bio|info|card|profile|desc|excerpt)
    | \babout-?(?:the-?)?author | \bbio\b | \btag-?(?:list|cloud|s)\b | \bpost-?tags\b | \bwidget-?area
    | \bsearch\b | \bauthor-?(?:and-?)?bio | \bpost-?author\b | \bauthor-?content\b | \bgaller(?:y|ies)\b
    | \bslide-?show\b | \bbreaking-?(?:news|block) | \bwidget\b | \btextwidget\b
    | \bstream-?(?:content|item) | \bsuggested | \bcall-?to-?action\b | \bnoprint\b | \bmw-editsection
    | \bpost-?footer | \bcatlinks\b | \bnavbox | \btoc\b | \bdownload-?app
    """,
    re.VERBOSE,
)
_APART = re.compile(r"footer|\bside-?bar|cookie|consent|\brelated")
# What a site says of its authors and of itself: it reads like an article, and never is one.
_SITE = re.compile(
    r"\bbio\b|author-?(?:bio|box|info|desc|excerpt|card|profile)|\bmodal|\bregister\b|\bnewsletter"
    r"|\btextwidget\b"
)
_TEASER = re.compile(r"\bteasers?\b")
_COMMENTS = re.compile(
    r"\bcomments?\b(?!-?(?:count|link|icon|off|closed|open|status|enabled))"
    r"|\bcomment-?(?:list|section|body|content|text|area|thread|form|respond|item|wrap)"
    r"|disqus|\brespond\b|livefyre|\bfb-?comments|\breplies\b"
)
_DETAILS = re.compile(
    r"byline|dateline|time-?stamp|\bdate(?:time)?\b|\bpubl?ish|\bposted-?(?:on|by|in)\b|\bupdated\b"
    r"|\bpost-?meta|\bentry-?meta|\barticle-?meta|\bmeta(?:data)?\b|\bcredits?\b|\bcontributors?\b"
    r"|\bread(?:ing)?-?time|\bauthors?\b|\beyebrow|\bkicker\b|\bcategor(?:y|ies)\b|\bview-?count"
)
_BODY = re.compile(
    r"\b(?:article|story|post|entry|news|blog|page|main|body|content)"
    r"-?(?:body|text|content|copy|entry|main|inner)\b|\barticlebody\b|\bhentry\b|\bmw-parser-output\b"
    r"|\brich-?text\b|\bprose\b|\bmarkdown-?body\b|\bstorytext\b|\barticle\b|\bmain\b"
)
_NOTE = re.compile(
    r"\b(?:recipe|event)-?\w*|\bfact(?:s|-?box|-?sheet)?\b|\binfo-?box\b|\bkey-?(?:points|facts|takeaways)\b"
    r"|\bhighlights\b|\beditor(?:s|ial)?-?s?-?note\b|\bcorrections?\b|\bsummary\b|\babstract\b"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def hint_of(region: Region, begins: str = "") -> int:
    """Return what a region's own tag and names say, whatever it is in.

    Args:
        region: The region.
        begins: The heading that it begins with, if it does: an `id` made of it says nothing ("Cookies").
    """
    element = region.element
    tag = element.tag
    if tag in _UNNAMED:
        return Hint.NONE
    if tag in _TEXTUAL:
        own = _split(element.get("class", ""))
        if not own or tag not in {"p", "li"}:
            return Hint.NONE
        outside = Hint.OUTSIDE if _OUTSIDE.search(own) else Hint.NONE
        outside |= Hint.TEASER if _TEASER.search(own) else Hint.NONE
        return outside | (Hint.DETAILS if _DETAILS.search(own) else Hint.NONE)
    hint = _TAGS.get(tag, Hint.NONE)
    names = " ".join(_names(element, begins))
    if not names:
        return hint
    said = _said_by(names)
    return said if tag == "aside" and said & Hint.NOTE else hint | said


@lru_cache(maxsize=4096)
def _said_by(names: str) -> int:
    hint = Hint.NONE
    if _BODY.search(names):
        hint |= Hint.BODY
    if _OUTSIDE.search(names):
        hint |= Hint.OUTSIDE
        if _APART.search(names):
            hint |= Hint.APART
        if _SITE.search(names):
            hint |= Hint.SITE
    if _COMMENTS.search(names):
        hint |= Hint.COMMENTS
    if _TEASER.search(names):
        hint |= Hint.TEASER
    if not hint & Hint.OUTSIDE and _NOTE.search(names):
        return hint | Hint.NOTE
    if _DETAILS.search(names):
        hint |= Hint.DETAILS
    return hint


def _names(element: etree._Element, begins: str) -> Iterator[str]:
    for attribute in _NAMES:
        if not (stated := element.get(attribute)):
            continue
        names = _split(stated)
        if attribute in _SENTENCES:
            words = names.replace("-", " ").split()
            if len(words) > _MAX_WORDS or "".join(words) in "".join(begins.lower().split()):
                continue  # made of a heading
        yield names


def _split(names: str) -> str:
    """Lower case, with hyphens between the words of a name: "relatedArticles" is "related-articles"."""
    return _CAMEL.sub("-", names).lower().replace("_", "-")
