from jobs.documents.split_blocks import BlockPlan, cut_into_blocks
from schemas.documents import SideSpan

TEXT = "word " * 80  # four blocks of 100 characters


def test_the_blocks_first_by_chance_are_held_out_and_gaps_taken_from_training() -> None:
    plan = BlockPlan(block_count=4, held_out_count=1, gap_chars=20)

    spans = cut_into_blocks(TEXT, plan, [2, 0, 3, 1])

    train, held_out, rest = spans
    assert (train.side, held_out.side, rest.side) == ("train", "held_out", "train")
    assert 200 <= held_out.start_char < held_out.end_char <= 310
    assert held_out.start_char - train.end_char >= plan.gap_chars
    assert rest.start_char - held_out.end_char >= plan.gap_chars


def test_blocks_whose_gaps_leave_nothing_to_train_on_are_moved_to_the_end() -> None:
    plan = BlockPlan(block_count=4, held_out_count=2, gap_chars=130)

    spans = cut_into_blocks(TEXT, plan, [1, 3, 0, 2])

    assert [span.side for span in spans] == ["train", "held_out"]
    assert spans[1] == SideSpan(start_char=spans[1].start_char, end_char=400, side="held_out")
