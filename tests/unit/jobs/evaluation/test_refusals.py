import pytest

from jobs.evaluation.answer_samples import is_refusal


@pytest.mark.parametrize(
    "text",
    [
        "I cannot answer this question from the excerpt.",
        "I don't know.",
        "The excerpt does not mention how much fondant a colony needs.",
        "The provided text doesn't contain information about that.",
        "The excerpt does not answer the question.",
        "The weight of the anvil is not given in the excerpt.",
        "Unfortunately, I am unable to find this.",
        "There is no information about the price.",
        "This question cannot be answered from the excerpt.",
        "I'm sorry, but I can\u2019t help with that.",
    ],
)
def test_refusal_is_recognised(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "The anvil weighs 120 kilograms.",
        "None: syrup is no longer fed once the nights stay below 8 degrees.",
        "It does not: the wheel is thrown by foot, never by a motor.",
        "The package manager cannot determine the version, so it asks.",
        "A document does not have to be signed.",
        "That is not so. The kiln is heated to 1220 degrees.",
        "The lathe turns at 400 revolutions per minute. " * 7 + "The text does not mention elm.",
        "",
    ],
)
def test_answer_or_correction_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)
