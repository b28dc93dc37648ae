"""Statements of authors -> names of people: "By Jane Doe, Political correspondent | Reuters" -> Jane Doe."""

from __future__ import annotations

import re
from collections.abc import Iterable

from indexer.formats.html_metadata.markup import words

_ROLE_WORDS = (
    "writer|writers|reporter|reporters|correspondent|correspondents|editor|editors|journalist|journalists|columnist|"
    "columnists|contributor|contributors|producer|photographer|analyst|author|authors|staff|editorial|desk|newsroom|"
    "team|intern|freelance|director|manager|professor|lecturer|fellow|critic|bureau|administrator|admin|webmaster|ceo|"
    "founder|president|secretary|minister|specialist|researcher|head|contributing|translator|illustrator|"
    "redaktion|redakteur|redakteurin|redaktor|redakteure|korrespondent|korrespondentin|chefredakteur|volontär|volontärin|"
    "autor|autorin|autoren|reporterin|reporterinnen|journalistin|chefreporter|ressortleiter|ressortleiterin|"
    "journaliste|journalistes|rédacteur|rédactrice|rédaction|correspondant|correspondante|redacción|periodista|"
    "redactor|redactora|corresponsal|redazione|giornalista|redactie|redacteur|verslaggever|correspondente|redação|"
    "repórter|jornalista|journalisten|redaksjonen|redaktør|toimittaja|muhabir|editör|редактор|корреспондент"
)
_ROLE = re.compile(rf"(?<!\w)(?:{_ROLE_WORDS})(?!\w)", re.IGNORECASE)
_ORGANISATION = re.compile(
    r"(?<!\w)(?:news|press|agency|agencies|reuters|afp|dpa|apa|ansa|xinhua|times|post|media|magazine|online|tv|"
    r"radio|network|inc|ltd|llc|gmbh|group|foundation|university|institute|association|associated|bbc|cnn|company|"
    r"presse|zeitung|agentur|agence|agencia|agenzia|agencias|digital|guardian|bloomberg|efe|ritzau|ntb|belga|anp|"
    r"keystone|sda|kna|epd|ap|pa|aap|upi|tass|kyodo|yonhap|ians|pti|ani|lusa|wikimedia|wikipedia|committee|council|"
    r"ministry|department|society|research|center|centre|nachrichten|verlag|channel|herald|tribune|gazette)(?!\w)",
    re.IGNORECASE,
)
_SPOKEN = (
    "written|posted|published|reported|story|words|text|report|review|article|reporting|opinion|analysis|"
    "interview"
)
_WORK = "text|texte|textos?|testo|tekst|words|interview|fotos?|bilder|photos?|story"
# What introduces a name: "By", "Text and photos:", "View all posts by".
_BY = re.compile(
    rf"^(?:(?:{_SPOKEN})\s+)?by\b[\s:]*|^(?:von|par|por|door|przez)(?:\s*:\s*|\s+)|"
    rf"^(?:{_WORK})(?:\s*(?:und|and|et|y|&|\+|,)\s*(?:{_WORK}))*\s*:\s*|"
    r"^(?:zeige|alle|view|see|show|more|all)\b.*?\b(?:artikel|beiträge|posts|articles|stories)(?:\s+(?:von|by|from|of))?\s*|"
    r"^(?:autor(?:in|en|es)?|authors?|auteurs?|autor[ei]s?|автор|текст|作者|文|記者|记者|글)\s*[:：/]\s*|"
    r"^(?:de|di|da)\s+(?=[A-Z]\w+\s[A-Z])",
    re.IGNORECASE,
)
_BY_CASED = re.compile(r"^By(?=[A-Z][a-z]+\s[A-Z])")
_ADDRESS = re.compile(
    r"https?://|www\.|\S+@\S+\.\S+|^@\S+$|^/|^\S+\.(?:com|org|net|html?)/?\S*$", re.IGNORECASE
)
# What follows a name and is no part of it: an agency, a role, a place.
_TAIL = re.compile(
    r"\s*[|•·]\s*.*$|\s[-–—/]\s.*$|\s*[\[(][^\])]*[\])]?$|(?<=\w\s\w{2})\s*:\s.*$|"
    r"(?<=\w\s\w)(?<!\bf)\s*,?\s(?:for|für|pour)\s(?:the\s)?[A-Z].*$|\s(?:is|was)\s(?:an?|the)\s.*$|\s(?:in|aus|@)\s[A-Z@].*$"
)
_JOB_AFTER_NAME = re.compile(r"\s*(?:기자|특파원|記者|记者|編集委員|논설위원)$")
_ASIDE = re.compile(r"\s*\([^()]*\)(?=\s*(?:[,;|]|$|and\b|und\b|et\b|&))")
_AND = re.compile(
    r"\s+(?:and|und|et|y|e|og|och|und|with|mit|avec|&|\+)\s+|\s*[;；、|]\s*|\s+/\s+|\s*&\s*|(?<=\w{3})/(?=[A-Z])",
    re.IGNORECASE,
)
_COMMA = re.compile(r"\s*[,，;；、]\s*(?:(?:and|und|et|y|e|&)\s+)?")
_CREDENTIAL = re.compile(
    r"^(?:m\.?d|ph\.?\s?d|r\.?n|m\.?a|b\.?a|m\.?sc|b\.?sc|esq|cfa|cpa|mph|dds|do|ll\.?m|j\.?d|mba|rdn?|msw|facp)\.?$",
    re.IGNORECASE,
)
_ABBREVIATED = re.compile(r"(?:\b(?:jr|sr)|\b[A-Z])\.$", re.IGNORECASE)
_SUFFIX = re.compile(r"^(?:jr|sr|ii|iii|iv)\.?$", re.IGNORECASE)
_CREDIT = re.compile(
    r"^(?:\(|image|bild|foto|photo|illustration|©|copyright|credit|quelle|source|video|grafik)\b|^\(|^(?:image|bild|foto|photo)s?:",
    re.IGNORECASE,
)
_EMPTY = frozenset(
    ("by", "von", "par", "por", "null", "none", "undefined", "anonymous", "unknown", "guest", "user", "and",
     "the", "author", "share", "admin", "n/a", "wordpressadmin")
)  # fmt: skip
_MAX_NAME = 60  # characters
_MAX_FAMILY_NAME = 2  # words
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")


