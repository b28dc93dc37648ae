"""Questions for what is not so, and sentences that state it.

A text says who leads a company; it seldom says who does not. The words that a reader finds for "Who is not
the chief executive?" then answer the opposite question, so they count only if their sentence is itself a
negation. Where texts do state a negation (rules, reasons, conditions) the question is an ordinary one.
"""

from __future__ import annotations

import re

_NOT = r"(?:not|never|nobody|none|neither|no|\w+n't)"
_EXCEPT = r"(?:except(?:ing)?|excluding|other than|apart from|aside from|but for)"
_NEGATION = re.compile(rf"\b(?:{_NOT}|{_EXCEPT})\b")
# An open question. "Isn't X the chief executive?" asks for a confirmation, "Why not?" for a reason.
_OPEN = re.compile(
    r"(?:(?:at|by|for|from|in|on|to|with|under|of|about) )?"
    r"(?:who|whom|whose|which|what|where|when|how (?:many|much|often)|name|list|give|state|tell|identify)\b"
)
_IMPERATIVE = re.compile(r"(?:name|list|give|state|tell|identify)\b")
# "what happens if", "the form that was not signed": the question is about something else.
_CLAUSE = re.compile(
    r"\b(?:if|when|whenever|unless|because|since|although|though|while|where|after|before|until|once"
    r"|so that|in case"
    r"|that|who|which|whose|to|for|of those)\b"
)
_REASON = re.compile(r"\bwhat (?:was |were |is |are )?(?:the )?(?:reason|cause|grounds)\b|\bwhat for\b")
# "no later than", "not only", "whether or not": not a negation of what is asked for.
_IDIOM = re.compile(
    r"\b(?:not only|not just|whether or not|if not|or not|(?:no|not) (?:more|less|fewer|later|earlier"
    r"|sooner|longer)\b(?: than)?"
    r"|not exceeding|no\.? ?\d+|no doubt|not least|none other than|not for profit|nonprofit|no matter)"
)
# Rules are written as negations: "Dogs are not allowed", "You may not …", "The policy does not cover …".
_RULE = re.compile(
    r"\b(?:may|must|shall|should|can|could|ought|need) not\b|\b(?:can|must|should|shall|need|could"
    r"|may)n't\b|\bcannot\b"
    r"|\b(?:do|does|did)(?: not|n't)(?: \w+){0,2} (?:have to|need|require|apply|cover|include|accept"
    r"|allow|permit|count|support|affect|work|guarantee|store|share|collect|sell|pay)\b"
    r"|\b(?:do|does)(?: \w+){1,5} not (?:have to|need|require|apply|cover|include|accept|allow|permit"
    r"|count|support|affect|guarantee|store|share|collect|sell|pay)\b"
    r"|\bnot(?: be)? (?:allowed|permitted|covered|included|required|accepted|eligible|refundable"
    r"|available|recommended|valid|possible|"
    r"supported|protected|liable|responsible|subject|entitled|authori[sz]ed|deductible|returnable"
    r"|admissible|acceptable|necessary|"
    r"applicable|taxable|insured|safe|tolerated|transferable|exempt|considered|counted|deemed|defined"
    r"|known|enough|sufficient)\b"
    r"|\b(?:isn't|aren't|wasn't|weren't) (?:allowed|permitted|covered|included|required|accepted|eligible"
    r"|refundable|available|"
    r"recommended|valid|possible|supported|protected|liable|responsible|entitled|authori[sz]ed|known)\b"
)
_TAG = re.compile(
    r",? (?:is|are|was|were|do|does|did|has|have|had|will|would|can|could)n't (?:it|he|she|they|there"
    r"|that)\W*$"
)
_QUOTED = re.compile(r"[\"“„«][^\"”“»]*[\"”“»]")
_STATED = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|nowhere|neither|nor|without|cannot|\w+n't|except\w*|exclud\w+"
    r"|exclusion\w*|"
    r"other than|apart from|aside from|but for|all but|outside|absent|absence|lack\w*|refus\w+|declin\w+"
    r"|fail\w*|den(?:y|ied|ies)|"
    r"reject\w*|prohibit\w*|forbid\w*|forbidden|ban|bans|banned|unable|unlike|instead of|rather than"
    r"|withdr[ae]w\w*|"
    r"opt(?:ed|s)? out|abstain\w*|exempt\w*|non-\w+)\b",
    re.IGNORECASE,
)


def is_negated(question: str) -> bool:
    """Whether a question asks for what is not so ("Who is not …?") or all but something ("… except …?")."""
    text = _TAG.sub("", _QUOTED.sub(" ", question.replace("’", "'"))).casefold().strip()
    # "If the tenant does not pay, who …": what comes before the comma is a condition.
    text = re.sub(r"^(?:if|when|unless|because|since|after|before|until|once)\b[^,?]*,\s*", "", text)
    if not _OPEN.match(text) or _REASON.search(text) or _RULE.search(text):
        return False
    start = _OPEN.match(text)
    clause = None if start is None or _IMPERATIVE.match(text) else _CLAUSE.search(text, start.end())
    asked = _IDIOM.sub(" ", text[: clause.start()] if clause else text)
    if re.search(rf"\b{_EXCEPT}\b", _IDIOM.sub(" ", text)):
        return True
    return _NEGATION.search(asked) is not None


def states_negation(sentence: str) -> bool:
    """Whether a sentence states that something is not so, or names an exception."""
    return _STATED.search(sentence.replace("’", "'")) is not None
