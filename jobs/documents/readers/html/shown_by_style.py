"""What only style and scripts of a page show: lines of code in tables, signs between words."""

import re
from collections.abc import Iterable, Mapping

from selectolax.lexbor import LexborHTMLParser, LexborNode

from jobs.documents.readers.html.code_lines import (
    drop_language,
    join_cells,
    join_lines,
    keep_indents,
)
from jobs.documents.readers.html.notes import NOTES, mark_notes
from jobs.documents.readers.html.searches import Searches, selector_of

_LINES_OF_CODE = frozenset({"blob-code", "lines-code"})  # GitHub, Gitea: a row for each line
_FRAGMENTS = ("div.fragment", ".syntaxhighlighter div.container")  # code whose lines are `div`s
_FRAGMENT = ", ".join(_FRAGMENTS)
_PAGE_EDGE = "pre.newpage span.grey"  # RFCs: the head and the foot of a printed page
_LINES = ("line", "code-line")  # of code, where a style sheet begins each anew
_CLASSIFIER = "classifier"
_ADDRESS = "data-cfemail"  # Cloudflare: a script writes it, so that nobody collects it
_NAMES_OF_SIGNS = ("alt", "aria-label", "title")
_APART = ("badge", "tag", "chip", "pill")  # a style sheet keeps them from each other
_CELLS = ("td", "th")
_SIGNS = ("img[alt]", "[aria-label]", "[title]")
_IS_APART = re.compile(rf"(?<![\w-])(?:{'|'.join(_APART)}|tooltiptext)(?![\w-])")
_FIRST_UNSPACED = "\u0e00"  # scripts that have no spaces between words
_MAX_STEPS_UP = 6
_PARTED = re.compile(rf"(?<![\w-])(?:{'|'.join(_LINES)})(?![\w-])")
_PREPARED: Searches = {
    **{f"td.{name}": name for name in _LINES_OF_CODE},
    "pre > code + code": "",
    **{f"pre .{name} + .{name}": name for name in _LINES},
    **dict(zip(_FRAGMENTS, ("fragment", "syntaxhighlighter"), strict=True)),
    _PAGE_EDGE: "newpage",
    "tfoot + tbody": "",
    f"dt .{_CLASSIFIER}": _CLASSIFIER,
    "table.memname": "memname",  # Doxygen: a cell for each parameter of a signature
    "label + label": "",
    "button + button": "",
    **{f".{name} + .{name}": name for name in _APART},
    ".tooltiptext": "tooltiptext",
    "span.lang + pre": "lang",
    "code > br": "",
    f"[{_ADDRESS}]": "",
    **dict.fromkeys((f"{cell} {sign}" for cell in _CELLS for sign in _SIGNS), ""),
    "template[shadowrootmode]": "",
    **NOTES,
}


def prepare(tree: LexborHTMLParser, classes: bytes | None) -> None:
    """Write out what only the style of a page shows, marks of notes among it.

    `classes` are those that `classes_of` has told.
    """
    notes, cells, moved, breaks = [], [], [], []
    named: set[int] = set()
    for node in tree.css(selector_of(_PREPARED, classes)):  # once: it takes the whole tree
        attributes = node.attributes
        own = (attributes.get("class") or "").split()
        if node.tag == "td" and not _LINES_OF_CODE.isdisjoint(own):
            cells.append(node)
        elif _CLASSIFIER in own:
            node.insert_before(" : ")  # Sphinx's `term : classifier`
        elif node.tag in ("div", "tbody") and not _IS_APART.search(attributes.get("class") or ""):
            moved.append(node)
        elif node.tag == "br":
            breaks.append(node)
        elif not _write_out(node, attributes, named):
            notes.append(node)
    join_cells(cells)
    keep_indents(breaks)
    mark_notes(tree, notes)
    _move(moved)  # last: what was found within goes


