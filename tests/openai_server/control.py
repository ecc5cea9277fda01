"""The control port: what was served and billed, and changes at run time."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from tests.openai_server import wire
from tests.openai_server.ledger import Ledger

if TYPE_CHECKING:
    from tests.openai_server.server import OpenAIServer

_PAGE = 1_000
_IDS = TypeAdapter(dict[str, str])


class Control:
    """Answers on /control. Without a key: it is on loopback and for tests only."""

    def __init__(self, server: "OpenAIServer", ledger: Ledger) -> None:
        self._server = server
        self._ledger = ledger

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request: GET one of the pages, or POST config or ids."""
        if (request.method, request.path) == ("POST", "/control/config"):
            return await self._configure(await request.read())
        if (request.method, request.path) == ("POST", "/control/ids"):
            return self._rename(await request.read())
        if request.path == "/control/requests":
            return self._page(request)
        name = request.path.removeprefix("/control/")
        if request.method != "GET" or (page := self._page_called(name, request)) is None:
            return _refuse(404, f"no {request.method} of {request.path}")
        return _reply(page)

    def _page_called(self, name: str, request: web.BaseRequest) -> dict[str, Any] | None:
        match name:
            case "ledger":
                return self._show_ledger(with_bills=request.query.get("bills") != "no")
            case "batch_bills":
                return {"bills": self._ledger.batches.by_custom_id()}
            case "batches":
                return {"batches": self._server.batches.all()}
            case "jobs":
                return {"jobs": self._server.fine_tuning.all()}
            case "files":
                return {"files": [file.public() for file in self._server.files.all()]}
            case "slow_calls":
                return {"operations": self._server.slow_calls.counts()}
            case "config":
                return self._show_config()
        return None

    def _show_ledger(self, *, with_bills: bool) -> dict[str, Any]:
        page: dict[str, Any] = {"totals": self._ledger.totals()}
        if with_bills:
            page["bills"] = {key: asdict(bill) for key, bill in self._ledger.bills().items()}
        return page

    def _page(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            offset = int(request.query.get("offset", "0"))
            limit = int(request.query.get("limit", str(_PAGE)))
        except ValueError as error:
            return _refuse(400, f"offset and limit: expected integers ({error})")
        calls = self._ledger.calls[max(0, offset) : max(0, offset) + max(0, limit)]
        rows = [asdict(call) | {"body": call.body and call.body.decode()} for call in calls]
        return _reply({"requests": rows, "total": len(self._ledger.calls)})

    def _show_config(self) -> dict[str, Any]:
        page: dict[str, Any] = self._server.config.model_dump(mode="json", exclude={"api_keys"})
        return page

    async def _configure(self, raw: bytes) -> web.StreamResponse:
        try:
            config = self._server.config.changed(orjson.loads(raw))
        except (ValidationError, TypeError, ValueError) as error:
            return _refuse(400, f"expected an object of ServerConfig's entries: {error}")
        await self._server.configure(config)
        return _reply(self._show_config())

    def _rename(self, raw: bytes) -> web.StreamResponse:
        try:
            ids = _IDS.validate_json(raw)
        except ValidationError as error:
            return _refuse(400, f"expected an object of old ids and new ones: {error}")
        self._server.rename(ids)
        return _reply({"renamed": len(ids)})


def _reply(payload: Any) -> web.StreamResponse:
    body = orjson.dumps(payload, option=orjson.OPT_NON_STR_KEYS)
    return wire.whole(200, body, {})


def _refuse(status: int, message: str) -> web.StreamResponse:
    return wire.whole(status, orjson.dumps({"error": message}), {})
