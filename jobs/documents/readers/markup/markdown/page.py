"""Reads Markdown: its HTML is made by markdown-it and read by the HTML reader."""

import json
import re
import textwrap
from collections.abc import Iterator
from functools import cache, partial
from html import escape
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from jobs.documents.readers.clean_text import clean
from jobs.documents.readers.decode import decode_text
from jobs.documents.readers.extract import LINE, Block, Extract, assemble
from jobs.documents.readers.html.page import html_blocks
from jobs.documents.readers.limits import ReadLimits
from jobs.documents.readers.markup.markdown.code_marks import without_marks
from jobs.documents.readers.markup.markdown.fences import sub_outside
from jobs.documents.readers.markup.markdown.rules import (
    add_rules,
    closed_tags,
    is_placeholder,
    make_plain,
)
from jobs.documents.readers.markup.markdown.sites import (
    SiteMarks,
    add_site_rules,
    kind_of,
    marks_of,
    without_raw_tags,
)
from jobs.documents.readers.markup.markdown.table_directives import TABLE_DIRECTIVES, table_html
from jobs.documents.readers.markup.markdown.tables import add_table_rules, escape_bars
from jobs.documents.readers.markup.markdown.terms import add_term_rule
from jobs.documents.readers.markup.markdown.words import RAW_SHOWN, PageKind

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?\n)?(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE_BLOCK = re.compile(r"\A% (.+)\n(?:%.*\n){0,2}")  # Pandoc: title, authors, date
_JSON = re.compile(r"\A\{[ \t]*\n(?:[^\n]+\n){1,200}?\}[ \t]*\n(?:\n|\Z)")  # Hugo
_KEY = re.compile(r"[\"']?[\w.-]+[\"']?\s*[:=]|#|\[\w")  # of YAML or TOML
_TITLE = re.compile(r"^title\s*[:=]\s*[\"']?(.+)$", re.MULTILINE)
_DIRECTIVE = re.compile(r"\{([\w:-]+)\}\s*(.*)")  # MyST
_OPTIONS = re.compile(r"\A(?:(?::[\w-]+:.*\n)+|---\n(?:.*\n)*?---\n|(?:(?:#|//|--|%%)\|.*\n)+)")
_CODE_DIRECTIVES = frozenset(
    (
        *("code", "code-block", "code-cell", "sourcecode", "math", "eval-rst", "doctest"),
        *("mermaid", "graphviz", "dot", "ojs", "r", "rcpp", "python", "julia", "bash", "sh"),
        *("sql", "stan", "js", "javascript", "css", "perl", "ruby", "awk", "rust", "go", "c"),
        *("cpp", "java", "octave", "haskell", "node", "powershell"),  # Quarto, R Markdown
    )
)
_SILENT_DIRECTIVES = frozenset({"toctree", "include", "literalinclude", "contents", "raw", "image"})
_WITHOUT_ARGUMENT = frozenset({"figure", "grid", "grid-item", "card-carousel", "hlist"})
_RAW_FORMAT = re.compile(r"\{=(\w+)\}")  # Pandoc
_BLOCK = re.compile(r"^[ \t]*/{3,}[ \t]*$", re.MULTILINE)  # of PyMdown, where it ends
_BLOCK_INFO = re.compile(r"\s*[\w-]{1,40}\s*(?:\|.*)?")
_BLOCK_OPTIONS = re.compile(r"(?:[\w-]{1,40}:[^\n]*\n?)+")
_READ_WITHIN = re.compile(  # PHP Markdown Extra: an element whose text is Markdown
    r"(<(\w+)[^<>]*\smarkdown\s*=[^<>]*>)(.*?)(</\2>\s*)?\Z", re.DOTALL
)
_CONTAINER = re.compile(
    r"\{?\.?([\w-]+)\}?(?:\[(.*)\](?:\{[^{}]*\})?|\s+([^{].*?)(?:\s+\{[.#][^{}]*\})?)?"
)
_IS_ATTRIBUTE = re.compile(r"[\w-]+=")
_ADMONITIONS = frozenset({"note", "tip", "info", "important", "warning", "caution", "danger"})
_TAB = re.compile(
    r'^([ \t]*)===[!+]* "([^"\n]{1,200})"[ \t]*$(?=\n{1,2}\1(?: {4}|\t))', re.MULTILINE
)
_PLACED = re.compile(  # Material for MkDocs: where an admonition stands is no title of it
    r"^([ \t]*(?:!!!|\?\?\?\+?) [\w-]{1,40})(?: (?:inline|end|annotate))+(?= \"|[ \t]*$)",
    re.MULTILINE,
)
_MODULES = re.compile(  # MDX: a page begins with what it imports
    r"(?:(?:import|export)[ \t][^\n]{1,300}[ \t]from[ \t]+[\"'][^\"'\n]{1,200}[\"'];?[ \t]*\n+)+"
)
_MAX_BLOCK_DEPTH = 60  # what is nested deeper is read as plain text
_MAX_DIRECTIVE_DEPTH = 5


class _FrontMatter(NamedTuple):
    """What a page says of itself, and the page."""

    title: str
    text: str


def read_markdown(data: bytes, limits: ReadLimits) -> Extract:
    """What is nested too deep to parse is read as plain text. Raises: UnreadableFileError."""
    whole = decode_text(data).replace("\r\n", LINE)
    title, text = _split_front_matter(whole)
    kind = kind_of(text, is_of_site=text != whole)
    text = without_raw_tags(text, is_of_site=kind.is_of_site)
    if found := _TITLE_BLOCK.match(text):
        title, text = title or found[1].strip(), text[found.end() :]
    if found := _MODULES.match(text.lstrip("\n")):
        text = text.lstrip("\n")[found.end() :]
    text = sub_outside(_PLACED, r"\1", sub_outside(_TAB, r'\1!!! tab "\2"', text))
    text = escape_bars(text)
    extract = assemble(_blocks(text, kind), limits, title=title)
    first = next((heading.text for heading in extract.headings if heading.level == 1), "")
    return extract._replace(title=title or first)


def _blocks(text: str, kind: PageKind) -> Iterator[Block]:
    try:
        html = _Page(text, kind).html()
    except RecursionError:
        yield Block(clean(text))
    else:
        yield from html_blocks(html)


def _split_front_matter(text: str) -> _FrontMatter:
    if found := _JSON.match(text):
        return _split_json(text, found.end())
    found = _FRONT_MATTER.match(text)
    body = (found[2] or "") if found else ""
    if not found or (body.strip() and not _KEY.match(body.lstrip())):
        return _FrontMatter("", text)  # text between two rules is no front matter
    named = _TITLE.search(body)
    title = named[1].strip().strip("\"'") if named else ""
    return _FrontMatter(title, text[found.end() :])


def _split_json(text: str, end: int) -> _FrontMatter:
    try:
        told = json.loads(text[:end])
    except (json.JSONDecodeError, RecursionError):
        return _FrontMatter("", text)
    return _FrontMatter(str(told.get("title") or ""), text[end:])


class _Page:
    """One page of Markdown, as HTML."""

    def __init__(self, text: str, kind: PageKind) -> None:
        self._parser = _make_parser(
            kind, marks_of(text), has_blocks=_BLOCK.search(text) is not None
        )
        self._closed = closed_tags(text)
        self._text = text

    def html(self) -> str:
        """The page.

        Raises:
            RecursionError: it is nested too deep.
        """
        return self._html(self._text, depth=0)

    def _html(self, text: str, depth: int) -> str:
        env: dict[str, Any] = {}
        tokens = self._parser.parse(text, env)
        if any(token.level >= _MAX_BLOCK_DEPTH - 1 for token in tokens):
            raise RecursionError
        notes = env.get("footnotes", {}).get("list", {})
        before = ""
        for token in tokens:
            for child in token.children or []:
                make_plain(child, self._closed, notes)
            if before == "container_block_open" and token.type == "code_block":
                token.content = _BLOCK_OPTIONS.sub("", token.content)
            before = token.type
            self._open(token, depth)
        html = self._parser.renderer.render(tokens, self._parser.options, env)
        assert isinstance(html, str)
        return html

    def _open(self, token: Token, depth: int) -> None:
        """Turn a block that is not CommonMark's into one that is."""
        match token.type:
            case "fence" if depth < _MAX_DIRECTIVE_DEPTH:
                token.content = without_marks(token.content)
                self._open_directive(token, depth)
            case "footnote_reference_open":
                token.type, token.content = "html_block", f"<div>[{escape(token.meta['label'])}]"
            case "container_any_open":
                token.type, token.content = "html_block", f"<div>{self._title(token.info, depth)}"
            case "container_block_open":
                title = self._html(token.info.partition("|")[2].strip(), depth + 1)
                token.type, token.content = "html_block", f"<div>{title}"
            case "html_block" if depth < _MAX_DIRECTIVE_DEPTH and (
                found := _READ_WITHIN.match(token.content)
            ):
                inner = self._html(textwrap.dedent(found[3]), depth + 1)
                token.content = f"{found[1]}{inner}{found[4] or ''}"
            case "html_block" if is_placeholder(token.content, self._closed):
                token.content = f"<p>{escape(token.content)}</p>"
            case "footnote_reference_close" | "container_any_close" | "container_block_close":
                token.type, token.content = "html_block", "</div>"

    def _title(self, info: str, depth: int) -> str:
        """The title of a `:::` block: `note Mind the gap`, `tip[Mind the gap]`."""
        found = _CONTAINER.fullmatch(info.strip())
        if not found or found[1] in _WITHOUT_ARGUMENT:
            return ""
        title = (found[2] or found[3] or "").strip(" \"'")
        title = "" if _IS_ATTRIBUTE.match(title) else title
        if not title and found[1].lower() in _ADMONITIONS:
            title = found[1].capitalize()
        return self._html(title, depth + 1)

    def _open_directive(self, token: Token, depth: int) -> None:
        if raw := _RAW_FORMAT.fullmatch(token.info.strip()):
            token.type = "html_block"
            token.content = token.content if raw[1] in RAW_SHOWN else ""
            return
        found = _DIRECTIVE.fullmatch(token.info.strip())
        if not found:
            return
        body = _OPTIONS.sub("", token.content)
        if found[1].lower() in _CODE_DIRECTIVES:
            token.content = body
            return
        token.type = "html_block"
        argument = found[2]
        if found[1] in TABLE_DIRECTIVES:
            render = partial(self._html, depth=depth + 1)
            title = f"<p>{escape(argument)}</p>" * bool(argument)
            token.content = title + table_html(found[1], token.content, body, render)
            return
        if found[1] in _SILENT_DIRECTIVES:
            body = argument = ""
        elif found[1] in _WITHOUT_ARGUMENT:
            argument = ""
        token.content = f"<div>{self._html(argument + LINE * 2 + body, depth + 1)}</div>"


@cache  # as many as there are combinations; to make one takes longer than to parse most pages
def _make_parser(kind: PageKind, marks: SiteMarks, *, has_blocks: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_BLOCK_DEPTH})
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin, move_to_end=False)
    parser.use(container_plugin, "any", validate=_is_container)
    if has_blocks:
        parser.use(container_plugin, "block", marker="/", validate=_is_block)
    for plugin in (admon_plugin, myst_role_plugin):
        parser.use(plugin)
    add_term_rule(parser)
    parser.validateLink = _is_link  # type: ignore[assignment, method-assign]
    add_rules(parser, kind)
    add_table_rules(parser)
    add_site_rules(parser, marks, kind)
    return parser


def _is_container(info: str, _marks: str) -> bool:
    return bool(info.strip())


def _is_block(info: str, _marks: str) -> bool:
    return _BLOCK_INFO.fullmatch(info) is not None


def _is_link(_url: str) -> bool:
    """Any address: none is opened, and what is no link would be left as text, images too."""
    return True
