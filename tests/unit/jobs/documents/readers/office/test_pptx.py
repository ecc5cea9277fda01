from tests.unit.jobs.documents.readers.office.made_office import make_pptx, shape
from tests.unit.jobs.documents.readers.reading import headings, read


def test_titles_come_first_and_what_is_on_every_slide_is_left_out() -> None:
    slides = [
        shape("Internal, Example Ltd", "ftr")
        + shape("It starts slowly.", "body")
        + shape("Pump", "title")
        + shape("1", "sldNum")
        + shape("May 2026", "dt"),
        shape("Filter", "ctrTitle"),
    ]

    extract = read("pptx", make_pptx(*slides))

    assert extract.text == "Pump\n\nIt starts slowly.\n\nFilter"
    assert headings(extract) == [(1, "Pump"), (1, "Filter")]
    assert extract.page_starts == (0, extract.text.index("Filter"))


def test_groups_and_boxes_in_two_forms_are_read_once() -> None:
    box = (
        f"<mc:AlternateContent><mc:Choice Requires='a14'>{shape('Force is mass.')}</mc:Choice>"
        f"<mc:Fallback>{shape('Force is mass.')}</mc:Fallback></mc:AlternateContent>"
    )
    group = f"<p:grpSp><p:grpSp>{shape('In a group.')}</p:grpSp></p:grpSp>"

    assert read("pptx", make_pptx(box + group)).text == "Force is mass.\n\nIn a group."


def test_paragraphs_of_a_shape_are_lines_with_their_equations_and_fields() -> None:
    body = (
        "<p:sp><p:txBody><a:p><a:r><a:t>a</a:t></a:r><a:br/><a:r><a:t>b</a:t></a:r></a:p>"
        "<a:p><a:r><a:t>10</a:t></a:r><a:r><a:rPr baseline='30000'/><a:t>6</a:t></a:r></a:p>"
        "<a:p><a:fld type='slidenum'><a:t>7</a:t></a:fld><m:oMath><m:r><m:t>x</m:t></m:r></m:oMath>"
        "</a:p></p:txBody></p:sp>"
    )

    assert read("pptx", make_pptx(body)).text == "a\nb\n10^6\nx"


def test_code_on_a_slide_keeps_its_indentation() -> None:
    lines = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in ("if x:", "    y"))

    extract = read("pptx", make_pptx(f"<p:sp><p:txBody>{lines}</p:txBody></p:sp>"))

    assert extract.text == "if x:\n    y"


def test_marks_of_controls_and_hidden_shapes_are_no_text() -> None:
    hidden = shape("Not seen.").replace("<p:nvPr>", "<p:cNvPr hidden='1'/><p:nvPr>")

    text = read("pptx", make_pptx(hidden + shape("One_x000B_two_x000D_, a_x0041_."))).text

    assert text == "One\ntwo, a_x0041_."


def _cell(text: str, **attributes: int) -> str:
    given = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    body = f"<a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody>"
    return f"<a:tc {given}>{body}</a:tc>"


def test_merged_cells_of_a_table_stay_in_place() -> None:
    rows = (
        (_cell("Wide", gridSpan=2), _cell("", hMerge=1), _cell("c")),
        (_cell("tall", rowSpan=2), _cell("1"), _cell("2")),
        (_cell("", vMerge=1), _cell("3"), _cell("4")),
    )
    table = "".join(f"<a:tr>{''.join(row)}</a:tr>" for row in rows)
    frame = f"<a:graphic><a:graphicData><a:tbl>{table}</a:tbl></a:graphicData></a:graphic>"
    deck = make_pptx(f"<p:graphicFrame>{frame}</p:graphicFrame>")

    assert read("pptx", deck).text == "Wide |  | c\ntall | 1 | 2\ntall | 3 | 4"


def test_a_slide_without_text_still_has_its_page() -> None:
    extract = read("pptx", make_pptx("", shape("Only here."), ""))

    assert extract.page_starts == (0, 0, len("Only here."))
