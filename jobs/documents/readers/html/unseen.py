"""Classes by which frameworks hide text, or have it read aloud alone; names of signs; banners."""

import re
from collections.abc import Collection

from selectolax.lexbor import LexborHTMLParser, LexborNode

from jobs.documents.readers.html.prose import short_text
from jobs.documents.readers.html.searches import Searches

UNSEEN: Searches = {  # what `is_unseen` is asked of
    **{
        f'[class*="{part}" i]': part
        for part in (
            *("hidden", "sr-only", "screen", "-sr", "cookie", "consent", "gdpr"),
            *("feedback", "helpful", "votes", "rating"),
        )
    },
    ".cc-window": "cc-window",
    ".d-none": "d-none",
    '[class*="material-"]': "material-",
    ".mat-icon": "mat-icon",
}
_READ_ALOUD = re.compile(  # not shown, but told to people who cannot see the page
    r"(?:u-)?(?:visually-?hidden|sr-only|screen-?reader-(?:text|only)|show-for-sr|a11y-hidden)"
    r"(?:-focusable|-text)?"
)
_HIDING = frozenset({"d-none", "hidden", "is-hidden"})
_SHOWN_ELSEWHERE = re.compile(  # on screens of a certain width
    r"(?:d-(?:\w{2,3}-)?|\w{2,3}:)(?:block|flex|grid|inline(?:-\w+)?|table(?:-\w+)?)"
)
_SIGN_FONTS = re.compile(r"material-(?:icons|symbols)(?:-[\w-]+)?|mat-icon")
_NAME_OF_SIGN = re.compile(r"\s*[a-z][a-z\d_]{0,40}\s*")
_BANNER = re.compile(
    r"(?<![a-z])(?:cookies?|gdpr|consent|cc)[-_]?(?:alert|banner|bar|consent|dialog|law|manager"
    r"|message|modal|note|notice|notification|overlay|popup|warning|window)(?![a-z])"
)
_SERVICE = re.compile(  # that asks whether cookies may be set
    rb"""id=["']?(onetrust-(?:banner|consent)-sdk|CybotCookiebot(?:Dialog|Declaration)"""
    rb"""|didomi-host|usercentrics-root|qc-cmp2-container|truste-consent-track|iubenda-cs-banner"""
    rb"""|cmpbox|cookie-law-info-bar|cookie-?(?:banner|bar|consent|notice)|moove_gdpr_cookie_modal"""
    rb"""|cookieConsent|CookieBanner|gdpr-(?:banner|consent|notice))["'\s>]"""
)
_ASKING = re.compile(r"(?<![a-z])(?:feedback|helpful|votes|rating)(?![a-z])")
_WAS_IT_HELPFUL = re.compile(  # what a site asks of each of its pages
    r"\b(?:was|is|did|were) (?:this|the|these|you)\b[^.!?]{0,60}"
    r"\b(?:helpful|help|useful|looking for)\b"
    r"|\bfound this helpful\b|\brate this (?:page|article|topic)\b|hilfreich\s*\?|\butile\s*\?"
    r"|\bútil\s*\?|役に立ちましたか|有(?:没有)?(?:帮助|幫助)吗?",
    re.IGNORECASE,
)
_MAX_ASKING_WORDS = 40
_CELLS = frozenset({"td", "th"})
_WHOLE = frozenset({"html", "body", "main", "article", "h1", "h2", "h3", "h4"})
_MAX_HIDDEN_WORDS = 24  # a longer text is shown by a script, sooner or later
_MAX_BANNER_WORDS = 120
_MAX_STEPS_UP = 4
_FEW_NODES = 12
_NODES_PER_WORD = 4
_WORD = re.compile(r"\w+")


def may_be_unseen(classes: str) -> bool:
    """Whether `is_unseen` has to be asked of an element with these classes."""
    if _BANNER.search(classes.lower()) or _ASKING.search(classes.lower()):
        return True
    return any(
        name in _HIDING or _SIGN_FONTS.fullmatch(name) or _READ_ALOUD.fullmatch(name)
        for name in classes.split()
    )


def is_unseen(node: LexborNode, classes: str, *, is_opened: bool) -> bool:
    """Whether the classes of an element say that nobody sees its text.

    `is_opened`: it is hidden only until somebody chooses it.
    """
    names = classes.split()
    if any(_SIGN_FONTS.fullmatch(name) for name in names):
        return _NAME_OF_SIGN.fullmatch(short_text(node, _FEW_NODES) or "") is not None
    if any(_READ_ALOUD.fullmatch(name) for name in names):
        return not _is_all_of_cell(node)
    if _ASKING.search(classes.lower()) and _asks(node):
        return True
    if _BANNER.search(classes.lower()):
        return _has_few_words(node, _MAX_BANNER_WORDS)
    return not is_opened and _is_hidden(node, names)


def seen_text(node: LexborNode) -> str:
    """The text of an element without what is only read aloud."""
    parts = (
        part.text(strip=True)
        for part in node.iter(include_text=True)
        if not any(map(_READ_ALOUD.fullmatch, (part.attributes.get("class") or "").split()))
    )
    return "".join(parts)


def drop_questions(tree: LexborHTMLParser, source: bytes) -> None:
    """Take away what services show over a page to ask about cookies, known by their names."""
    for name in dict.fromkeys(_SERVICE.findall(source)):
        for node in tree.css(f"#{name.decode()}"):
            if node.tag not in _WHOLE and _has_few_words(node, _MAX_BANNER_WORDS):
                node.decompose()


def _is_hidden(node: LexborNode, names: Collection[str]) -> bool:
    if _HIDING.isdisjoint(names) or any(_SHOWN_ELSEWHERE.fullmatch(name) for name in names):
        return False
    return _has_few_words(node, _MAX_HIDDEN_WORDS)


def _asks(node: LexborNode) -> bool:
    """Whether an element only asks what readers think of the page."""
    text = short_text(node, _MAX_ASKING_WORDS * _NODES_PER_WORD) or ""
    has_few = len(_WORD.findall(text)) <= _MAX_ASKING_WORDS
    return has_few and _WAS_IT_HELPFUL.search(" ".join(text.split())) is not None


def _has_few_words(node: LexborNode, max_words: int) -> bool:
    text = short_text(node, max_words * _NODES_PER_WORD)
    return text is not None and len(_WORD.findall(text)) <= max_words


def _is_all_of_cell(node: LexborNode) -> bool:
    """Whether it stands for the sign that is all that a cell shows: "Yes"."""
    cell = node.parent
    for _ in range(_MAX_STEPS_UP):
        if cell is None or cell.tag in _CELLS:
            break
        cell = cell.parent
    if cell is None or cell.tag not in _CELLS:
        return False
    text = short_text(cell, _FEW_NODES)
    return text is not None and text.split() == (short_text(node, _FEW_NODES) or "").split()
