"""Quantities and names with signs: what belongs to a figure, a grade or an abbreviation. Pure.

A figure keeps its sign, its currency on either side, its scale and mark, and the words before it that bound
it ("up to", "approx."); units in words stay as the span has them.
"""

from __future__ import annotations

import re

from service.answering.extents.words import quotes, whole_words

_SYMBOL = "$£¥\u20a0-\u20cf"
_CODE = (
    "USD|EUR|GBP|CHF|NOK|SEK|DKK|ISK|JPY|CNY|RMB|INR|PKR|LKR|NPR|AUD|CAD|NZD|HKD|SGD|TWD|KRW|MXN|BRL|ZAR|RUB"
    "|TRY|PLN|CZK|HUF|RON|BGN|ILS|AED|SAR|QAR|KWD|EGP|KES|NGN|GHS|THB|IDR|MYR|PHP|VND|UAH|BTC|ETH|Rs|kr|Kč|zł"
    "|Ft|RM"
)
_SPACE = "[ \u00a0\u2009\u202f]"
_SCALE = "hundred|thousand|million|billion|trillion|mn|bn|tn|lakh|lakhs|crore|crores"
_SCALE_FIRST = re.compile(rf"(?:{_SCALE})\b")
_SCALES = tuple(_SCALE.split("|"))
_NUMBER_WORDS = (
    "a (?:hundred|thousand|million|billion|dozen|third|quarter|half)|half|one|two|three|four|five|six|seven"
    "|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty"
    "|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?"
)
_QUALIFIER = (
    r"approx\.|approximately|about|around|roughly|nearly|almost|circa|c\.|ca\.|up\sto|at\sleast|at\smost"
    r"|as\s(?:many|much)\sas|(?:no|not)\s(?:more|less|fewer|later|earlier)\sthan"
    r"|(?:more|less|fewer|greater|higher|lower)\sthan|(?:just|well|slightly|a\slittle)\s(?:over|under)"
    r"|over|under|below|above|close\sto|a\s(?:minimum|maximum)\sof|[~≈<>≤≥±]"
)
QUANTITY = re.compile(rf"[-–−+±]?(?:(?:[A-Z]{{1,3}})?[{_SYMBOL}]{_SPACE}?|(?:{_CODE})\.?{_SPACE}?)?\.?\d")
"""A figure with its sign and its currency, at the start of a text."""

_QUANTITY_IN_WORDS = re.compile(rf"(?:{_NUMBER_WORDS})\b", re.IGNORECASE)
# Directly before a span that begins with a figure.
_CURRENCY_BEFORE = re.compile(
    rf"(?:(?<![^\W_])[A-Z]{{1,3}})?[{_SYMBOL}]{_SPACE}?$|(?<![^\W_])(?:{_CODE})\.?{_SPACE}?$"
)
_CURRENCY_PREFIX = re.compile(r"(?<![^\W_])[A-Z]{1,3}$")  # of "HK$"
_SIGN_BEFORE = re.compile(r"(?<![\w)\]%°])[-–−+±]$")
_QUALIFIER_BEFORE = re.compile(rf"(?:(?<!\w)(?:{_QUALIFIER})\s|(?<![\w<>])[~≈<>≤≥±])$", re.IGNORECASE)
_BETWEEN = re.compile(
    rf"(?<!\w)between\s(?P<low>\S+(?:\s(?:{_SCALE}))?)\sand\s(?P<high>[^\s,;]*[^\s,;.])", re.IGNORECASE
)
_POWER = re.compile(rf"\d[\d.,]*{_SPACE}?[×x·*]{_SPACE}?10(?:\^?[-−+⁻⁺]?[\d⁰¹²³⁴-⁹]+)?")
_SLASHED = re.compile(r"(?<![\w/.'’])\d{1,4}(?:/\d{1,4}){1,2}(?![\w/'’])")  # fractions and dates
# Directly after a span that ends with a figure: a scale, a mark or a currency.
_AFTER_FIGURE = re.compile(
    rf"\^[-−]?\d+|\s(?:{_SCALE})\b(?!-)|\sper\s?cent\b|{_SPACE}?[%‰]|{_SPACE}?°(?:{_SPACE}?[CFK]\b)?"
    rf"|′\s?\d+″?|[′″]|{_SPACE}?[{_SYMBOL}](?!\d)|{_SPACE}?(?:{_CODE})\b(?!{_SPACE}?\d)|\+(?![\w+])"
)
_UNIT_RATE = re.compile(r"/(?:h|hr|s|sec|min|l|L|kg|g|m[²³23]?|km[²2]?|day|d|a|yr|year|week|month|mol|K|W)\b")
_FIGURE_THEN_UNIT = re.compile(rf"\d{_SPACE}?[^\W\d_]{{1,4}}[²³]?$")
_MONEY = re.compile(r"[$€£¥₹]\s?\d[\d,.]*(?:\s?(?:[kKmM]|bn|million|billion))?$")
_MONEY_RATE = re.compile(
    r"/\s?(?:month|mo|year|yr|week|wk|day|night|hour|hr|h|person|user|seat|page|piece|unit|km|kg|lb)s?\b"
)
_FEET = re.compile(r"['’]\s?\d+(?:[\"”]|\b)")

LOOK = 24
"""Characters on either side of a span that are looked at for what belongs to it."""

GRADE_SIGN = re.compile(
    r"(?<![^\W_])(?:A{1,3}|B{1,3}|C{1,3}|AB|O|D|E|F|Rh)[-–−+](?![\w$+])(?!\s(?:and|or|to)\s\w+-\w)"
    r"|(?<=\w)\+\+?(?![\w+])|(?<![^\W_])[A-J]#(?!\w)"
)
"""The sign of a grade, a rating ("BBB-") or a blood group; a plus after a word ("C++"); a sharp."""

