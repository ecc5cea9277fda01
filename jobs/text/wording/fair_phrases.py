"""Blanks out what only looks like pointing at a text, before phrases are looked for.

"The page of a database file", "if it is not explicitly specified", "the section of
debian/control" speak of a subject. So does "the table", where the evidence itself has a table.
"""

import re

_THING = (
    r"(?:page|section|table|document|source|list|figure|statement|example|command|code|option|field"
    r"|article|manual|file|text|book|chapter|paragraph|diagram|listing|appendix|context|step"
    r"|program|script|output|sample|sentence|author|writer|speaker|guide|material)s?"
)
_ITSELF = (
    r"(?:(?:the|this|these|an?) )?(?:text|passage|excerpt|document|book|chapter|article"
    r"|manual|guide"
    r"|page|section|example|snippet|contents|instructions|information|following|above|provided"
    r"|given)\b"
)
_FAIR = re.compile(
    rf"\b(?:the|this|a|an|each|every|which|what) {_THING} (?:of|in) "
    rf"(?!{_ITSELF})(?:(?:an?|the|its|each|every|all) )?(?:[\w./-]+ )?[\w./-]+"
    r"|\b(?:if|when|unless|where|while|until|that (?:is|are)|which (?:is|are)) [^.?!]{0,80}?"
    r"\bnot (?:explicitly|specifically|directly) \w+"
    r"|\bthere is no (?:information|mention|indication) (?:about|of|on) [^.:]{1,80}? in "
    rf"(?!{_ITSELF})(?:the|an?) [\w-]+"
    rf"|\b(?:if|when|unless|where|once|until|after|before|because) (?:the|an?) {_THING}\b"
    r"|\bthe given (?:source|list|table|page|field|figure|article|section|file)s?\b",
    re.IGNORECASE,
)
# These may be the subject of a text. An example, a command or a step of it is shown by it alone.
_SUBJECT = re.compile(
    r"(?:\b(?P<before>\w+) )?\b(?P<thing>pages?|sections?|tables?|documents?|sources?"
    r"|lists?|figures?"
    r"|statements?|fields?|articles?|files?|code)\b(?!\s+\(?\d)",
    re.IGNORECASE,
)
_ARTICLES = frozenset(("the", "a", "an", "each", "every", "its", "which", "what", "another", ""))


def without_fair_phrases(text: str, evidence: str) -> str:
    """`text` with a dash for each phrase that speaks of the subject, as `evidence` shows it."""
    subjects = {
        _singular(found["thing"])
        for found in _SUBJECT.finditer(evidence)
        if (found["before"] or "").casefold() not in ("this", "these")
    }

    def blank(found: re.Match[str]) -> str:
        thing = found["thing"]
        is_fair = _singular(thing) in subjects and (found["before"] or "").casefold() in _ARTICLES
        return found[0].removesuffix(thing) + "-" if is_fair else found[0]

    return _SUBJECT.sub(blank, _FAIR.sub("-", text))


def _singular(word: str) -> str:
    return word.casefold().removesuffix("s")
