"""What hosts near OpenAI's API refuse with, as people report it, over real sockets.

Others are answered well before, so that nothing concerns all because nothing else was seen.
"""

import pytest
from aiohttp import web

from engine.errors import AuthError, QuotaError, RateLimitError, TransientError
from schemas.outcomes import Failed
from schemas.requests import Json
from tests.integration.engine.live.own_server import Make, as_json, chat, page, raw, send_odd


def refusal(http_status: int, message: str, **fields: Json) -> web.Response:
    return as_json({"error": {"message": message, **fields}}, http_status)


@pytest.mark.parametrize("status", [460, 499])
async def test_gateway_that_waited_no_longer_is_asked_again(status: int) -> None:
    ended = await send_odd(lambda: refusal(status, "Client closed request"))

    assert isinstance(ended.end, TransientError)
    assert ended.sent_count == 2


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda: refusal(200, "Slow down", code="rate_limit_exceeded"), 429),
        (lambda: refusal(200, "Too many requests"), 429),
        (lambda: refusal(200, "The server had an error", type="server_error"), 500),
        (lambda: refusal(200, "Overloaded", type="overloaded_error"), 503),
        (lambda: as_json({"code": 1302, "msg": "Rate limit reached", "success": False}), 429),
        (lambda: as_json({"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}), 429),
        (lambda: raw(b'data: {"error":{"message":"Provider is overloaded"}}\n\n'), 503),
        (lambda: chat("", finish_reason="insufficient_system_resource"), 502),
        (lambda: chat("Ye", finish_reason="", error={"message": "x", "code": 502}), 502),
    ],
)
async def test_an_error_of_the_host_within_a_200_writes_no_request_off(
    make: Make, status: int
) -> None:
    ended = await send_odd(make)

    assert isinstance(ended.end, TransientError)
    assert ended.end.status == status
    assert isinstance(ended.end, RateLimitError) == (status == 429)
    assert ended.sent_count == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: refusal(400, "Budget has been exceeded! Max budget: 1.0", type="budget_exceeded"),
        lambda: refusal(429, "Budget has been exceeded! Max budget: 1.0"),
        lambda: refusal(400, "Your account is not in good standing", code="Arrearage"),
        lambda: refusal(400, "Your credit balance is too low to access the API."),
        lambda: refusal(429, "Insufficient balance. Please recharge.", code="1113"),
        lambda: refusal(429, "Your account is suspended", type="exceeded_current_quota_error"),
        lambda: as_json({"code": 30001, "message": "the balance is insufficient"}, 403),
        lambda: refusal(402, "Payment required"),
        lambda: refusal(429, "Please check your billing details", code="billing_not_active"),
        lambda: refusal(429, "Your account is not active, please check your billing details"),
    ],
)
async def test_an_empty_account_ends_the_run_and_writes_no_request_off(make: Make) -> None:
    ended = await send_odd(make)

    assert isinstance(ended.end, QuotaError)
    assert ended.sent_count == 1


async def test_a_limit_that_is_worded_like_an_empty_account_is_waited_for() -> None:
    words = "You exceeded your current quota, please check your plan and billing details. Retry."

    ended = await send_odd(lambda: refusal(429, words, code="RESOURCE_EXHAUSTED"))

    assert isinstance(ended.end, RateLimitError)


@pytest.mark.parametrize(
    "words",
    [
        "Your input was flagged for violence. No credits were charged.",
        "The prompt was flagged: insufficient balance of viewpoints",
    ],
)
async def test_a_flagged_input_that_speaks_of_money_concerns_itself_alone(words: str) -> None:
    ended = await send_odd(lambda: refusal(403, words))

    assert isinstance(ended.end, Failed)
    assert ended.end.status == 403


async def test_a_proxy_that_wants_a_login_ends_the_run() -> None:
    ended = await send_odd(lambda: page(407))

    assert isinstance(ended.end, AuthError)
    assert "the proxy wants a login" in str(ended.end)