ABBREVIATION = re.compile(
    r"(?:\b[^\W\d]\.)+[^\W\d]\.$|\b(?:[^\W\d]\.){2,}$|\b(?:Ph\.D|[ap]\.m)\.$"
    r"|(?<=[\s&])(?:Inc|Ltd|Co|Corp|Jr|Sr|St|Ave|Blvd|Rd|Bros|Esq|etc|al)\.$"
    r"|^(?:Inc|Ltd|Co|Corp|Jr|Sr|St|Mr|Mrs|Dr|No)\.$",
    re.IGNORECASE,
)
"""An abbreviation that keeps its full stop, at the end of a text."""


def whole_value(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span with what belongs to the figure or the name at its ends."""
    start, end = _whole_figures(text, start, end)
    end = _with_signs_after(text, end)
    start = _with_currency_and_sign(text, start)
    words = text[start:end]
    if QUANTITY.match(words) or _QUANTITY_IN_WORDS.match(words):
        qualifier = _QUALIFIER_BEFORE.search(text, max(0, start - LOOK), start)
        if qualifier is not None:
            return qualifier.start(), end
        return _whole_between(text, start, end)
    return start, end


def _whole_figures(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with the rest of the numbers that it cuts: "5 million", "12,000", "10:30", ".5", "3 × 10³"."""
    if (
        start > 1
        and text[start - 2].isdigit()
        and text[start - 1].isspace()
        and _SCALE_FIRST.match(text, start)
    ):
        start = whole_words(text, start - 2, end)[0]
    while start > 1 and text[start].isdigit() and text[start - 1] in ".,:'’′" and text[start - 2].isdigit():
        start = whole_words(text, start - 2, end)[0]
    if (
        text[start].isdigit()
        and text[start - 1 : start] == "."
        and not text[max(0, start - 2) : start - 1].strip()
    ):
        start -= 1  # ".5"
    while end + 1 < len(text) and text[end - 1].isdigit() and text[end] in ".,:" and text[end + 1].isdigit():
        end = whole_words(text, start, end + 2)[1]
    if text[start].isdigit() or text[end - 1].isdigit():
        around = text[max(0, start - LOOK) : end + LOOK]
        for shape in (*([_POWER] if "10" in around else ()), *([_SLASHED] if "/" in around else ())):
            for found in shape.finditer(text, max(0, start - LOOK), end + LOOK):
                if found.start() < end and start < found.end():
                    start, end = min(start, found.start()), max(end, found.end())
    return start, end


def _with_signs_after(text: str, end: int) -> int:
    """The end with what follows a figure, with the sign of a grade, with the stop of an abbreviation."""
    before = -1
    while before != end:
        before = end
        last = text[end - 1]
        if last.isdigit() or last in "%°" or text[max(0, end - 8) : end].endswith(_SCALES):
            after = _AFTER_FIGURE.match(text, end)
            end = after.end() if after is not None else _with_inches(text, end)
        if text[end : end + 1] == "/":
            unit = _FIGURE_THEN_UNIT.search(text, max(0, end - 8), end)
            rate = _UNIT_RATE.match(text, end) if unit else None
            if rate is None and _MONEY.search(text, max(0, end - LOOK), end):
                rate = _MONEY_RATE.match(text, end)
            end = rate.end() if rate is not None else end
        if text[end : end + 1] in ("+", "-", "–", "−", "#"):
            for sign in GRADE_SIGN.finditer(text, max(0, end - 3), end + LOOK):
                if sign.start() <= end < sign.end():
                    end = sign.end()
        if text[end : end + 1] == "." and ABBREVIATION.search(text, max(0, end - LOOK), end + 1):
            end += 1
    return end


def _with_inches(text: str, end: int) -> int:
    """The end with a mark for feet or inches, unless it closes a quotation."""
    mark = text[end : end + 1]
    if not mark or mark not in "'’\"”":
        return end
    feet = _FEET.match(text, end)
    if feet is not None:
        return feet.end()
    line = text[text.rfind("\n", 0, end) + 1 : end]
    if mark == '"':
        closes = quotes(line) % 2 == 1
    elif mark == "”":
        closes = line.count("“") > line.count("”")
    else:
        closes = mark == "’" or re.search(r"(?:^|\s)'", line) is not None or text[end + 1 : end + 2].isalnum()
    return end if closes else end + 1


def _with_currency_and_sign(text: str, start: int) -> int:
    first = text[start]
    if re.match(rf"[{_SYMBOL}]", first):
        prefix = _CURRENCY_PREFIX.search(text, max(0, start - 3), start)
        start = prefix.start() if prefix is not None else start
    elif first.isdigit() or first == ".":
        currency = _CURRENCY_BEFORE.search(text, max(0, start - LOOK), start)
        start = currency.start() if currency is not None else start
    elif re.match(rf"[A-Z]{{1,3}}[{_SYMBOL}]", text[start : start + 4]) is None:
        return start
    sign = _SIGN_BEFORE.search(text, max(0, start - 2), start)
    return sign.start() if sign is not None else start


def _whole_between(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with "between ... and ..." around it, if it is one or both of the values."""
    if "between" not in text[max(0, start - 60) : start].lower():
        return start, end
    for found in _BETWEEN.finditer(text, max(0, start - 60), end + 60):
        if found.start() < start and end <= found.end() and re.search(r"\d", found["low"] + found["high"]):
            return found.start(), found.end()
    return start, end
