"""Tables that are written as lists of lists, as the documentation of Linux has them."""

from docutils import nodes

_SPAN_ROLES = frozenset({"cspan", "rspan"})


def is_span_role(name: str) -> bool:
    """Whether a role only says how many columns or rows a cell takes."""
    return name in _SPAN_ROLES


def table_of(box: nodes.Element) -> nodes.Element:
    """`box`, or the table that it means: a list of rows, each a list of cells."""
    rows = [list(row.children) for row in _lists_in(box)]
    if not rows:
        return box
    group = nodes.tgroup(cols=max(map(len, rows)))
    group += [nodes.colspec(colwidth=1) for _ in range(group["cols"])]
    body = nodes.tbody()
    for cells in rows:
        row = nodes.row()
        for cell in cells:
            entry = nodes.entry()
            entry += cell.children
            row += entry
        body += row
    group += body
    return nodes.table("", group)


def _lists_in(box: nodes.Element) -> list[nodes.bullet_list]:
    """The inner lists of the only list in `box`; none if it is no list of lists."""
    if len(box) != 1 or not isinstance(box[0], nodes.bullet_list):
        return []
    items = [item for item in box[0].children if isinstance(item, nodes.list_item)]
    lists = [item[0] for item in items if len(item) and isinstance(item[0], nodes.bullet_list)]
    return lists if len(lists) == len(items) else []
