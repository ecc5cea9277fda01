"""The server of the page: lists, lines, and decisions, for one browser on this machine."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from typing import Any, NamedTuple

import orjson
from aiohttp import web
from pydantic import ValidationError

from engine.files.records import encode_record, first_problem
from engine.run_folder import RunFolder
from jobs.comparison.labels import labels_path
from jobs.dataset.rows.apply_reviews import reviews_path
from jobs.pages.inline import hash_source, read_script, read_text
from jobs.view.details import read_details
from jobs.view.guard import make_guard
from jobs.view.label_answers import LabelTask, describe_labels, show_task
from jobs.view.line_file import append_line
from jobs.view.lists import KINDS, RunLists
from jobs.view.review_sample import decided_answers, describe_reviews, draw_numbers
from jobs.view.search_lines import MAX_LIMIT, Wanted, find_choices, find_page, read_line
from schemas.record import content_id
from schemas.reviews import Label, Review

MAX_BODY_BYTES = 1 << 20
COUNTING_S = 30.0  # how long a drawn sample of rows waits for all of them to be counted


class PageOrder(NamedTuple):
    """What the page is opened for. `person`: who decides; empty: the page only shows."""

    folder: RunFolder
    mode: str
    token: str
    person: str = ""
    sample_count: int = 0
    seed: int = 0
    tasks: tuple[LabelTask, ...] = ()


def make_app(order: PageOrder) -> web.Application:
    """The application; it refuses requests without the token, and writes nothing but decisions."""
    app = web.Application(middlewares=[make_guard(order.token)], client_max_size=MAX_BODY_BYTES)
    api = _Api(order)
    app.add_routes(
        [
            web.get("/", api.page),
            web.get("/api/lists", api.lists),
            web.get("/api/list/{name}", api.list),
            web.get("/api/line/{name}/{number}", api.line),
            web.get("/api/sample", api.sample),
            web.get("/api/progress", api.progress),
            web.get("/api/task/{number}", api.task),
            web.post("/api/review", api.review),
            web.post("/api/label", api.label),
        ]
    )
    return app


class _Api:
    """What answers the page's requests; files are read in a thread, one request at a time."""

    def __init__(self, order: PageOrder) -> None:
        self._order = order
        self._lists = RunLists(order.folder)
        self._turn = asyncio.Lock()
        self._page = _make_page(order.folder.run_dir.resolve().name, order.mode)

    async def page(self, _: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": self._page.policy}
        return web.Response(text=self._page.html, content_type="text/html", headers=headers)

    async def lists(self, _: web.Request) -> web.Response:
        return await self._say(lambda: find_choices(self._lists))

    async def list(self, request: web.Request) -> web.Response:
        wanted = _read_wanted(request)
        return await self._say(lambda: find_page(self._lists, wanted))

    async def line(self, request: web.Request) -> web.Response:
        name, number = _known(request.match_info["name"]), _number(request.match_info["number"])
        return await self._say(lambda: read_details(self._lists, name, number))

    async def sample(self, _: web.Request) -> web.Response:
        return await self._say(self._draw)

    async def progress(self, _: web.Request) -> web.Response:
        if self._order.mode == "label":
            return await self._say(lambda: describe_labels(self._order.folder, self._order.tasks))
        return await self._say(lambda: describe_reviews(self._order.folder))

    async def task(self, request: web.Request) -> web.Response:
        number = _number(request.match_info["number"])
        if number >= len(self._order.tasks):
            raise web.HTTPNotFound(text="there is no such answer")
        return await self._say(lambda: show_task(self._order.folder, self._order.tasks[number]))

    async def review(self, request: web.Request) -> web.Response:
        given = await self._body(request, "review")
        given |= {"reviewer": self._order.person}
        return await self._keep(given, Review, reviews_path(self._order.folder), "review_id")

    async def label(self, request: web.Request) -> web.Response:
        given = await self._body(request, "label")
        number = given.pop("number", None)
        if not isinstance(number, int) or not 0 <= number < len(self._order.tasks):
            raise web.HTTPBadRequest(text="number: expected that of an answer of the sample")
        task, metric = self._order.tasks[number], given.get("metric")
        if metric not in task.metrics:
            raise web.HTTPBadRequest(text=f"metric: expected one of {', '.join(task.metrics)}")
        given |= {"labeler": self._order.person, "answer_id": task.answer_id}
        return await self._keep(given, Label, labels_path(self._order.folder), "label_id")

    async def _body(self, request: web.Request, mode: str) -> dict[str, Any]:
        if self._order.mode != mode:
            raise web.HTTPForbidden(text=f"this page was not opened by `distill {mode}`")
        try:
            given = orjson.loads(await request.read())
        except orjson.JSONDecodeError as error:
            raise web.HTTPBadRequest(text=f"no JSON: {error}") from error
        if not isinstance(given, dict):
            raise web.HTTPBadRequest(text="expected a JSON object")
        return given

    async def _keep(
        self,
        given: dict[str, Any],
        kind: type[Review] | type[Label],
        path: Any,  # noqa: ANN401
        id_field: str,
    ) -> web.Response:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            record = kind.model_validate(
                {id_field: content_id(id_field, given, at), **given, "at": at}
            )
        except ValidationError as error:
            raise web.HTTPBadRequest(text=first_problem(error)) from error
        async with self._turn:
            await asyncio.to_thread(append_line, path, encode_record(record))
        return web.json_response({"kept": True, "at": at})

    def _draw(self) -> dict[str, Any]:
        rows = self._lists.file(KINDS["rows"].file)
        rows.count_on(COUNTING_S)
        numbers = draw_numbers(len(rows), self._order.sample_count, self._order.seed)
        done = decided_answers(self._order.folder)
        lines = [read_line(self._lists, "rows", number) for number in numbers]
        return {
            "numbers": numbers,
            "is_done": [line is not None and line["answer_id"] in done for line in lines],
        }

    async def _say(self, read: Callable[[], Any]) -> web.Response:
        async with self._turn:
            found = await asyncio.to_thread(read)
        if found is None:
            raise web.HTTPNotFound(text="there is no such line")
        return web.Response(
            body=orjson.dumps(found, option=orjson.OPT_NON_STR_KEYS),
            content_type="application/json",
        )


def _read_wanted(request: web.Request) -> Wanted:
    query = request.query
    name = _known(request.match_info["name"])
    values = {field: query[field] for field in KINDS[name].filters if query.get(field)}
    return Wanted(
        name=name,
        start=_number(query.get("start", "0")),
        limit=min(max(_number(query.get("limit", "50")), 1), MAX_LIMIT),
        text=query.get("text", "").strip(),
        values=values,
    )


def _known(name: str) -> str:
    if name not in KINDS:
        raise web.HTTPNotFound(text=f"there is no list {name!r}")
    return name


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise web.HTTPBadRequest(text=f"{text!r}: expected a number")
    return int(text)


class _Page(NamedTuple):
    """The page and the policy that its server sends with it."""

    html: str
    policy: str


def _make_page(title: str, mode: str) -> _Page:
    """The page for a run called `title`. `mode`: view, review or label.

    The Content-Security-Policy names the hashes of its one script and one style sheet, and lets it
    ask its own server; nothing else may run, style or be loaded, and Trusted Types forbid to make
    markup of text. So a fault in the script would still show text as text.
    """
    package = __package__
    script, style = read_script(package, "view.js"), read_text(package, "view.css")
    html = (
        read_text(package, "view.html")
        .replace("{{title}}", escape(title))
        .replace("{{mode}}", mode)
        .replace("{{style}}", style)
        .replace("{{script}}", script)
    )
    policy = (
        f"default-src 'none'; script-src '{hash_source(script)}'; "
        f"style-src '{hash_source(style)}'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    )
    return _Page(html, policy)
