from engine.wire.tokens import count_tokens
from jobs.documents.cutting.best_cuts import cut_best
from schemas.settings import ChunkSettings
from tests.rows import each_row
from tests.unit.jobs.documents.texts import PARAGRAPH

SETTINGS = ChunkSettings(target_tokens=64, min_tokens=8)


def pieces_of(text: str, heading_starts: tuple[int, ...] = ()) -> list[str]:
    spans = list(cut_best(text, heading_starts, SETTINGS))
    pieces = [text[span.start_char : span.end_char] for span in spans]
    assert "".join(pieces) == text
    assert all(count_tokens(piece.strip()) <= SETTINGS.target_tokens for piece in pieces)
    return [piece.strip() for piece in pieces]


def test_a_text_that_fits_is_one_piece() -> None:
    assert pieces_of(PARAGRAPH) == [PARAGRAPH.strip()]


@each_row("form", ["wrapped", "of several sentences"])
def test_an_item_of_a_list_stays_whole(form: str) -> None:
    glue = "\n  " if form == "wrapped" else " "
    items = [
        glue.join(
            (f"- Take oar {n} from the rack and look at it.", "Does it bend?", "Put it back.")
        )
        for n in range(8)
    ]

    pieces = pieces_of("\n".join(items))

    assert len(pieces) > 2
    assert [item for piece in pieces for item in piece.split("\n- ")] != items
    assert all(any(item in piece for piece in pieces) for item in items)


@each_row("label", ["（{}）", "{}）", "・", "①"])
def test_an_item_of_a_chinese_or_japanese_list_stays_whole(label: str) -> None:
    items = [
        f"{label.format(n)}从架上取下第{n}支桨来看。它弯曲吗？\n放回原处。" for n in range(1, 9)
    ]

    pieces = pieces_of("\n".join(items))

    assert len(pieces) > 2
    assert all(any(item in piece for piece in pieces) for item in items)


def test_an_inner_list_stays_with_its_item_where_there_is_another_place() -> None:
    items = [
        f"- The boat {n} has\n  - two oars of ash\n  - a sail of linen\n  - an iron anchor"
        for n in range(6)
    ]

    pieces = pieces_of("\n".join(items))

    assert all(any(item in piece for piece in pieces) for item in items)


def test_a_heading_stays_with_its_text() -> None:
    text = f"{PARAGRAPH}Short heading\n\n{PARAGRAPH}"

    pieces = pieces_of(text, heading_starts=(len(PARAGRAPH),))

    assert any(piece.startswith("Short heading") for piece in pieces)


def test_code_is_not_cut_at_its_empty_line_where_there_is_another_place() -> None:
    before = "The boiler is lit at dawn and fed with coal until the shift changes at noon.\n\n"
    code = "if (is_cold(water)) {\n    burn(coal);\n\n    open_valve(1);\n    wait(10);\n}"
    after = "\n\nAfter that the water is hot, and the mill can be set to work by the miller, "
    after += "who may rest until it is evening."

    pieces = pieces_of(before + code + after)

    assert len(pieces) > 1
    assert any(code in piece for piece in pieces)


def test_a_note_stays_with_its_mark() -> None:
    filler = "The gauge hangs beside the boiler and is read each hour. "
    text = (
        f"{filler * 2}\n\nPressure[1] is high. {filler}\n\n{filler}\n\n[1] In bar.\n\n{filler * 2}"
    )

    pieces = pieces_of(text)

    assert len(pieces) > 1
    assert any("Pressure[1]" in piece and "[1] In bar." in piece for piece in pieces)
