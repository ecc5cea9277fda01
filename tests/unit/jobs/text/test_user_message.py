from jobs.text.user_message import UserMessage, read_user_message
from tests.rows import each_row


@each_row(
    "shown",
    ["Excerpt from Kilns:\n\nIt is hot.", "Excerpt from Tests:\n\nQuestion: is it hot?", ""],
)
def test_what_is_shown_and_what_is_asked_are_told_apart_again(shown: str) -> None:
    message = UserMessage(shown, "How hot is the kiln?")

    assert read_user_message(message.text()) == message


def test_a_message_of_another_layout_is_a_question_alone() -> None:
    assert read_user_message("Context: x\nQ: y") == UserMessage("", "Context: x\nQ: y")
