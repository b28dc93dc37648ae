"""Lines that a page carries beside its article: links to other articles, headings of side columns.

They stay in the article's text, so that offsets hold, and in no passage, so that nothing is quoted from
them. A line counts only when the whole of it has one of these shapes: an article that begins a sentence
with "Previous articles have shown" keeps it, and so does one whose "Related coverage: ..." ends as a
sentence does, where a link's headline would not.
"""

from __future__ import annotations

import re

_MAX_LENGTH = 200  # characters: a longer line is prose, however it begins

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
    """Tell whether a whole line of text is boilerplate and not part of the article."""
    return len(line) <= _MAX_LENGTH and _SHAPES.fullmatch(line) is not None
