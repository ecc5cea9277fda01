"""Directives and roles that docutils does not know, Sphinx's above all: their text is kept."""

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives, roles
from docutils.parsers.rst.languages import en as english
from docutils.parsers.rst.states import Inliner
from docutils.statemachine import StringList
from docutils.utils import unescape

from jobs.documents.readers.markup.rst.tables import is_span_role, table_of

_DIRECTIVE = re.compile(r"\.\.[ \t]+(?:\|[^|\n]{1,80}\|[ \t]+)?([\w:.+-]+)::")
_ROLE = re.compile(r":([\w:.+-]{1,80}):`")
_CODE = frozenset(
    (
        *("code", "code-block", "sourcecode", "prompt", "doctest", "testcode", "testoutput"),
        *("productionlist", "math", "ipython", "graphviz", "digraph", "graph", "mermaid"),
        *("code-tab", "terminal", "plantuml", "uml"),
    )
)
_SILENT = frozenset(
    (
        *("toctree", "index", "include", "literalinclude", "highlight", "contents"),
        *("automodule", "autoclass", "autofunction", "automethod", "autosummary", "testsetup"),
        *("testcleanup", "sectionauthor", "codeauthor", "moduleauthor", "currentmodule", "module"),
        *("py:currentmodule", "py:module", "default-domain", "default-role", "role", "date"),
        *("tabularcolumns", "meta", "title", "namespace", "c:namespace", "cpp:namespace"),
        *("program", "kernel-doc", "todo", "todolist"),
    )
)
_OWN = _CODE | _SILENT | {"class"}  # never docutils' own: it lacks what Sphinx has, or reads files
_OWN_ROLES = frozenset({"index", "pep", "rfc"})
_ACCELERATOR = re.compile(r"&(&?)(?=\S)")  # the key that chooses an entry of a menu
_MENU_ROLES = frozenset({"guilabel", "menuselection"})
_FILLED_ROLES = frozenset({"samp", "file"})
_FILLED = re.compile(r"\{([^{}]*)\}")  # what a reader is to put there
_NAMING_ROLES = frozenset(
    ("attr", "class", "const", "data", "exc", "func", "meth", "mod", "obj", "property", "type")
)
_UNNAMED = frozenset(  # what stands behind these is a condition or a style, no text
    ("only", "ifconfig", "class", "rst-class", "container", "cssclass", "tab-set", "grid", "hlist")
)
_LABELS = {  # of what begins with versions
    "versionadded": "New in version {}",
    "versionchanged": "Changed in version {}",
    "versionremoved": "Removed in version {}",
    "deprecated": "Deprecated since version {}",
    "deprecated-removed": "Deprecated since version {}, removed in version {}",
}
_SIGNATURE = re.compile(r"[\w.]+[ \t]*[(\[]|[\w.]+\Z")
_MAX_TERMS = 64  # of one definition: docutils looks at all for each
_CONTINUED = re.compile(r"\\\n[ \t]*")  # a signature goes on in the next line
_TARGET = re.compile(r"<[^<>]*>\Z")


def know_all_of(text: str) -> None:
    """Make docutils take every directive and role in `text`, for the rest of this process."""
    for name in {found.lower() for found in _DIRECTIVE.findall(text)}:
        if name in _OWN or name not in english.directives:
            directives.register_directive(name, _AnyDirective)
    for name in {found.lower() for found in _ROLE.findall(text)}:
        if name in _OWN_ROLES or name not in english.roles:
            roles.register_local_role(name, _any_role)


def _labelled(label: str, argument: str) -> str:
    """What an argument that begins with versions says of them; as it is if some are missing."""
    count = label.count("{}")
    parts = argument.split(None, count)
    if len(parts) < count:
        return argument
    return ": ".join([label.format(*parts[:count]), *parts[count:]])


class _AnyOption(dict[str, Callable[[str], str]]):
    """Takes any option of a directive as text."""

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> Callable[[str], str]:
        return _as_it_is

    def __bool__(self) -> bool:
        return True


