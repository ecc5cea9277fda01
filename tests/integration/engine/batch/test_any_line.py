"""Whatever bytes a line of results has: its request has an end within two sends, others no harm."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.batch.collecting.asked import Asked, RequestEnd
from engine.batch.collecting.result_files import read_result_line
from engine.errors import FatalError, TransientError
from engine.files.journal import decode_outcome, encode_outcome
from engine.files.records import encode_record
from engine.testing.batch_provider import answered_line, refused_line
from engine.testing.calls import chat_request
from schemas.batches import BatchAttempt
from schemas.outcomes import Completed, Failed
from tests.unit.engine.batch.desks import make_place, submit
from tests.unit.engine.batch.result_readers import BATCH, at_most, make_reader

DEEP = b"[" * 2_000 + b"]" * 2_000


@st.composite
def odd_lines(draw: st.DrawFn) -> bytes:
    """Any bytes, in the place of a line, or of a part of one that is sound."""
    noise = draw(
        st.binary(max_size=60)
        | st.sampled_from(
            [DEEP, b"NaN", rb'"\ud83d"', b"1" * 400, b"[" * 990 + b"]" * 990, b"null"]
        )
        | st.text(max_size=9).map(orjson.dumps)
    )
    sound = orjson.dumps(draw(st.sampled_from([answered_line("a"), refused_line("a", 400, "x")])))
    if draw(st.booleans()):
        return noise
    start = draw(st.integers(0, len(sound)))
    end = draw(st.integers(start, len(sound)) | st.just(start))
    return sound[:start] + noise + sound[end:]


@given(odd_lines())
@settings(max_examples=400, deadline=None)
def test_any_bytes_as_a_line_settle_fail_or_return_their_request_within_two_sends(
    data: bytes,
) -> None:
    line = read_result_line(data)
    if line is None:
        return
    reader, attempts = make_reader(), list[BatchAttempt]()

    end: RequestEnd | None = None
    for name in ("000001", "000002"):
        batch = BATCH.model_copy(update={"name": name})
        asked = Asked(line.custom_id, batch, attempts, False, at_most)
        end = reader.read(line, asked)
        if not isinstance(end, BatchAttempt):
            break
        attempts.append(BatchAttempt.model_validate_json(encode_record(end)))

    if isinstance(end, BatchAttempt):
        assert end.code != "malformed_reply"  # known to be unpaid: it has as many tries as live
    elif isinstance(end, Completed | Failed):
        kept = decode_outcome(encode_outcome(end))
        assert (kept.request_id, kept.usage) == (end.request_id, end.usage)


@given(data=odd_lines())
@example(data=b"")
@settings(max_examples=15, deadline=None)
async def test_any_bytes_in_a_file_of_results_do_no_harm_to_the_other_lines(data: bytes) -> None:
    file = data.replace(b"\n", b" ") + b"\n" + orjson.dumps(answered_line("b")) + b"\n"

    with TemporaryDirectory() as folder:
        place = make_place(Path(folder))
        async with place.open() as bench:
            await submit(bench.desk, chat_request("a"), chat_request("b"))
            place.provider.end_with("000001", file)
            for _ in range(2):  # a file with fewer lines than answers is fetched once more
                with suppress(FatalError, TransientError):  # a line may say that none can succeed
                    await bench.desk.collect()
            left = list(bench.desk.out)

    assert isinstance(place.settled["b"], Completed)
    assert not left
