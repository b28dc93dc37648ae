"""Text in an encoding older than UTF-8, read only if there is no doubt which.

A wrong guess would alter quotations, and charset-normalizer is right for nine of ten articles only. So a
guess counts only if the text, decoded so, has the frequent words of a language that was written in that
encoding and no other letters, and if every other encoding of which that is true gives the same text.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from indexer.formats.languages import (
    CHINESE_SIMPLIFIED,
    CHINESE_TRADITIONAL,
    JAPANESE,
    KOREAN,
    LANGUAGES,
    Language,
)

# As browsers read them: windows-1252 for Latin-1, windows-949 for EUC-KR, and so on.
_EAST_ASIAN = {
    "cp932": "shift_jis",
    "euc_jp": "euc-jp",
    "gb18030": "gb18030",
    "cp950": "big5",
    "cp949": "euc-kr",
}
_NAMES = {
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1252": "windows-1252",
    "cp1253": "windows-1253",
    "cp1254": "windows-1254",
    "iso8859-2": "iso-8859-2",
    "iso8859-5": "iso-8859-5",
    "iso8859-7": "iso-8859-7",
    "koi8-r": "koi8-r",
    "cp866": "ibm866",
    **_EAST_ASIAN,
}
_LATIN = ("cp1250", "cp1252", "cp1254", "iso8859-2")

_SAMPLE = 50_000  # bytes by which the language and the encoding are chosen
_MIN_WORDS = 6  # frequent words, so about 20 words of text
_MIN_WORD_SHARE = 0.06  # of all words
_MIN_CHARACTERS = 40  # beyond ASCII, for East Asian text
# Shares of the letters and digits beyond ASCII.
_MIN_KANA, _MIN_HANGUL = 0.25, 0.6
_MOST, _FEW = 0.85, 0.03
_FREQUENT_JAPANESE, _FREQUENT_KOREAN, _FREQUENT_CHINESE = 0.2, 0.16, 0.09

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd\ue000-\uf8ff]")
# A mark beyond ASCII inside a word: "M„rz", "s½ur". Apostrophes and hyphens do stand there.
_MARK_IN_WORD = re.compile(r"[^\W\d_][^\w\s\x00-\x7f’‘ʼ–—‐‑·…\u00ad][^\W\d_]|[^\W\d_][ªº²³¹][^\W\d_]")
_DASH_IN_WORD = re.compile(r"[^\W\d_][–—][^\W\d_]")
_APOSTROPHE_IN_WORD = re.compile(r"[^\W\d_][’‘][^\W\d_]")
# Signs that another encoding writes as a letter or as the euro.
_UNLIKELY = re.compile("[¤¦¨¬¯¶¸¼¾\u00d7\u02c6-\u02db\u02dd]")
_WORD = re.compile(r"[^\W\d_]+")
_ACCENTED_WORD = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")


def detect(data: bytes) -> tuple[str, str] | None:
    """Return the text of `data`, which is not UTF-8, and the encoding's name; None if there is any doubt."""
    fitting: dict[str, str] = {}
    for encoding in _candidates(_sample(data)):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_sound(text, encoding, _language(text[:_SAMPLE])):
            fitting.setdefault(text, encoding)
    if len(fitting) != 1:
        return None
    [(text, encoding)] = fitting.items()
    return text, _NAMES[encoding]


def _sample(data: bytes) -> bytes:
    """The beginning, up to a white space, where no character of several bytes is cut."""
    if len(data) <= _SAMPLE:
        return data
    return data[: max(data.rfind(b"\n", 0, _SAMPLE), data.rfind(b" ", 0, _SAMPLE)) + 1]


def _candidates(sample: bytes) -> list[str]:
    """The encodings in which the sample is plausible text."""
    found = []
    for encoding in _NAMES:
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _fits(text, encoding) and _is_seconded(sample, encoding):
            found.append(encoding)
    return found


