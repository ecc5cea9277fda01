"""Reads reStructuredText, that of Sphinx too; nothing that it names is opened or executed."""

import re
import textwrap
from collections.abc import Iterator
from itertools import chain

from docutils import ApplicationError, nodes
from docutils.core import publish_doctree

from jobs.documents.readers.clean_text import clean, clean_line
from jobs.documents.readers.decode import decode_text
from jobs.documents.readers.extract import LINE, PARAGRAPH, Block, Extract, assemble
from jobs.documents.readers.limits import ReadLimits

_NEVER = 5  # docutils: no level of problem is reported or stops it
_SETTINGS: dict[str, object] = {
    "_disable_config": True,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "file_insertion_enabled": False,
    "halt_level": _NEVER,
    "line_length_limit": 10**9,
    "raw_enabled": False,
    "report_level": _NEVER,
    "smart_quotes": False,
    "syntax_highlight": "none",
    "warning_stream": False,
}
_ROLE = re.compile(r":[\w:.+-]+:`~?([^`<]*?)(?:\s*<[^`>]*>)?`")
_DIRECTIVE = re.compile(
    r"\.\.\s+(?P<name>[\w:.+-]+)::(?P<argument>[^\n]*)\n?(?P<body>.*)", re.DOTALL
)
_OPTIONS = re.compile(r"\A(?:[ \t]*:[\w-]+:[^\n]*\n?)+")
_CODE = frozenset({"code-block", "sourcecode"})  # the argument is a programming language
_WITHOUT_TEXT = frozenset({"toctree", "index", "include", "literalinclude", "raw", "highlight"})
_SKIPPED = (nodes.comment, nodes.substitution_definition, nodes.target, nodes.pending, nodes.raw)
_CELL_GLUE = " | "


def read_rst(data: bytes, limits: ReadLimits) -> Extract:
    """What docutils cannot parse is read as plain text. Raises: UnreadableFileError."""
    text = clean(decode_text(data))
    try:
        tree = publish_doctree(text, settings_overrides=_SETTINGS)
    except (ApplicationError, RecursionError, AssertionError, LookupError, ValueError, TypeError):
        return assemble([Block(text)], limits)
    extract = assemble(_blocks(tree, level=0), limits)
    return extract._replace(title=extract.headings[0].text if extract.headings else "")


def _blocks(node: nodes.Node, level: int) -> Iterator[Block]:
    for child in node.children:
        if isinstance(child, nodes.title):
            yield Block(_line(child), heading_level=max(level, 1))
        elif isinstance(child, nodes.section):
            yield from _blocks(child, level + 1)
        elif isinstance(child, (nodes.bullet_list, nodes.enumerated_list)):
            yield from _list_blocks(child, level)
        elif isinstance(child, nodes.tgroup):
            yield from _table_blocks(child)
        else:
            yield from _leaf_blocks(child, level)


def _leaf_blocks(node: nodes.Node, level: int) -> Iterator[Block]:
    if isinstance(node, nodes.system_message):
        yield from _unknown_directives(node)
    elif isinstance(node, _SKIPPED):
        return
    elif isinstance(node, nodes.FixedTextElement):
        yield Block(clean(node.astext()))
    elif isinstance(node, nodes.TextElement):
        yield Block(_line(node))
    else:
        yield from _blocks(node, level)


def _list_blocks(node: nodes.Element, level: int) -> Iterator[Block]:
    for number, item in enumerate(node.children, start=int(node.get("start", 1))):
        marker = f"{number}. " if isinstance(node, nodes.enumerated_list) else "- "
        is_first_item = item is node.children[0]
        for position, block in enumerate(_blocks(item, level)):
            if position:
                yield block
            else:
                glue = PARAGRAPH if is_first_item else LINE
                yield block._replace(text=marker + block.text, glue=glue, heading_level=0)


def _table_blocks(group: nodes.tgroup) -> Iterator[Block]:
    parts = (part for part in group.children if isinstance(part, (nodes.thead, nodes.tbody)))
    glue = PARAGRAPH
    for row in chain.from_iterable(part.children for part in parts):
        yield Block(_CELL_GLUE.join(map(_line, row.children)), glue)
        glue = LINE


def _unknown_directives(message: nodes.system_message) -> Iterator[Block]:
    """The text in a directive that docutils does not know: Sphinx has many."""
    for source in message.findall(nodes.literal_block):
        match = _DIRECTIVE.match(source.astext())
        if match and match["name"] not in _WITHOUT_TEXT:
            body = _OPTIONS.sub("", textwrap.dedent(match["body"]))
            if match["name"] not in _CODE:
                yield Block(clean_line(_plain_roles(match["argument"])))
            yield Block(clean(_plain_roles(textwrap.dedent(body))))


def _line(node: nodes.Node) -> str:
    return clean_line(_plain_roles(node.astext()))


def _plain_roles(text: str) -> str:
    return _ROLE.sub(r"\1", text)