class _AnyDirective(Directive):
    """The text of a directive: code as it stands, everything else parsed."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]] | None] = _AnyOption()

    def run(self) -> list[nodes.Node]:
        name = self.name.lower()
        if name == "seealso":
            return self._see_also()
        if name in _SILENT:
            is_of_code = name.startswith("auto") and bool(self.content)
            return self._described() if is_of_code else []
        if name == "glossary":
            return [self._glossary()]
        if name == "flat-table":
            return self._table()
        if name in _CODE:
            return self._code(name)
        box = nodes.container()
        argument = self.arguments[0] if self.arguments else ""
        if self.block_text.split("\n", 1)[0].rstrip().endswith("::"):
            self._parse(argument, box)  # the text began in the second line
        elif name not in _UNNAMED or (name == "class" and _is_class(argument)):
            box.extend(self._head(name, argument))
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]

    def _see_also(self) -> list[nodes.Node]:
        box = nodes.container()
        box += nodes.paragraph("", "See also")
        if self.arguments:
            self._parse(self.arguments[0], box)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]

    def _described(self) -> list[nodes.Node]:
        """What is written below a name whose description stands in code."""
        box = nodes.container()
        box.extend(nodes.paragraph("", argument) for argument in self.arguments)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]

    def _table(self) -> list[nodes.Node]:
        box = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, box)
        title = [self._paragraph(argument) for argument in self.arguments]
        return [*title, table_of(box)]

    def _glossary(self) -> nodes.Node:
        """Several terms, a line each, may have one definition."""
        entries = nodes.definition_list()
        place, lines = 0, self.content
        while place < len(lines):
            entry = nodes.definition_list_item()
            while place < len(lines) and lines[place][:1].strip() and len(entry) < _MAX_TERMS:
                if not lines[place].startswith(".. "):  # a remark
                    parsed, _ = self.state.inline_text(lines[place], self.lineno)
                    entry += nodes.term("", "", *parsed)
                place += 1
            start = place
            while place < len(lines) and not lines[place][:1].strip():
                place += 1
            definition = nodes.definition()
            self._parse(textwrap.dedent("\n".join(lines[start:place])), definition)
            entry += definition
            entries += entry
        return entries

    def _code(self, name: str) -> list[nodes.Node]:
        lines = list(self.content)
        if name in ("math", "productionlist"):
            lines = [*self.arguments, *lines]
        text = "\n".join(lines)
        caption = self.options.get("caption")
        if name == "code-tab":
            caption = self.arguments[0].partition(" ")[2] if self.arguments else ""
        code = nodes.literal_block(text, text)
        return [nodes.paragraph("", caption), code] if caption else [code]

    def _head(self, name: str, argument: str) -> list[nodes.Node]:
        """What stands on the line of the directive: a title, or signatures."""
        if name == "availability":
            return [self._paragraph(f"Availability: {argument}")]
        if label := _LABELS.get(name):
            return [self._paragraph(_labelled(label, argument))]
        lines = [line.strip() for line in _CONTINUED.sub(" ", argument).split("\n")]
        if ":" in name or ("`" not in argument and _are_signatures(lines)):
            lines[-1] += self._typed()
            return [nodes.paragraph("", line) for line in lines]
        return [self._paragraph(argument)]

    def _typed(self) -> str:
        """What options say of the type and the value of what a signature names."""
        signs = ((": ", "type"), (" = ", "value"), (" = ", "default"))
        return "".join(
            sign + value
            for sign, name in signs
            if (value := self.options.get(name, "").strip(" `"))
        )

    def _paragraph(self, text: str) -> nodes.paragraph:
        parsed, _ = self.state.inline_text(" ".join(text.split()), self.lineno)
        return nodes.paragraph("", "", *parsed)

    def _parse(self, text: str, box: nodes.Element) -> None:
        lines = StringList(text.split("\n"), source="")
        self.state.nested_parse(lines, self.content_offset, box)


def _are_signatures(lines: Sequence[str]) -> bool:
    """Whether an argument is no text: what is called, or names, one a line."""
    is_called = "(" in lines[0] or "[" in lines[0]
    return bool(_SIGNATURE.match(lines[0])) and (is_called or all(map(_SIGNATURE.match, lines)))


def _is_class(argument: str) -> bool:
    """Whether `.. class::` describes a class, as Sphinx has it, and does not set a style."""
    return not argument.islower() or not set(argument).isdisjoint("(._")


def _as_it_is(value: str | None) -> str:
    return value or ""


def _any_role(
    name: str,
    source: str,
    text: str,
    _line: int,
    _inliner: Inliner,
    options: Mapping[str, Any] = MappingProxyType({}),
    content: Sequence[str] = (),
) -> tuple[Sequence[Any], Sequence[Any]]:
    """The text of a role without its target."""
    if is_span_role(name):
        return [], []
    text = unescape(text)
    shown = (_TARGET.sub("", text).strip() or text).lstrip("~!")
    if name in _MENU_ROLES:
        shown = _ACCELERATOR.sub(r"\1", shown).replace("-->", "‣")  # as Sphinx shows them
    if name in _FILLED_ROLES:
        shown = _FILLED.sub(r"\1", shown)
    if name.rpartition(":")[2] in _NAMING_ROLES:
        shown = shown.removeprefix(".")  # where a name is looked for
    if name in ("pep", "rfc") and shown == text:
        shown = f"{name.upper()} {shown}"
    return [nodes.inline(source, shown)], []
