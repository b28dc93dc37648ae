"""Lines that a page carries beside its article: links to other articles, headings of side columns.

They stay in the article's text, so that offsets hold, but are in no passage, so nothing is quoted from them.
A line counts only if the whole line has one of these shapes: "Previous articles have shown ..." is prose, and
so is a "Related coverage: ..." that ends like a sentence, as a link's headline does not.
"""

from __future__ import annotations

import re

_MAX_LENGTH = 200  # characters; a longer line is prose

_SHAPES = re.compile(
    r"""
    \s*(?:
        (?:relevant|related|recommended|also|must|further)\s+(?:read(?:ing|s)?|article|articles|stories|story|news|posts?|coverage)
            \s*(?::(?:.*[^.!?\s])?)?
      | (?:read|watch)\s+(?:also|more|next)\s*:.*[^.!?\s]
      | (?:previous|next)\s+(?:article|post|story)\s*(?:\s*[:»«›‹→←].*)?
      | (?-i:(?:Previous|Next)\ (?:article|post|story)(?=[A-Z0-9"“‘']).*)
      | (?:hot|trending|popular)\s+(?:topics|stories|now)
      | most\s+(?:read|popular|viewed)
      | (?:share|tweet|print|email)(?:\s+this(?:\s+(?:article|story|post|page))?)?
      | advertisement | sponsored(?:\s+content)?
      | (?:sign|log)\s+(?:in|up)(?:\s+to\s+continue\s+reading)?
      | (?:leave|post)\s+a\s+(?:reply|comment)
      | (?:skip|back)\s+to\s+(?:main\s+content|content|top)
    )\s*
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_boilerplate(line: str) -> bool:
    """Return whether a whole line of text is boilerplate."""
    return len(line) <= _MAX_LENGTH and _SHAPES.fullmatch(line) is not None
