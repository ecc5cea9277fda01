"""Shapes of slides that were not made in the order of reading: markitdown 1104, docling 1658."""

import io

from tests.rows import each_row
from tests.unit.jobs.documents.readers.office.made_office import make_pptx
from tests.unit.jobs.documents.readers.reading import read

INCH = 914_400


def box(text: str, left: float, top: float, width: float = 1, height: float = 1) -> str:
    """A text box; all in inches."""
    place = f'<a:off x="{int(left * INCH)}" y="{int(top * INCH)}"/>'
    size = f'<a:ext cx="{int(width * INCH)}" cy="{int(height * INCH)}"/>'
    return f"<p:sp><p:spPr><a:xfrm>{place}{size}</a:xfrm></p:spPr>{words(text)}</p:sp>"


def words(text: str) -> str:
    return f"<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody>"


def group(left: float, top: float, *shapes: str) -> str:
    place = f'<a:off x="{int(left * INCH)}" y="{int(top * INCH)}"/><a:ext cx="9" cy="9"/>'
    inner = "".join(shapes)
    return f"<p:grpSp><p:grpSpPr><a:xfrm>{place}</a:xfrm></p:grpSpPr>{inner}</p:grpSp>"


@each_row(
    "shapes, order",
    [
        ([box("C", 0, 5), box("B", 4, 1), box("A", 0, 1.01)], "ABC"),
        ([box("B", 0, 2), box("A", 0, 0)], "AB"),
        ([box("A", 0, 0), box("C", 0, 2), box("B", 4, 0), box("D", 4, 2)], "ACBD"),
        ([box("A", 0, 0), box("B", 4, 0), box("C", 0, 2), box("D", 4, 2)], "ABCD"),
        ([box("A", 0, 0, 9, 3), box("B", 1, 1)], "AB"),
        ([box("B", 1, 1), box("A", 0, 0, 9, 3)], "BA"),
        ([box("B", 0, 3), group(0, 0, box("b", 0, 9), box("a", 0, 7))], "abB"),
        ([box("B", 0, 3), f"<p:sp>{words('?')}</p:sp>", box("A", 0, 0)], "B?A"),
    ],
)
def test_shapes_stand_in_the_order_of_reading(shapes: list[str], order: str) -> None:
    text = read("pptx", make_pptx("".join(shapes))).text

    assert text == "\n\n".join(order)


def test_a_shape_without_a_place_of_its_own_has_that_of_its_layout() -> None:
    from pptx import Presentation  # slow to import, and not needed by the others

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[3])
    title, left, right = slide.placeholders
    title.text, left.text, right.text = "Title", "Left", "Right"
    tree = slide.shapes._spTree
    tree.remove(left._element)
    tree.append(left._element)
    buffer = io.BytesIO()
    deck.save(buffer)

    text = read("pptx", buffer.getvalue()).text

    assert text == "Title\n\n- Left\n\n- Right"
