"""JSON in batches: asked for by a schema, and less strictly where the host will not have it so."""

import logging
from collections.abc import Iterable
from pathlib import Path

import orjson
import pytest

from engine.batch.forms import TRIAL_COUNT
from engine.errors import FORM_IGNORED, FORM_REFUSED
from engine.testing.batch_provider import Line, answered_line, refused_line
from schemas.outcomes import Completed, Failed
from schemas.requests import CHAT_COMPLETIONS, Json, Request, make_request
from schemas.settings import JsonForm
from tests.unit.engine.batch.desks import Place, make_place, submit

SCHEMA: Json = {"type": "object", "required": ["answer"], "properties": {}}
REFUSAL = "This response_format type is unavailable now"


def question(name: str) -> Request:
    body: dict[str, Json] = {
        "model": "m",
        "messages": [{"role": "user", "content": name}],
        "max_completion_tokens": 50,
        "response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}},
    }
    return make_request(
        name, 0, url=CHAT_COMPLETIONS, body=body, purpose="answers", prompt_tokens=9
    )


def says(custom_id: str, text: str) -> Line:
    line = answered_line(custom_id)
    line["response"]["body"]["choices"][0]["message"]["content"] = text
    return line


def form_of(line: Line) -> JsonForm:
    asked = line["body"].get("response_format", {"type": "prompt"})
    form: JsonForm = asked["type"]
    return form


def forms_in(place: Place, name: str) -> set[JsonForm]:
    return {form_of(line) for line in place.provider.lines(name)}


async def round_with(place: Place, name: str, answers: dict[JsonForm, str | None]) -> None:
    """End a batch with what the host says to each form (None: it refuses it), and collect it."""
    good: list[Line] = []
    bad: list[Line] = []
    for line in place.provider.lines(name):
        text = answers[form_of(line)]
        if text is None:
            bad.append(refused_line(line["custom_id"], 400, "invalid_request_error", REFUSAL))
        else:
            good.append(says(line["custom_id"], text))
    place.provider.end(name, output=good, errors=bad)
    async with place.open_with(output="json_schema", delete_files=False) as bench:
        await bench.desk.collect()


async def submit_again(place: Place, requests: Iterable[Request]) -> int:
    """What the next pass does: whatever is not settled is asked again, by a new process."""
    async with place.open_with(output="json_schema", delete_files=False) as bench:
        return await submit(bench.desk, *(r for r in requests if r.request_id not in place.settled))


@pytest.mark.parametrize(("said", "code"), [(None, FORM_REFUSED), ("Well, yes.", FORM_IGNORED)])
async def test_next_batch_asks_less_strictly_where_a_form_is_refused_or_ignored(
    tmp_path: Path, said: str | None, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    place, requests = make_place(tmp_path), [question("a"), question("b")]
    answers: dict[JsonForm, str | None] = {"json_schema": said, "json_object": '{"answer": "Yes."}'}
    caplog.set_level(logging.WARNING)

    await submit_again(place, requests)
    await round_with(place, "000001", answers)
    after_one = dict(place.settled)
    await submit_again(place, requests)
    await round_with(place, "000002", answers)

    assert after_one == {}
    assert [forms_in(place, name) for name in ("000001", "000002")] == [
        {"json_schema"},
        {"json_object"},
    ]
    assert all(isinstance(each, Completed) for each in place.settled.values())
    assert len(place.settled) == 2
    attempts = (tmp_path / "batches" / "attempts.jsonl").read_bytes().splitlines()
    assert [orjson.loads(line)["code"] for line in attempts] == [code, code]
    said_once = [r for r in caplog.messages if "going on with json_object" in r]
    assert len(said_once) == 1
    assert "(teacher.output sets it)" in said_once[0]


async def test_one_reply_of_the_form_shows_that_others_are_malformed_of_themselves(
    tmp_path: Path,
) -> None:
    place, requests = make_place(tmp_path), [question("a"), question("b")]
    await submit_again(place, requests)
    ids = place.provider.custom_ids("000001")
    place.provider.end("000001", output=[says(ids[0], "No JSON"), says(ids[1], '{"answer":"x"}')])

    async with place.open_with(output="json_schema", delete_files=False) as bench:
        await bench.desk.collect()

    assert set(place.settled) == set(ids)
    assert all(isinstance(each, Completed) for each in place.settled.values())


async def test_where_no_form_helps_requests_fail_with_what_was_said(tmp_path: Path) -> None:
    place, requests = make_place(tmp_path), [question("a"), question("b")]
    answers = dict.fromkeys(("json_schema", "json_object", "prompt"), "No.")

    for name in ("000001", "000002", "000003"):
        await submit_again(place, requests)
        await round_with(place, name, answers)  # type: ignore[arg-type]  # keys are forms

    assert {(type(e), getattr(e, "code", "")) for e in place.settled.values()} == {
        (Failed, "malformed_output")
    }
    assert all(each.cost_usd == pytest.approx(0.035) for each in place.settled.values())


async def test_few_are_asked_in_a_form_of_which_nothing_is_known_after_one_has_failed(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    requests = [question(f"r{number}") for number in range(TRIAL_COUNT + 10)]
    answers: dict[JsonForm, str | None] = {"json_schema": "No.", "json_object": '{"answer": 1}'}

    await submit_again(place, requests)
    await round_with(place, "000001", answers)
    waiting = await submit_again(place, requests)
    more = await submit_again(place, requests)
    await round_with(place, "000002", answers)
    await submit_again(place, requests)

    sizes = [len(place.provider.custom_ids(f"00000{number}")) for number in (1, 2, 3)]
    assert sizes == [TRIAL_COUNT + 10, TRIAL_COUNT, 10]
    assert (waiting, more) == (10, 10)


async def test_a_batch_refused_as_a_whole_for_its_form_is_made_in_the_next_one(
    tmp_path: Path,
) -> None:
    place, requests = make_place(tmp_path), [question("a")]
    await submit_again(place, requests)
    place.provider.fail("000001", "invalid_request", "response_format is not supported", 1)

    async with place.open_with(output="json_schema", delete_files=False) as bench:
        await bench.desk.collect()
    await submit_again(place, requests)

    assert forms_in(place, "000002") == {"json_object"}


async def test_the_form_that_is_set_is_the_first_and_other_peoples_requests_keep_theirs(
    tmp_path: Path,
) -> None:
    set_place, own_place = make_place(tmp_path / "set"), make_place(tmp_path / "own")

    async with set_place.open_with(output="prompt") as bench:
        await submit(bench.desk, question("a"))
    async with own_place.open_with(output=None) as bench:
        await submit(bench.desk, question("a"))

    assert forms_in(set_place, "000001") == {"prompt"}
    assert forms_in(own_place, "000001") == {"json_schema"}
