"""What only the style of a page shows: lines of code in tables, signs between words."""

from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from jobs.documents.readers.html.notes import NOTES, mark_notes

_CODE_CELLS = "td.blob-code, td.lines-code"  # GitHub, Gitea: a row for each line, spaces kept
_SEVERAL_CODES = "pre > code + code"
_CLASSIFIER = "classifier"
_PREPARED = f"{_CODE_CELLS}, {_SEVERAL_CODES}, dt .{_CLASSIFIER}, {NOTES}"


def prepare(tree: LexborHTMLParser) -> None:
    """Write out what only the style of a page shows, marks of notes among it."""
    notes, codes, cells = [], [], []
    for node in tree.css(_PREPARED):  # once: each search goes through the whole tree
        tag = node.tag
        if tag == "td":
            cells.append(node)
        elif tag == "code":
            codes.append(node)
        elif _CLASSIFIER in (node.attributes.get("class") or "").split():
            node.insert_before(" : ")  # Sphinx's `term : classifier`
        else:
            notes.append(node)
    _join_cells(cells)
    for code in codes:
        if code.prev is not None and code.prev.tag == "code":
            code.insert_before("\n")
    mark_notes(tree, notes)


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
