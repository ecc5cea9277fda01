"""What generators of sites write into Markdown: tags of templates, components, links of wikis.

Their text is kept, and what they call themselves; the rest is no text of the page.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from jobs.documents.readers.markup.markdown.fences import outside
from jobs.documents.readers.markup.markdown.hidden import add_hidden_rules
from jobs.documents.readers.markup.markdown.inlines import show_group
from jobs.documents.readers.markup.markdown.words import ATTRIBUTES, PageKind

_COMPONENT = re.compile(r"(?:</?[A-Z][\w.]*(?:\s[^<>]*)?/?>[ \t]*)+")  # JSX, Vue: a line of its own
_WHOLE_COMPONENT = re.compile(  # with its text in one line
    r"<(?P<name>[A-Z]\w{0,40})(?P<told>\s[^<>]{1,500})>(?P<text>.{1,2000})</(?P=name)>[ \t]*"
)
_CLOSED_COMPONENT = re.compile(
    r"^[ \t]*(?:(?:</[A-Z][\w.]*>[ \t]*)+|<[A-Z][^<>\n]*/>[ \t]*)$", re.MULTILINE
)
_TEMPLATE_TAGS = re.compile(  # Liquid, Nunjucks, Hugo, mdBook: one or several, and nothing else
    r"(?:\{%[^%\n]*%\}\s*|\{\{[<%][^\n{}]*[>%]\}\}\s*|\{\{\s*[#/]\w[^{}\n]*\}\}\s*)+"
)
_CODE_TAG = re.compile(r"\{(?:%|\{[<%])-?\s*(highlight|code|codeblock)\b[^\n]*\}")
_CODE_CONTAINER = re.compile(r"(:{3,})\s*\{?(?:mermaid|plantuml)\}?")  # Azure DevOps
_FENCES = ("```", "~~~")
_MODULE_LINE = re.compile(r"(?:import\s.*\sfrom\s|import\s*['\"]|export\s+\w+\s)")
_ATTRIBUTES = re.compile(rf"\{{:[^{{}}\n]*\}}|{ATTRIBUTES}")  # kramdown: of the block before
_SILENT_LINES = (
    re.compile(r":::\s*(?:code|row|column)\b[^\n]*:::"),  # Microsoft Learn
    re.compile(r":::\s*(?:moniker|zone)(?:-end)?(?:\s[^\n]*)?"),
    re.compile(r"\[!(?:include|code|video|notebook)\b[^\n]*\]", re.IGNORECASE),
    re.compile(r"\[!div\s[^\n\]]*\]", re.IGNORECASE),
    re.compile(r"<<<\s*[@./~][^\n]*"),  # VitePress: a file that is included
    re.compile(r"\\(?:newpage|pagebreak|clearpage)(?:\{\})?"),  # Pandoc
    re.compile(r"\*\[[^\]\n]{1,100}\]:(?:\s[^\n]*)?"),  # PHP Markdown Extra: what letters stand for
    re.compile(r";?-{1,}8<-{1,}(?:\s[^\n]*)?"),  # MkDocs: a file that is included
    re.compile(r"\([A-Za-z][\w.:-]{0,80}\)="),  # MyST: what leads to the part that follows
)
_RAW = r"\{%-?\s*(?:end)?raw\s*-?%\}"  # Liquid: what is between is taken as it is
_RAW_TAG = re.compile(rf"^[ \t]*{_RAW}[ \t]*\n|{_RAW}", re.MULTILINE)
_RAW_LINE = re.compile(rf"[ \t]*{_RAW}[ \t]*")
_CODE_IN_LINE = re.compile(r"(`[^`\n]+`)")
_INDENTS = ("    ", "\t")  # of code
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_MYST = re.compile(r"^ {0,3}(?:`{3,}|~{3,}|:{3,})\{[\w:-]+\}|\{[\w:-]+\}`", re.MULTILINE)
_MYST_LINE = re.compile(r"%(?:\s[^\n]*)?|\+{3}(?:\s[^\n]*)?")  # a comment, or where a cell ends
_CONTENTS = frozenset({"[toc]", "[[_toc_]]", "[[toc]]", "${toc}"})
_IMAGE_LINE = re.compile(r":::\s*image\b[^\n]*:::")  # Microsoft Learn
_OF_SITE = (_IMAGE_LINE, _COMPONENT, _TEMPLATE_TAGS, _ATTRIBUTES, *_SILENT_LINES)
_FIRST_SIGNS = frozenset("{<[$:\\*-;(")
_INCLUDED = re.compile(  # in code, too: files that mdBook and MkDocs put there
    r"^[ \t]*\{\{\s*#(?:include|rustdoc_include|playground|template|title)\s[^{}\n]*\}\}[ \t]*\n"
    r"|^[ \t]*-{1,3}8<-{1,3}[ \t]+[\"'][^\"'\n]{1,300}[\"'][ \t]*\n"
    r"|^[ \t]*-{1,3}8<-{1,3}[ \t]*\n(?:[^\n]{0,300}\n){1,20}?[ \t]*-{1,3}8<-{1,3}[ \t]*\n",
    re.MULTILINE,
)
_ESCAPED_INCLUDE = re.compile(r"\\(?=\{\{\s*#)|^([ \t]*);(?=-{1,3}8<-)", re.MULTILINE)
_ESCAPED_TAG = re.compile(r"(\{\{[<%])/\*([^{}\n]{0,300}?)\*/([>%]\}\})")  # Hugo
_WORD_TAG = re.compile(r"\s(?:text|term_id)=")  # it stands for a word of a sentence
_VAULT = re.compile(r"^> \[!\w+\]|(?<!!)\[\[[^\[\]\n]{1,200}\]\]|^%%[ \t]*$", re.MULTILINE)
_ATTRIBUTES_IN_LINE = re.compile(r"(?<=[)\]*_`])\{:[^{}\n]{1,200}\}")
_SPAN = re.compile(r"\[([^\[\]\n]{1,300})\]\{[.#][^{}\n]{0,200}\}")
_NAMES = (
    "title",
    "label",
    "header",
    "heading",
    "caption",
    "summary",
    "name",
    "content",
    "command",
    "alt-text",
)
_NAME = re.compile(rf"(?<![\w-])(?:{'|'.join(_NAMES)})\s*=\s*\"([^\"\n]+)\"")
_VALUE = re.compile(  # of a tab, or a parameter of an API, that has no other name
    r"(?<![\w-])(?:value|path|query|header|body)\s*=\s*\"([^\"\n]+)\""
)
_FIRST_ARGUMENT = re.compile(  # Hugo: a title without its name
    r"\{\{[<%]\s*(?:tab|details|expand|notice|admonition|callout)\s+(?:[\w-]+\s+)?\"([^\"\n]+)\""
)
_INCLUDE_IN_LINE = re.compile(  # Microsoft Learn: a word that stands in another file
    r"\[!include\s?\[([^\[\]\n]{1,200})\]\([^()\n]{0,300}\)\]", re.IGNORECASE
)
_WIKI_LINK = re.compile(
    r"(!?)\[\[(?![\s_])([^\[\]\n|]{1,200})(?:\|([^\[\]\n|]{1,200}))?\]\](?![(\[])"
)
_MAX_LINES = 200  # of code between two tags


class SiteMarks(NamedTuple):
    """What a page has that other pages are not looked through for: components of MDX, MyST."""

    has_components: bool
    has_myst_lines: bool


def marks_of(text: str) -> SiteMarks:
    """Those of a page."""
    has_components = _CLOSED_COMPONENT.search(text) and _CLOSED_COMPONENT.search(outside(text))
    return SiteMarks(bool(has_components), _MYST.search(text) is not None)


def add_site_rules(parser: MarkdownIt, marks: SiteMarks, kind: PageKind) -> None:
    """Teach `parser` what stands in the pages of sites."""
    if marks.has_components:
        parser.disable("code")  # MDX: what is indented is so by the components around it
        parser.block.ruler.before("table", "module", _module, {"alt": ["paragraph"]})
    within: RuleOptionsType = {"alt": ["paragraph", "blockquote", "list"]}
    parser.block.ruler.before("table", "template_code", _code_between_tags, within)
    parser.block.ruler.before("table", "site_line", _site_line, within)
    if marks.has_myst_lines:
        parser.block.ruler.before("table", "myst_line", _myst_line, within)
    add_hidden_rules(parser, kind, before="site_line")
    parser.inline.ruler.before("link", "wiki_link", _wiki_link)
    parser.inline.ruler.before("link", "include", partial(show_group, _INCLUDE_IN_LINE))
    parser.inline.ruler.before("link", "attributes", _attributes)
    parser.inline.ruler.before("link", "span", _span)


def kind_of(text: str, *, is_of_site: bool) -> PageKind:
    """What a page is of, by what only one program has."""
    return PageKind(is_of_site, "%%" in text and _VAULT.search(outside(text)) is not None)


def without_raw_tags(text: str, *, is_of_site: bool) -> str:
    """A page without the tags that keep its generator from reading a part of it.

    `is_of_site`: it has front matter, so a generator reads all of it. Code of any other page may be
    about these tags, and keeps them.
    """
    if "{{" in text or "8<-" in text:
        text = _ESCAPED_INCLUDE.sub(r"\1", _INCLUDED.sub("", text))
        text = _ESCAPED_TAG.sub(r"\1\2\3", text)
    if "raw" not in text:
        return text
    if is_of_site:
        return _RAW_TAG.sub("", text)
    return "\n".join(_without_raw_outside_code(text.split("\n")))


def _without_raw_outside_code(lines: Iterable[str]) -> Iterator[str]:
    fence = ""
    for line in lines:
        edge = _FENCE.match(line)
        if not fence and line.startswith(_INDENTS):
            pass  # code, perhaps; tags alone on a line go with the others of a site
        elif fence:
            fence = "" if edge and line.strip() == edge[1] and edge[1].startswith(fence) else fence
        elif edge:
            fence = edge[1]
        elif _RAW_LINE.fullmatch(line):
            continue
        else:
            parts = enumerate(_CODE_IN_LINE.split(line))
            line = "".join(part if number % 2 else _RAW_TAG.sub("", part) for number, part in parts)
        yield line


def _myst_line(state: StateBlock, first: int, _end_line: int, silent: bool) -> bool:
    if state.is_code_block(first) or not _MYST_LINE.fullmatch(_line(state, first)):
        return False
    if not silent:
        state.line = first + 1
    return True


def _site_line(state: StateBlock, first: int, _end_line: int, silent: bool) -> bool:
    line = _line(state, first)
    whole = _WHOLE_COMPONENT.fullmatch(line)
    inner = [whole["text"]] if whole and _NAME.search(whole["told"]) else []
    if state.is_code_block(first) or not (inner or _is_of_site(line)):
        return False
    if not silent:
        is_named = not any(pattern.fullmatch(line) for pattern in _SILENT_LINES)
        names = _names_in(whole["told"] if inner and whole else line) * is_named
        for name in [*names, *inner]:
            state.push("paragraph_open", "p", 1).map = [first, first + 1]
            token = state.push("inline", "", 0)
            token.content, token.map, token.children = name, [first, first + 1], []
            state.push("paragraph_close", "p", -1)
        state.line = first + 1
    return True


def _names_in(line: str) -> list[str]:
    patterns = (_NAME, _FIRST_ARGUMENT, _VALUE)
    return next((names for pattern in patterns if (names := pattern.findall(line))), [])


def _is_of_site(line: str) -> bool:
    if line[:1] not in _FIRST_SIGNS or (line.startswith("{{") and _WORD_TAG.search(line)):
        return False
    return line.lower() in _CONTENTS or any(pattern.fullmatch(line) for pattern in _OF_SITE)


def _code_between_tags(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:
    opened = _line(state, first)
    found = _CODE_TAG.fullmatch(opened)
    container = _CODE_CONTAINER.fullmatch(opened)
    if not (found or container) or state.is_code_block(first):
        return False
    ends = (f"end{found[1]}", f"/{found[1]}") if found else ()
    last = first + 1
    while last < min(end_line, first + _MAX_LINES):
        line = _line(state, last)
        if found and line.startswith(_FENCES):
            return False  # GitBook: the code between is marked besides
        if (
            line.strip("{}<>%- ") in ends
            if line.startswith("{")
            else container and line == container[1]
        ):
            break
        last += 1
    else:
        return False
    if not silent:
        token = state.push("code_block", "code", 0)
        token.content = state.getLines(first + 1, last, state.blkIndent, keepLastLF=True)
        token.map = [first, last + 1]
        state.line = last + 1
    return True


def _module(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:
    """MDX: what a page imports and exports, up to the next empty line."""
    if not _MODULE_LINE.match(_line(state, first)):
        return False
    last = first + 1
    while last < end_line and not state.isEmpty(last):
        last += 1
    if not silent:
        state.line = last
    return True


def _wiki_link(state: StateInline, silent: bool) -> bool:
    found = _WIKI_LINK.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent and not found[1]:
        state.push("text", "", 0).content = (found[3] or found[2]).strip()
    state.pos = found.end()
    return True


def _attributes(state: StateInline, silent: bool) -> bool:
    """kramdown: how a link or a word is to be shown."""
    found = _ATTRIBUTES_IN_LINE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    state.pos = found.end()
    return True


def _span(state: StateInline, silent: bool) -> bool:
    """Pandoc: words with attributes, `[words]{.smallcaps}`."""
    return show_group(_SPAN, state, silent)


def _line(state: StateBlock, number: int) -> str:
    start = state.bMarks[number] + state.tShift[number]
    return state.src[start : state.eMarks[number]].rstrip()
