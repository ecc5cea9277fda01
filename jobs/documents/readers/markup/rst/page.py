"""Reads reStructuredText, that of Sphinx too; nothing that it names is opened or executed."""

import re
import textwrap
from collections.abc import Callable, Iterator
from copy import copy
from functools import cache, partial
from typing import Any

from docutils import ApplicationError, nodes
from docutils.core import Publisher, publish_doctree, publish_from_doctree
from docutils.frontend import Values
from docutils.parsers.rst import Parser
from docutils.readers import get_reader_class
from docutils.transforms.parts import SectNum
from docutils.transforms.references import TargetNotes
from docutils.utils import DependencyList
from docutils.writers import get_writer_class

from jobs.documents.readers.clean_text import clean
from jobs.documents.readers.decode import decode_text
from jobs.documents.readers.extract import Block, Extract, assemble
from jobs.documents.readers.html.page import html_blocks
from jobs.documents.readers.limits import ReadLimits
from jobs.documents.readers.markup.rst.directives import know_all_of
from jobs.documents.readers.markup.rst.inlines import make_inliner
from jobs.documents.readers.markup.rst.states import make_states_late

_ERROR = 3  # docutils: what it could not parse; less is a warning
_NEVER = 5  # docutils: no level of problem is reported or stops it
_SETTINGS: dict[str, object] = {
    "_disable_config": True,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "footnote_references": "brackets",
    "halt_level": _NEVER,
    "initial_header_level": 1,
    "line_length_limit": 10**9,
    "math_output": "LaTeX",
    "output_encoding": "unicode",
    "raw_enabled": True,  # but for files and addresses, as `file_insertion_enabled` says
    "report_level": _NEVER,
    "section_self_link": False,
    "smart_quotes": False,
    "stylesheet_path": "",
    "syntax_highlight": "none",
    "table_style": "",
    "warning_stream": False,
}
_UNPARSED = (ApplicationError, RecursionError, AssertionError, LookupError, ValueError, TypeError)
_OPTION = re.compile(r":[\w-]+:(?:\s|\Z)")
_TABLE = re.compile(r"=+ +=|\+[-=]")
_OF_ALL = frozenset({SectNum, TargetNotes})  # these go through the whole document, each time
_UNSHOWN = (nodes.comment, nodes.target, nodes.substitution_definition)
_TOLD_TO_SPHINX = frozenset(
    {"orphan", "tocdepth", "nocomments", "nosearch", "no-search", "hide-toc", "hide-navigation"}
)
_ADORNMENT = re.compile(r"[^\w\s]+")


def read_rst(data: bytes, limits: ReadLimits) -> Extract:
    """What docutils cannot parse is read as plain text. Raises: UnreadableFileError."""
    text = clean(decode_text(data))
    extract = assemble(_blocks(text), limits)
    return extract._replace(title=extract.headings[0].text if extract.headings else "")


def _blocks(text: str) -> Iterator[Block]:
    try:
        html = _html_of(text)
    except (*_UNPARSED, AttributeError):
        yield Block(text)
    else:
        yield from html_blocks(html)


def _html_of(text: str) -> str:
    know_all_of(text)
    make_states_late()
    parser: Any = Parser(inliner=make_inliner())
    parser.parse = partial(_parse, parse=parser.parse)
    tree = publish_doctree(text, parser=parser, settings=_own_settings("null"))
    _keep_sources(tree)
    writer: Any = get_writer_class("html5")()
    writer.apply_template = lambda: "".join(writer.html_body)  # its template is read from a file
    html = publish_from_doctree(tree, writer=writer, settings=_own_settings("html5"))
    assert isinstance(html, str)
    return html


def _own_settings(writer: str) -> Values:
    """Those of one page, which docutils adds the files to that it opens."""
    settings = copy(_settings_for(writer))
    settings.record_dependencies = DependencyList()
    return settings


@cache
def _settings_for(writer: str) -> Values:
    """Ours and docutils' own, of which each page gets copies: to find them takes much longer."""
    parser: Any = Parser()
    reader = get_reader_class("standalone")(parser)
    publisher: Any = Publisher(reader, parser, get_writer_class(writer)())
    publisher.process_programmatic_settings(None, _SETTINGS, None)
    assert isinstance(publisher.settings, Values)
    return publisher.settings


def _parse(text: str, tree: nodes.document, parse: Callable[..., None]) -> None:
    """Without lines across the page: docutils looks at all that stands beside each of them."""
    parse(text, tree)
    lines = tree.findall(nodes.transition)
    left_out: list[nodes.Node] = [*lines, *_take_repeated(tree), *_told_to_sphinx(tree)]
    ids = set(map(id, left_out))
    parents = {id(node.parent): node.parent for node in left_out}
    for parent in parents.values():
        assert parent is not None
        parent.children = [child for child in parent.children if id(child) not in ids]


def _told_to_sphinx(tree: nodes.document) -> Iterator[nodes.Node]:
    """The fields at the top of a page that say how it is to be shown."""
    first = next((child for child in tree.children if not isinstance(child, _UNSHOWN)), None)
    if not isinstance(first, nodes.field_list):
        return
    told = [field for field in first.children if _name_of(field) in _TOLD_TO_SPHINX]
    yield from told if len(told) < len(first.children) else [first]


def _name_of(field: nodes.Node) -> str:
    return field.children[0].astext() if field.children else ""


def _take_repeated(tree: nodes.document) -> list[nodes.Node]:
    """Have what goes through the whole document done once; where it is ordered again."""
    ordered: list[Any] = tree.transformer.transforms
    again: list[nodes.Node] = []
    left, seen = [], set()
    for each in ordered:
        _, transform, place, _ = each
        if transform in _OF_ALL and transform in seen:
            again.append(place)
        else:
            left.append(each)
        seen.add(transform)
    ordered[:] = left
    return again


def _keep_sources(tree: nodes.document) -> None:
    """Put what docutils could not parse in the place of its complaints, which then are none."""
    parents = {
        id(parent): parent
        for kind in (nodes.system_message, nodes.problematic)
        for node in tree.findall(kind)
        if (parent := node.parent) is not None
    }
    for parent in parents.values():
        parent.children = [kept for child in parent.children for kept in _kept(child)]
        for child in parent.children:
            parent.setup_child(child)
    tree.parse_messages.clear()
    tree.transform_messages.clear()


def _kept(node: nodes.Node) -> Iterator[nodes.Node]:
    if isinstance(node, nodes.problematic):
        yield nodes.Text(node.astext())
    elif not isinstance(node, nodes.system_message):
        yield node
    elif node["level"] >= _ERROR:  # what it only warns of stands in the text
        for source in node.findall(nodes.literal_block):
            yield from _salvaged(source)


def _salvaged(source: nodes.literal_block) -> Iterator[nodes.Node]:
    text = source.astext()
    if _TABLE.match(text):
        yield nodes.literal_block("", text)
        return
    if not text.startswith(".. "):
        lines = [line for line in text.split("\n") if not _ADORNMENT.fullmatch(line.strip())]
        yield nodes.paragraph("", "\n".join(lines))
        return
    body = textwrap.dedent(text.partition("\n")[2])
    lines = [line for line in body.split("\n") if not _OPTION.match(line)]
    if any(lines):
        yield nodes.literal_block("", "\n".join(lines))
