"""Definitions, steps and boxes of a PDF: where their lines end though no margin says so.

After manuals that Texinfo, DocBook and FOP have made.
"""

from tests.unit.jobs.documents.readers.pdf.drawn_pages import PROSE, text_of
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import CODE, WIDE, lines, paragraph, text

TELLING = paragraph(PROSE[:240], width=70)


def _synopsis(command: str, options: str, baseline: float) -> list[bytes]:
    width = 6 * len(command)
    return [text(command, 72, baseline, font=CODE), text(options, 76 + width, baseline)]


def test_the_synopsis_of_a_command_stands_alone_above_what_is_said_of_it() -> None:
    page = [
        *_synopsis("pump -a", "[ valve ] gauge", 700),
        *lines(TELLING, left=130, top=688),
        *_synopsis("pump -c", "[ valve ]", 640),
        *lines(TELLING, left=130, top=628),
    ]

    shown = text_of(page).split("\n")

    assert list(filter(None, shown)) == [
        "pump -a [ valve ] gauge",
        " ".join(TELLING),
        "pump -c [ valve ]",
        " ".join(TELLING),
    ]


def test_several_forms_of_a_command_are_a_line_each() -> None:
    page = [
        *_synopsis("pump -a", "[ valve ] gauge", 700),
        *_synopsis("pump -c", "[ valve ] meter", 688),
        *_synopsis("pump -d", "[ valve ] sensor", 676),
        *lines(TELLING, left=130, top=664),
    ]

    assert text_of(page).split("\n")[:3] == [
        "pump -a [ valve ] gauge",
        "pump -c [ valve ] meter",
        "pump -d [ valve ] sensor",
    ]


def test_a_call_in_parentheses_stands_alone_if_the_margin_says_what_it_is() -> None:
    first, second, third = "(close-port port)", "(tty-port port)", "(finite? x)"
    width = 360
    pages = [
        [
            *lines([first, second], font=CODE),
            *lines(["procedure", "special form"], left=width),
            *lines(TELLING, left=90, top=676),
            *lines([third], font=CODE, top=600),
            *lines(["procedure"], left=width, top=600),
        ],
        [*lines(["(infinite? x)"], font=CODE), *lines(["procedure"], left=width)],
    ]

    shown = list(filter(None, text_of(*pages).split("\n")))

    assert shown == [
        "(close-port port) procedure",
        "(tty-port port) special form",
        " ".join(TELLING),
        "(finite? x) procedure",
        "(infinite? x) procedure",
    ]


def test_a_term_at_the_head_of_a_page_is_none_of_what_was_said_of_the_term_before() -> None:
    telling = "the new best route for the same net"
    pages = [
        [*lines(TELLING), *lines(["rte * new"], top=600), *lines([telling], left=90, top=588)],
        [*lines(["rte * old"]), *lines([telling], left=90, top=688), *lines(TELLING, top=650)],
    ]

    shown = text_of(*pages)

    assert f"{telling}\n\nrte * old\n" in shown


def test_steps_behind_a_colon_are_a_line_each_though_their_lines_are_full() -> None:
    full = "The pump looks for its settings in two places, one by one, in this order, and no other:"
    first = "1. in the folder of the pump, where those of all pumps are kept, for everybody to read"
    second = "2. in the folder of its user, where those of one pump are kept, and for nobody else"
    page = [*lines([full]), *lines([first, second], left=78, top=688)]

    shown = text_of([*lines(paragraph(PROSE), top=770), *page])

    assert shown.split("\n")[-3:] == [full, first, second]


def test_an_abbreviation_over_a_line_end_neither_ends_a_sentence_nor_begins_an_item() -> None:
    rows = [
        "This leaves all eight of the pins of the port on which the pump is active (i.",
        "e. high).",
    ]
    page = [text(rows[0], 72, 700), text(rows[1], 130, 688)]

    assert text_of(page) == " ".join(rows)


def test_the_last_line_of_a_box_goes_on_in_it_though_the_page_is_wider() -> None:
    page = lines(paragraph(PROSE * 2), left=72, top=740)
    width = 300
    rows = [
        "Be aware that this will empty all vessels that have a valve",
        "that is marked so. If one is to be kept, it is to be marked in",
        "another way, or closed by the operator before you begin a new",
    ]
    box = [_justified(row, 100, 640 - 12 * at, width) for at, row in enumerate(rows)]

    shown = text_of([*page, *box, text("VALVE test!", 100, 604)])

    assert "before you begin a new VALVE test!" in shown


def _justified(words: str, left: float, baseline: float, width: float) -> bytes:
    natural = sum(_WIDTHS.get(char, 0.556) for char in words) * 10
    return text(words, left, baseline, spread=(width - natural) / (len(words) - 1))


_WIDTHS = {
    **dict.fromkeys("ijl", 0.222),
    **dict.fromkeys(" ft.,I", 0.278),
    **dict.fromkeys("r", 0.333),
    **dict.fromkeys("ckvxyzsJ", 0.5),
    "m": 0.833,
    "w": 0.722,
    "B": 0.667,
}  # fmt: skip - of Helvetica


def test_a_ragged_line_that_ends_in_a_small_word_goes_on() -> None:
    rows = ["type the name of the pump and of its valve at", "a prompt of the shell."]

    shown = text_of([*lines([*paragraph(PROSE), ""], top=760), *lines(rows, 90, 680)])

    assert shown.endswith(" ".join(rows))


def test_a_ragged_line_goes_on_with_the_arrow_of_a_menu() -> None:
    row = "choose Pumps, then Valves, then what is below"
    menu = [text("\u2192", 90, 668, font=WIDE), text("Gauges there.", 102, 668)]

    shown = text_of([*lines([*paragraph(PROSE), ""], top=760), *lines([row], 90, 680), *menu])

    assert shown.endswith(f"{row} \u2192 Gauges there.")


def test_a_name_to_the_left_of_what_is_said_of_the_name_before_begins_a_paragraph() -> None:
    saying = "This tells how far the valve is open when the operator starts it, in percent."
    after = "It may be closed by a second valve, which then is the first of those that open, too."
    page = [
        *lines(["Valve"], left=72, top=700),
        *lines([saying], left=100, top=688),
        *lines(["Gauge"], left=72, top=676),
        *lines([after, after], left=100, top=664),
    ]

    assert "\n\nGauge\n" in text_of(page)
