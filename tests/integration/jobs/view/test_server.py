"""The page's server: who may ask, pages of lists, and decisions that last."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from engine.files.records import read_records
from jobs.dataset.rows.apply_reviews import RowText, row_hash
from jobs.view.guard import TOKEN_HEADER
from jobs.view.server import PageOrder, make_app
from schemas.reviews import Review
from tests.integration.jobs.view.view_runs import (
    EVIDENCE,
    answer_text,
    question_text,
    write_row_run,
)

TOKEN = "t" * 43


@asynccontextmanager
async def served(order: PageOrder) -> AsyncIterator[aiohttp.ClientSession]:
    runner = web.AppRunner(make_app(order))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (_, port) = runner.addresses[0]
    base = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession(base, headers={TOKEN_HEADER: TOKEN}) as session:
            yield session
    finally:
        await runner.cleanup()


async def get(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path) as reply:
        assert reply.status == 200, await reply.text()
        return orjson.loads(await reply.read())


@pytest.fixture
def order(tmp_path: Path) -> PageOrder:
    folder = write_row_run(tmp_path / "run", row_count=230)
    return PageOrder(folder, "review", TOKEN, person="anna", sample_count=20)


@pytest.mark.parametrize("path", ["/", "/?token=wrong", "/api/lists", "/api/line/rows/0"])
@pytest.mark.parametrize("headers", [{TOKEN_HEADER: ""}, {TOKEN_HEADER: "u" * 43}])
async def test_without_the_token_nothing_is_said(
    order: PageOrder, path: str, headers: dict[str, str]
) -> None:
    async with served(order) as session, session.get(path, headers=headers) as reply:
        assert reply.status == 403
        assert "valve" not in await reply.text()


async def test_other_names_of_this_machine_are_refused(order: PageOrder) -> None:
    headers = {"Host": "evil.example"}

    async with served(order) as session, session.get("/api/lists", headers=headers) as reply:
        assert reply.status == 403


async def test_page_may_run_and_load_nothing_but_its_own(order: PageOrder) -> None:
    async with (
        served(order) as session,
        session.get("/", params={"token": TOKEN}, headers={TOKEN_HEADER: ""}) as reply,
    ):
        policy = reply.headers["Content-Security-Policy"]

        assert reply.status == 200
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "trusted-types 'none'" in policy


async def test_pages_lead_from_one_to_the_next_and_end(order: PageOrder) -> None:
    async with served(order) as session:
        numbers: list[int] = []
        start = 0
        while start is not None:
            page = await get(session, f"/api/list/rows?start={start}&limit=100")
            numbers += [row["number"] for row in page["rows"]]
            start = page["next"]

    assert numbers == list(range(230))


async def test_search_finds_text_of_question_and_answer_in_any_case(order: PageOrder) -> None:
    async with served(order) as session:
        of_question = await get(session, "/api/list/rows?text=VALVE 217 open")
        of_answer = await get(session, "/api/list/rows?text=217 opens at 47 bar. größe ä")
        nothing = await get(session, "/api/list/rows?text=valve 999")

    assert [row["number"] for row in of_question["rows"]] == [217]
    assert [row["number"] for row in of_answer["rows"]] == [217]
    assert nothing["rows"] == []


async def test_filters_are_offered_and_applied(order: PageOrder) -> None:
    async with served(order) as session:
        lists = await get(session, "/api/lists")
        page = await get(session, "/api/list/rejected?reason=too_short")

    assert lists["rejected"]["filters"]["reason"] == ["leans_on_context", "too_short"]
    assert [row["facts"][1] for row in page["rows"]] == ["too_short"]


async def test_line_has_its_texts_and_the_source_with_evidence(order: PageOrder) -> None:
    async with served(order) as session:
        line = await get(session, "/api/line/rows/7")

    question, answer, source = line["texts"]
    assert (question["text"], answer["text"]) == (question_text(7), answer_text(7))
    ((start, end),) = source["marks"]
    assert source["text"][start:end] == EVIDENCE
    assert line["row"]["row_hash"] == row_hash(RowText(question_text(7), answer_text(7)))


async def test_decision_is_on_disk_with_who_and_when(order: PageOrder) -> None:
    async with served(order) as session:
        row = (await get(session, "/api/line/rows/7"))["row"]
        given = {key: row[key] for key in ("row_hash", "answer_id", "document_id")}
        given |= {"decision": "drop", "reviewer": "somebody else"}
        async with session.post("/api/review", json=given) as reply:
            assert reply.status == 200, await reply.text()
        line = await get(session, "/api/line/rows/7")
        progress = await get(session, "/api/progress")

    (review,) = read_records(order.folder.run_dir / "reviews.jsonl", Review)
    assert (review.decision, review.reviewer, review.answer_id) == (
        "drop",
        "anna",
        row["answer_id"],
    )
    assert [each["decision"] for each in line["reviews"]] == ["drop"]
    assert (progress["reviewed"], progress["counts"]) == (1, {"drop": 1})


@pytest.mark.parametrize(
    "body", [b"no json", b"[]", b'{"decision": "burn"}', b'{"row_hash": "x", "decision": "drop"}']
)
async def test_decision_that_is_none_is_refused_and_not_kept(order: PageOrder, body: bytes) -> None:
    async with served(order) as session, session.post("/api/review", data=body) as reply:
        assert reply.status == 400

    assert not (order.folder.run_dir / "reviews.jsonl").exists()


async def test_page_that_was_opened_to_look_takes_no_decision(order: PageOrder) -> None:
    looking = order._replace(mode="view")

    async with served(looking) as session, session.post("/api/review", json={}) as reply:
        assert reply.status == 403


@pytest.mark.parametrize("path", ["/api/line/rows/999999", "/api/list/journal", "/api/task/0"])
async def test_what_there_is_not_is_404(order: PageOrder, path: str) -> None:
    async with served(order) as session, session.get(path) as reply:
        assert reply.status == 404


async def test_damaged_line_is_shown_as_what_it_is(order: PageOrder) -> None:
    path = order.folder.rejected_path
    path.write_bytes(b'{"rejection_id": brok\n' + path.read_bytes())

    async with served(order) as session:
        page = await get(session, "/api/list/rejected")

    assert page["rows"][0]["title"] == '{"rejection_id": brok'
