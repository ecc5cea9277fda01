"""Words of Markdown that only one program shows otherwise than they stand: remarks, keys, tags."""

import re
from typing import NamedTuple

_VALUE = r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s{}\"'=]+)"
_ATTRIBUTE = rf"(?:[#.][\w:.-]+|[\w:-]+={_VALUE})"
ATTRIBUTES = rf"\{{:?[ ]*{_ATTRIBUTE}(?:[ ]+{_ATTRIBUTE})*[ ]*\}}"  # Pandoc, attr_list, kramdown
_KEY_NAMES = frozenset(  # of the extension Keys
    """
    alt arrow-down arrow-left arrow-right arrow-up backspace caps-lock cmd command control ctrl
    del delete down end enter esc escape fn home ins insert left meta option page-down page-up
    pause print-screen return right shift space super tab up win windows
    """.split()  # noqa: SIM905 - as a list it would be one name a line
)
_FUNCTION_KEY = re.compile(r"f\d{1,2}")
_PATTERNS = (
    ("code", r"(?<!`)(?P<marks>`{1,20})(?!`).{0,500}?[^`](?P=marks)(?!`)"),
    ("link", r"(?<=\])\([^()\n]{0,300}(?:\{\{|\{%)[^()\n]{0,300}\)"),
    ("aimed", rf"(?P<target>(?<=\])(?:\([^()\n]{{0,500}}\)|\[[^\[\]\n]{{0,200}}\])){ATTRIBUTES}"),
    ("strong", rf"(?<=\S\*\*){ATTRIBUTES}"),
    ("inserted", r"\{\+\+(?P<new>.{1,500}?)\+\+\}"),
    ("deleted", r"(?<!\{)\{--.{1,500}?--\}(?!\})"),
    ("substituted", r"\{~~[^~]{0,500}~>(?P<newer>[^~]{0,500})~~\}"),
    ("marked", r"\{==(?P<marked>.{1,500}?)==\}"),
    ("remark", r"\{>>.{0,500}?<<\}"),
    ("comment", r"\{/\*.{0,500}?\*/\}"),
    ("keys", r"(?<![\w+])\+\+(?P<keys>[a-z0-9-]{1,12}(?:\+[a-z0-9-]{1,12}){0,4})\+\+(?![\w+])"),
    ("tag", r"\{\{[<%](?P<tag>[^{}\n]{1,500})[>%]\}\}"),
)
_WORDS = re.compile("|".join(f"(?P<{name}_>{pattern})" for name, pattern in _PATTERNS), re.DOTALL)
_FIRST_SIGNS = ("{", "++")
_RAW = re.compile(r"`([^`\n]{1,500})`\{=(\w{1,20})\}")  # Pandoc: in the format that is named
RAW_SHOWN = frozenset({"html", "html5"})
_LIQUID = re.compile(
    r"(?<!`)(`{1,20})(?!`).{0,500}?[^`]\1(?!`)|(\{%-?[^%{}\n]{1,300}%\})", re.DOTALL
)
_LIQUID_COMMENT = re.compile(
    r"(?<!`)((?P<code>`{1,20})(?!`).{0,500}?[^`](?P=code)(?!`))"
    r"|\{%-?\s{0,9}comment\s{0,9}-?%\}[^{]*(?:\{(?!%-?\s{0,9}(?:end)?comment)[^{]*)*"
    r"\{%-?\s{0,9}endcomment\s{0,9}-?%\}",
    re.DOTALL,
)
_HIDDEN = re.compile(r"(?<!\S)%%(?!%)[^%]{1,500}%%(?!\S)")  # Obsidian
_ARGUMENTS = re.compile(rf"(?:(?P<name>[\w-]+)=)?(?P<value>{_VALUE})")
_NAMED = ("text", "title", "label", "content", "caption", "term", "term_id")
_SHOWING = frozenset({"heading", "kbd", "abbr", "term", "mark", "hl", "btn", "menu"})


class PageKind(NamedTuple):
    """What a page is of: a site, so that a generator reads its tags of Liquid, too; Obsidian."""

    is_of_site: bool
    is_of_vault: bool


class _Tag(NamedTuple):
    """A tag of a template: its name, and its arguments, by name or in order."""

    name: str
    named: dict[str, str]
    others: list[str]


def plain_words(text: str, kind: PageKind) -> str:
    """The text of one block, as the program that it is of shows it; what is code stays."""
    if "{=" in text:
        text = _RAW.sub(lambda found: found[1] if found[2] in RAW_SHOWN else "", text)
    if any(sign in text for sign in _FIRST_SIGNS):
        text = _WORDS.sub(_shown, text)
    if kind.is_of_site and "{%" in text:
        text = _LIQUID_COMMENT.sub(lambda found: found[1] or "", text)
        text = _LIQUID.sub(lambda found: "" if found[2] else found[0], text)
    return _HIDDEN.sub("", text) if kind.is_of_vault and "%%" in text else text


def _shown(found: re.Match[str]) -> str:
    if found["code_"]:
        return found[0]
    if found["link_"]:
        return "(#)"
    if keys := found["keys"]:
        return _keys(keys, found[0])
    if tag := found["tag"]:
        return _shown_of_tag(tag)
    kept = (found[name] for name in ("target", "new", "newer", "marked"))
    return next(filter(None, kept), "")


def _keys(keys: str, written: str) -> str:
    names = keys.split("+")
    are_keys = all(
        len(name) == 1 or name in _KEY_NAMES or _FUNCTION_KEY.fullmatch(name) for name in names
    )
    return "+".join(name.replace("-", " ").title() for name in names) if are_keys else written


def _shown_of_tag(tag: str) -> str:
    """What a tag within a line stands for, as far as it says so itself."""
    parsed = _parse(tag)
    for name in _NAMED:
        if name in parsed.named:
            return parsed.named[name]
    return " ".join(parsed.others) if parsed.name in _SHOWING else ""


def _parse(tag: str) -> _Tag:
    name, _, rest = tag.strip().strip("/").strip().partition(" ")
    named: dict[str, str] = {}
    others: list[str] = []
    for argument in _ARGUMENTS.finditer(rest):
        value = argument["value"].strip("\"'")
        if argument["name"]:
            named[argument["name"]] = value
        else:
            others.append(value)
    return _Tag(name, named, others)