def _is_seconded(data: bytes, encoding: str) -> bool:
    """Whether charset-normalizer, too, takes the encoding to be possible."""
    # Imported here: only a file that is not UTF-8 needs it.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    return len(from_bytes(data, cp_isolation=[encoding], enable_fallback=False)) > 0


def _fits(text: str, encoding: str) -> bool:
    """Whether a text is plausible in an encoding: in its language, without marks of a wrong guess."""
    if encoding in _EAST_ASIAN:
        return _CONTROL.search(text) is None and _is_east_asian(text, encoding)
    language = _language(text)
    return language is not None and encoding in language.encodings and _is_sound(text, encoding, language)


def _is_sound(text: str, encoding: str, language: Language | None) -> bool:
    """Whether a text has only the letters of its language, and no marks that only a wrong guess has."""
    if _CONTROL.search(text):
        return False
    if encoding in _EAST_ASIAN:
        return True
    return (
        language is not None
        and not _UNLIKELY.search(text)
        and not _MARK_IN_WORD.search(text)
        and not _has_marks_unlike(language, text)
        and _has_letters_of(language, text, encoding)
    )


def _language(text: str) -> Language | None:
    """The language of which the text has most frequent words; None if that is in doubt."""
    words = Counter(word.lower() for word in _WORD.findall(text))
    hits = sorted(
        ((sum(words[word] for word in one.words), place) for place, one in enumerate(LANGUAGES)), reverse=True
    )
    (most, place), (second, _) = hits[:2]
    if most < _MIN_WORDS or most < _MIN_WORD_SHARE * words.total() or second >= most:
        return None
    return LANGUAGES[place]


def _has_marks_unlike(language: Language, text: str) -> bool:
    """Whether dashes or apostrophes stand inside words of a language that does not write so."""
    if language.name != "English" and _DASH_IN_WORD.search(text):
        return True
    return language.name in {"Spanish", "Portuguese"} and _APOSTROPHE_IN_WORD.search(text) is not None


def _has_letters_of(language: Language, text: str, encoding: str) -> bool:
    """Whether each letter beyond ASCII is one of the language, or the same in all encodings of its kind."""
    words = set(_ACCENTED_WORD.findall(text))
    if any(word[1:] != word[1:].lower() and word != word.upper() for word in words):
        return False  # a capital within a word: "donÕt"
    letters = {char for word in words for char in word if char > "\x7f"}
    return all(
        char in language.letters or char.lower() in language.letters or _is_same_everywhere(char, encoding)
        for char in letters
    )


@lru_cache(maxsize=1024)
def _is_same_everywhere(char: str, encoding: str) -> bool:
    if encoding not in _LATIN:
        return False
    byte = char.encode(encoding)
    return all(byte.decode(other, "replace") == char for other in _LATIN)


def _is_east_asian(text: str, encoding: str) -> bool:
    """Whether a text is Japanese, Korean or Chinese by its scripts and its frequent characters."""
    characters = [char for char in text if char > "\x7f" and char.isalnum()]
    total = len(characters)
    if total < _MIN_CHARACTERS:
        return False
    counts = Counter(characters)

    def share(first: str, last: str) -> float:
        return sum(first <= char <= last for char in characters) / total

    def has_frequent(of: frozenset[str], least: float) -> bool:
        return sum(counts[char] for char in of) >= least * total

    kana, hangul, han = share("\u3041", "\u30ff"), share("\uac00", "\ud7a3"), share("\u4e00", "\u9fff")
    if encoding in {"cp932", "euc_jp"}:
        scripts = kana >= _MIN_KANA and kana + han > _MOST and share("\uff61", "\uff9f") < _FEW
        return scripts and has_frequent(JAPANESE, _FREQUENT_JAPANESE)
    if encoding == "cp949":
        return hangul >= _MIN_HANGUL and hangul + han > _MOST and has_frequent(KOREAN, _FREQUENT_KOREAN)
    common = CHINESE_SIMPLIFIED if encoding == "gb18030" else CHINESE_TRADITIONAL
    return han > _MOST and kana < _FEW and has_frequent(common, _FREQUENT_CHINESE)
