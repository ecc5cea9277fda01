"""How many processes read a folder."""

from collections.abc import Iterator

from jobs.documents.read_documents import BYTES_PER_READER, count_readers


def sizes_without_end() -> Iterator[int]:
    while True:
        yield 1_000


def test_little_is_read_by_one_process_and_much_by_one_for_each_core() -> None:
    little = [count_readers(sizes, 8) for sizes in ([], [4_000] * 20, [BYTES_PER_READER - 1])]
    more = [count_readers([BYTES_PER_READER] * count, 8) for count in (1, 3, 7)]
    much = count_readers(sizes_without_end(), 8)
    on_one_core = count_readers([BYTES_PER_READER] * 3, 1)

    assert little == [1, 1, 1]
    assert more == [2, 4, 8]
    assert much == 8
    assert on_one_core == 1
