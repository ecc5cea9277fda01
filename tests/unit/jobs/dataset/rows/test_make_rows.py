from itertools import permutations

from jobs.dataset.rows.make_rows import ChunkGroups
from schemas.dataset import Answer


def answer(chunk_id: str, second_chunk_id: str = "") -> Answer:
    return Answer(
        answer_id=f"{chunk_id}{second_chunk_id}",
        question_id="q",
        chunk_id=chunk_id,
        document_id="d",
        side="train",
        text="text",
        evidence=(),
        scores={},
        model="m",
        request_id="r",
        second_chunk_id=second_chunk_id,
    )


def test_chunk_that_no_pair_joins_is_a_group_of_its_own() -> None:
    groups = ChunkGroups(iter([answer("a"), answer("b", "c")]))

    assert groups.group_of("a") == "a"
    assert groups.group_of("unheard of") == "unheard of"


def test_pairs_that_share_a_chunk_are_one_group_in_whatever_order_they_come() -> None:
    pairs = [answer("d", "b"), answer("c", "d"), answer("a", "c"), answer("x", "y")]

    for ordered in permutations(pairs):
        groups = ChunkGroups(iter(ordered))
        assert {groups.group_of(each) for each in "abcd"} == {"a"}
        assert groups.group_of("y") == "x"
