"""Who may ask the page's server: a browser on this machine that was given the token."""

import hmac
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

TOKEN_BYTES = 32
TOKEN_HEADER = "X-Distill-Token"  # noqa: S105
LOOPBACK = "127.0.0.1"


def make_token() -> str:
    """A token that cannot be guessed."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def make_guard(token: str) -> Middleware:
    """Refuse with 403 requests without the token, or to another host name than this machine's.

    The page takes the token from its address and sends it in a header: a page of somebody else
    can neither read it nor set the header (the server allows no other origin). The name in Host
    keeps out names of others that were pointed at this machine (DNS rebinding).
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.host.partition(":")[0]
        given = request.headers.get(TOKEN_HEADER) or (
            request.query.get("token", "") if request.path == "/" else ""
        )
        is_known = hmac.compare_digest(given.encode(), token.encode())
        if host not in (LOOPBACK, "localhost") or not is_known:
            raise web.HTTPForbidden(text="403: open the address that distill printed\n")
        response = await handler(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    return guard