def names_of(text: str, *, inverted: bool = False) -> list[str]:
    """The names in one statement, without roles, agencies after a bar, addresses and image credits.

    A name is never cut in halves: "Anna and Peter Smith" stays one, "Doe, Jane" is Jane Doe. With `inverted`
    a comma stands within each name, as in bibliographic data.
    """
    text = _ASIDE.sub("", words(text))
    if not text or (_ADDRESS.search(text) and " " not in text):
        return []
    cleaned = (_clean(part) for part in _parts(_without_by(text), inverted=inverted))
    return [name for name in cleaned if name]


def is_organisation(name: str, sites: Iterable[str]) -> bool:
    """Whether a name is that of the site, of a news agency or of another organisation."""
    plain = name_key(name)
    return bool(_ORGANISATION.search(name)) or any(plain == name_key(site) for site in sites)


def organisation_of(text: str) -> str | None:
    """A statement as the name of an organisation, also of its staff: "BBC News", "Guardian staff"."""
    name = _without_by(words(text)).strip(" ,.:;|-–—")
    if not name or len(name) > _MAX_NAME or _ADDRESS.search(name) or re.search(r"\d{3}", name):
        return None
    rest = re.sub(r"\W+", " ", _ROLE.sub(" ", name)).split()
    return name if rest and name.casefold() not in _EMPTY else None


def name_key(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _without_by(text: str) -> str:
    return _BY.sub("", _BY_CASED.sub("", text))


def _parts(text: str, *, inverted: bool) -> list[str]:
    by_comma = [part for part in (part.strip() for part in _COMMA.split(text)) if part]
    if _is_inverted(by_comma, text, inverted=inverted):
        return [f"{by_comma[1]} {by_comma[0]}"]
    parts: list[str] = []
    for part in by_comma:
        if _SUFFIX.match(part) and parts:
            parts[-1] += f", {part}"
        elif not _CREDENTIAL.match(part):
            pieces = [piece for piece in (piece.strip() for piece in _AND.split(part)) if piece]
            # A single word beside "and" is half of a name: "Anna and Peter Smith".
            whole = all(" " in piece or _EAST_ASIAN.search(piece) for piece in pieces)
            parts += pieces if whole or "|" in part or ";" in part else [part]
    return parts


def _is_inverted(by_comma: list[str], text: str, *, inverted: bool) -> bool:
    """Whether "Doe, Jane" is one person."""
    if len(by_comma) != 2:  # noqa: PLR2004 - a family name and a given name
        return False
    last, first = by_comma
    if _SUFFIX.match(first) or _CREDENTIAL.match(first) or _ROLE.search(text) or _ORGANISATION.search(text):
        return False
    if _EAST_ASIAN.search(text) or ";" in text:
        return False
    if inverted:
        return len(last.split()) <= _MAX_FAMILY_NAME
    return " " not in last and " " not in first and last[0].isupper() and first[0].isupper()


def _clean(name: str) -> str | None:
    name = _without_by(name.strip(' \t,:;|-–—•·*"“”»«').lstrip("."))
    if not _ABBREVIATED.search(name):
        name = name.rstrip(". ")
    if _CREDIT.search(name):
        return None
    cut = _JOB_AFTER_NAME.sub("", _TAIL.sub("", name).strip(" ,:;|-–—•·"))
    name = cut or name
    if not name or len(name) > _MAX_NAME or _ADDRESS.search(name) or not re.search(r"[^\W\d_]", name):
        return None
    return None if _ROLE.search(name) or name.casefold() in _EMPTY else name
