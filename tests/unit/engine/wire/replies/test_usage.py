from typing import Any

from engine.wire.replies.usage import CountedUsage, count_usage, read_usage
from schemas.outcomes import Usage
from tests.rows import each_row

WORST = Usage(400, 900, 0, cache_write_tokens=400)


def reply_of(usage: object, text: str = "Yes.") -> dict[str, Any]:
    reply: dict[str, Any] = {"choices": [{"message": {"content": text}}]}
    return reply if usage is None else {**reply, "usage": usage}


def count(usage: object, text: str = "Yes.") -> CountedUsage:
    return read_usage(reply_of(usage, text)).or_at_most(WORST)


def test_sound_usage_is_taken_as_it_is() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 100}}

    counted = count({"prompt_tokens": 300, "completion_tokens": 80, **details})

    assert counted == CountedUsage(Usage(300, 80, 100), is_estimated=False)


@each_row(
    "usage",
    [
        None,
        "12",
        [],
        {},
        {"prompt_tokens": 300.0, "completion_tokens": 80.0},
        {"prompt_tokens": -300, "completion_tokens": -80},
        {"prompt_tokens": "300", "completion_tokens": "80"},
        {"prompt_tokens": 2**63, "completion_tokens": 10**10},
        {"prompt_tokens": True, "completion_tokens": False},
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": None, "completion_tokens": None},
    ],
)
def test_usage_that_cannot_be_true_counts_at_the_most(usage: object) -> None:
    assert count(usage) == CountedUsage(WORST, is_estimated=True)


@each_row("cached", [301, -1, 1.5, "3", True])
def test_a_cache_that_cannot_be_true_gives_no_discount(cached: object) -> None:
    details = {"prompt_tokens_details": {"cached_tokens": cached}}

    counted = count({"prompt_tokens": 300, "completion_tokens": 80, **details})

    assert counted == CountedUsage(Usage(300, 80, 0, 300), is_estimated=True)


def test_what_was_written_to_the_cache_is_told_apart() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 150}}

    counted = count({"prompt_tokens": 300, "completion_tokens": 80, **details})

    assert counted == CountedUsage(Usage(300, 80, 100, 150), is_estimated=False)


@each_row("written", [201, -1, 1.5, "3", True])
def test_a_write_that_cannot_be_true_counts_as_all_of_the_prompt(written: object) -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": written}}

    counted = count({"prompt_tokens": 300, "completion_tokens": 80, **details})

    assert counted == CountedUsage(Usage(300, 80, 0, 300), is_estimated=True)


def test_reasoning_that_only_the_total_names_counts_as_output() -> None:
    counted = count({"prompt_tokens": 300, "completion_tokens": 80, "total_tokens": 700})

    assert counted == CountedUsage(Usage(300, 400), is_estimated=False)


@each_row("total", [{}, {"total_tokens": 380}, {"total_tokens": 340}])
@each_row("hidden, counted", [(40, 40), (41, 81), (-1, 40), ("x", 40)])
def test_reasoning_that_was_not_counted_as_output_counts(
    hidden: object, counted: int, total: dict[str, int]
) -> None:
    usage = {
        "prompt_tokens": 300,
        "completion_tokens": 40,
        "completion_tokens_details": {"reasoning_tokens": hidden},
        **total,
    }

    found = count_usage(reply_of(usage), WORST).usage

    assert found.completion_tokens == max(counted, total.get("total_tokens", 0) - 300)


def test_huge_count_is_not_believed_beside_a_sum_that_fits() -> None:
    usage = {"prompt_tokens": 300, "completion_tokens": 2**63, "total_tokens": 300 + 2**63}

    counted = count_usage(reply_of(usage), WORST)

    assert counted == CountedUsage(Usage(300, WORST.completion_tokens), is_estimated=True)


def test_embeddings_write_nothing() -> None:
    reply: dict[str, Any] = {"data": [{}], "usage": {"prompt_tokens": 7, "total_tokens": 7}}

    counted = read_usage(reply).or_at_most(Usage(9, 0))

    assert counted == CountedUsage(Usage(7, 0), is_estimated=False)
