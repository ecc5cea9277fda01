"""What only style and scripts of a page show: lines of code in tables, signs between words."""

from collections.abc import Mapping
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from jobs.documents.readers.html.notes import NOTES, mark_notes

_LINES_OF_CODE = frozenset({"blob-code", "lines-code"})  # GitHub, Gitea: a row for each line
_SEVERAL_CODES = "pre > code + code"
_CLASSIFIER = "classifier"
_SIGNATURE = "table.memname"  # Doxygen: a cell for each parameter
_SIDE_BY_SIDE = "label + label, button + button"
_ADDRESS = "data-cfemail"  # Cloudflare: a script writes it, so that nobody collects it
_NAMES_OF_SIGNS = ("alt", "aria-label", "title")
_CELLS = ("td", "th")
_SIGNS = ("img[alt]", "[aria-label]", "[title]")
_MAX_STEPS_UP = 6
_PREPARED = ", ".join(
    (
        *(f"td.{name}" for name in _LINES_OF_CODE),
        *(_SEVERAL_CODES, f"dt .{_CLASSIFIER}", _SIGNATURE, _SIDE_BY_SIDE, f"[{_ADDRESS}]"),
        *(f"{cell} {sign}" for cell in _CELLS for sign in _SIGNS),
        *("template[shadowrootmode]", NOTES),
    )
)


def prepare(tree: LexborHTMLParser) -> None:
    """Write out what only the style of a page shows, marks of notes among it."""
    notes, cells = [], []
    named: set[int] = set()
    for node in tree.css(_PREPARED):  # once: each search goes through the whole tree
        attributes = node.attributes
        classes = (attributes.get("class") or "").split()
        if node.tag == "td" and not _LINES_OF_CODE.isdisjoint(classes):
            cells.append(node)
        elif _CLASSIFIER in classes:
            node.insert_before(" : ")  # Sphinx's `term : classifier`
        elif not _write_out(node, attributes, named):
            notes.append(node)
    _join_cells(cells)
    mark_notes(tree, notes)


def _write_out(node: LexborNode, attributes: Mapping[str, str | None], named: set[int]) -> bool:
    """Whether a node is one of those that are written out here, which it is then.

    `named` are the cells whose signs are written out.
    """
    tag = node.tag
    if tag in ("label", "button", "code"):
        if node.prev is not None and node.prev.tag == tag:
            node.insert_before("\n" if tag == "code" else " ")
    elif _ADDRESS in attributes:
        node.replace_with(_address(attributes[_ADDRESS] or "") or node.text())
    elif tag == "table":
        node.replace_with(" ".join(node.text(separator=" ").split()))
    elif tag == "template":
        _open_shadow(node)
    elif any(name in attributes for name in _NAMES_OF_SIGNS):
        _name_sign(node, attributes, named)
    else:
        return False
    return True


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


def _join_cells(lines_of_code: list[LexborNode]) -> None:
    """Code that stands in the rows of a table becomes a `pre`."""
    tables: dict[int, list[LexborNode]] = {}
    for cell in lines_of_code:
        table = _table_of(cell)
        if table is not None:
            tables.setdefault(table.mem_id, []).append(cell)
    for cells in tables.values():
        table = _table_of(cells[0])
        lines = "\n".join(cell.text().strip("\n") for cell in cells)
        code = LexborHTMLParser(f"<pre>\n{escape(lines)}</pre>").css_first("pre")
        if table is not None and code is not None:
            table.replace_with(code)


def _table_of(cell: LexborNode) -> LexborNode | None:
    node = cell.parent
    while node is not None and node.tag != "table":
        node = node.parent
    return node