def _move(found: Iterable[LexborNode]) -> None:
    """Put feet of tables below them, and lines of code into a `pre`."""
    inner: set[int] = set()
    for node in found:
        if node.tag != "div":
            _move_foot(node)
        elif node.mem_id not in inner:
            inner.update(each.mem_id for each in node.css(_FRAGMENT))
            join_lines(node)


def _write_out(node: LexborNode, attributes: Mapping[str, str | None], named: set[int]) -> bool:
    """Whether a node is one of those that are written out here, which it is then.

    `named` are the cells whose signs are written out.
    """
    tag = node.tag
    if tag in ("label", "button") or _IS_APART.search(attributes.get("class") or ""):
        _part(node, " ")
    elif tag == "code" or (tag == "span" and _PARTED.search(attributes.get("class") or "")):
        _part(node, "\n")
    elif _ADDRESS in attributes:
        node.replace_with(_address(attributes[_ADDRESS] or "") or node.text())
    elif tag in _WRITTEN:
        _WRITTEN[tag](node)
    elif tag == "span" and _is_page_edge(node, attributes):
        node.attrs["hidden"] = ""
    elif any(name in attributes for name in _NAMES_OF_SIGNS):
        _name_sign(node, attributes, named)
    else:
        return False
    return True


def _is_page_edge(node: LexborNode, attributes: Mapping[str, str | None]) -> bool:
    above = node.parent
    is_page = above is not None and "newpage" in (above.attributes.get("class") or "").split()
    return is_page and (attributes.get("class") or "") == "grey"


def _part(node: LexborNode, mark: str) -> None:
    """Put `mark` between an element and another of its kind that it follows immediately."""
    before = node.prev
    if before is None or before.text().endswith("\n"):
        return
    if before.tag == node.tag or _IS_APART.search(node.attributes.get("class") or ""):
        node.insert_before(mark)


def part_links(tree: LexborHTMLParser) -> None:
    """Keep links apart that touch in the source, as a menu has them; those of East Asia may."""
    for link in tree.css("a + a"):
        before = link.prev
        if before is not None and before.tag == "a":
            last, first = before.text(strip=True)[-1:], link.text(strip=True)[:1]
            if last.isalnum() and first.isalnum() and max(last, first) < _FIRST_UNSPACED:
                link.insert_before(" ")


def _move_foot(body: LexborNode) -> None:
    """The foot of a table may stand before its body, and is shown after it."""
    foot = body.prev
    while foot is not None and foot.tag != "tfoot":
        foot = foot.prev
    if foot is not None and foot.parent is not None:
        foot.parent.insert_child(foot)
        foot.decompose()


def _name_sign(sign: LexborNode, attributes: Mapping[str, str | None], named: set[int]) -> None:
    """Put into a cell that holds only a picture or a sign what that stands for: "Yes"."""
    cell: LexborNode | None = sign
    for _ in range(_MAX_STEPS_UP):
        if cell is None or cell.tag in _CELLS:
            break
        if cell.tag == "a" and "href" in cell.attributes:
            return  # it is a button that leads elsewhere
        cell = cell.parent
    if cell is None or cell.mem_id in named:
        return
    named.add(cell.mem_id)
    if not cell.text(strip=True):
        names = (attributes.get(name) for name in _NAMES_OF_SIGNS)
        sign.insert_before(next(filter(None, names), ""))


def _address(data: str) -> str:
    """The first byte is the key of the others; empty if it is not so."""
    try:
        key, *letters = bytes.fromhex(data)
        return bytes(letter ^ key for letter in letters).decode()
    except ValueError:
        return ""


def _open_shadow(template: LexborNode) -> None:
    """What a component of the page shows in its place."""
    inner = (template.html or "").partition(">")[2].removesuffix("</template>")
    shown = LexborHTMLParser(f"<div>{inner}</div>").css_first("div")
    if shown is not None:
        template.replace_with(shown)


def _join_signature(table: LexborNode) -> None:
    cells = (cell.text() for cell in table.css("td"))
    table.replace_with(" ".join(" ".join(cells).split()))


_WRITTEN = {"pre": drop_language, "table": _join_signature, "template": _open_shadow}
