from collections.abc import Iterable

from jobs.documents.split_documents import assign_sides
from jobs.documents.split_groups import DocumentSize
from schemas.documents import Side, SplitAssignment
from schemas.settings import SplitSettings
from tests.rows import each_row
from tests.unit.jobs.documents.texts import PARAGRAPH

SETTINGS = SplitSettings(block_tokens=400, gap_tokens=50)
CHARS_PER_TOKEN = 5


def make_sizes(token_counts: Iterable[int], prefix: str = "d") -> list[DocumentSize]:
    return [
        DocumentSize(f"{prefix}{i}", count, count * CHARS_PER_TOKEN)
        for i, count in enumerate(token_counts)
    ]


def text_of(length_chars: int) -> str:
    return (PARAGRAPH * (length_chars // len(PARAGRAPH) + 1))[:length_chars]


def split(
    sizes: list[DocumentSize],
    existing: dict[str, SplitAssignment] | None = None,
    settings: SplitSettings = SETTINGS,
    groups: dict[str, str] | None = None,
) -> dict[str, SplitAssignment]:
    lengths = {size.document_id: size.text_length_chars for size in sizes}
    assignments = assign_sides(
        sizes,
        existing or {},
        read_text=lambda document_id: text_of(lengths[document_id]),
        settings=settings,
        groups=groups or {},
    )
    return {assignment.document_id: assignment for assignment in assignments}


def tokens_on(assignments: Iterable[SplitAssignment], side: Side) -> float:
    spans = [span for assignment in assignments for span in assignment.spans if span.side == side]
    return sum(span.end_char - span.start_char for span in spans) / CHARS_PER_TOKEN


@each_row(
    "token_counts",
    [
        [30_000],
        [9_000, 8_000],
        [5_000, 5_000, 5_000, 5_000],
        [40_000, *[500] * 40],
        [900] * 25,
        [2**i for i in range(6, 14)],
    ],
)
@each_row("seed", range(5))
def test_the_held_out_share_of_tokens_is_near_the_wanted(
    token_counts: list[int], seed: int
) -> None:
    settings = SETTINGS.model_copy(update={"seed": seed})

    assignments = split(make_sizes(token_counts), settings=settings).values()

    share = tokens_on(assignments, "held_out") / sum(token_counts)
    assert 0.07 <= share <= 0.13


def test_documents_that_join_one_by_one_keep_the_share() -> None:
    assignments: dict[str, SplitAssignment] = {}
    total = 0
    for i in range(60):
        tokens = 100 + 37 * (i % 7)
        total += tokens
        assignments |= split(make_sizes([tokens], f"round{i}-"), assignments)

    assert 0.07 <= tokens_on(assignments.values(), "held_out") / total <= 0.13


def test_blocks_end_where_paragraphs_do() -> None:
    (size,) = make_sizes([10_000])
    text = text_of(size.text_length_chars)

    (assignment,) = split([size]).values()

    edges = {edge for span in assignment.spans for edge in (span.start_char, span.end_char)}
    assert all(text[:edge].endswith("\n\n") for edge in edges - {0, len(text)})


def test_the_seed_decides_what_is_held_out() -> None:
    sizes = make_sizes([900] * 25)

    outcomes = [
        split(sizes, settings=SETTINGS.model_copy(update={"seed": s})).values() for s in range(3)
    ]

    assert len({tuple(a.spans[0].side for a in outcome) for outcome in outcomes}) == 3


def test_only_the_texts_of_documents_that_are_cut_are_read() -> None:
    sizes = make_sizes([40_000, *[500] * 40])
    lengths = {size.document_id: size.text_length_chars for size in sizes}
    read: list[str] = []

    def read_and_note(document_id: str) -> str:
        read.append(document_id)
        return text_of(lengths[document_id])

    assign_sides(sizes, {}, read_text=read_and_note, settings=SETTINGS)

    assert read == ["d0"]


def test_nothing_is_held_out_when_nothing_is_wanted() -> None:
    settings = SETTINGS.model_copy(update={"held_out_fraction": 0.0})

    assignments = split(make_sizes([10_000, 500, 0]), settings=settings).values()

    assert {span.side for assignment in assignments for span in assignment.spans} == {"train"}


def test_of_a_folder_of_one_group_the_largest_is_cut_and_the_others_are_on_no_side() -> None:
    sizes = make_sizes([9_000, 10_000, 8_000])

    sides = split(sizes, groups={size.document_id: "d0" for size in sizes})

    assert [bool(sides[name].spans) for name in ("d0", "d1", "d2")] == [False, True, False]
    assert {span.side for span in sides["d1"].spans} == {"train", "held_out"}


def test_a_folder_of_one_group_is_trained_on_whole_where_nothing_is_to_be_held_out() -> None:
    sizes = make_sizes([9_000, 10_000])
    settings = SETTINGS.model_copy(update={"held_out_fraction": 0.0})

    sides = split(sizes, settings=settings, groups={"d0": "d0", "d1": "d0"})

    assert tokens_on(sides.values(), "train") == 19_000


def test_what_joins_a_group_on_no_side_is_on_none() -> None:
    sizes = make_sizes([9_000, 10_000])
    groups = dict.fromkeys(("d0", "d1", "e0"), "d0")
    existing = split(sizes, groups=groups)

    sides = split(make_sizes([7_000], "e"), existing, groups=groups)

    assert sides["e0"].spans == ()


def test_documents_too_short_to_cut_are_trained_on_though_of_one_group() -> None:
    sizes = make_sizes([100, 90])

    sides = split(sizes, groups={"d0": "d0", "d1": "d0"})

    assert tokens_on(sides.values(), "train") == 190


def test_small_documents_beside_a_group_do_not_keep_it_from_being_cut() -> None:
    sizes = [*make_sizes([9_000, 10_000]), *make_sizes([60], "small")]

    sides = split(sizes, groups={"d0": "d0", "d1": "d0"})

    assert sides["d0"].spans == ()
    assert {span.side for span in sides["d1"].spans} == {"train", "held_out"}
    assert len(sides["small0"].spans) == 1
