from engine.wire.replies.odd_shapes import MAX_BROKEN, read_events

SOUND = b'data: {"choices":[{"delta":{"content":"Yes."},"finish_reason":"stop"}]}\n\n'


def test_a_few_broken_events_do_no_harm_to_a_stream() -> None:
    body = b"data:\n\ndata: ping\n\n" * 500 + b"data: {oops\n\n" * (MAX_BROKEN - 1) + SOUND

    reply = read_events(body)

    assert isinstance(reply, dict)
    assert "choices" in reply


def test_a_stream_of_broken_events_is_not_read_to_its_end() -> None:
    assert read_events(b"data: {oops\n\n" * MAX_BROKEN + SOUND) is None


def test_a_reply_before_the_end_of_a_stream_is_read() -> None:
    reply = read_events(b'{"choices": [{"message": {"content": "Yes."}}]}\n\ndata: [DONE]\n\n')

    assert reply == {"choices": [{"message": {"content": "Yes."}}]}
