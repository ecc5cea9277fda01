"""What only the style of a page shows: lines of code in tables, signs between words."""

from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode

_CODE_CELLS = "td.blob-code, td.lines-code"  # GitHub, Gitea: a row for each line, spaces kept
_SEVERAL_CODES = "pre > code + code"
_CLASSIFIERS = "dt .classifier"


def prepare_code(tree: LexborHTMLParser) -> None:
    """Code that stands in the rows of a table becomes a `pre`; several in one are set apart."""
    tables: dict[int, list[LexborNode]] = {}
    for cell in tree.css(_CODE_CELLS):
        table = _table_of(cell)
        if table is not None:
            tables.setdefault(table.mem_id, []).append(cell)
    for cells in tables.values():
        table = _table_of(cells[0])
        lines = "\n".join(cell.text().strip("\n") for cell in cells)
        code = LexborHTMLParser(f"<pre>\n{escape(lines)}</pre>").css_first("pre")
        if table is not None and code is not None:
            table.replace_with(code)
    for code in tree.css(_SEVERAL_CODES):
        if code.prev is not None and code.prev.tag == "code":
            code.insert_before("\n")


def separate_classifiers(tree: LexborHTMLParser) -> None:
    """Sphinx's `term : classifier`: the style sheet adds the colon."""
    for classifier in tree.css(_CLASSIFIERS):
        classifier.insert_before(" : ")


def _table_of(cell: LexborNode) -> LexborNode | None:
    node = cell.parent
    while node is not None and node.tag != "table":
        node = node.parent
    return node
