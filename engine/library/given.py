"""Checks what a user of the library hands in: one message, in the place of an error far inside."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import isawaitable
from pathlib import Path
from typing import TypeVar

from engine.ask import Ask
from engine.errors import ConfigError, UnexpectedError
from engine.files.records import id_field, record_id
from engine.stage import Work
from engine.wire.endpoints import Endpoint
from schemas.dataset import Rejection
from schemas.record import Record
from schemas.requests import Request
from schemas.settings import LimitSettings, ModelPrice

Item = TypeVar("Item", bound=Record)
Result = TypeVar("Result", bound=Record)


def check_folder(folder: Path | str) -> Path:
    """The folder as a path. Raises ConfigError: an empty text, which would be the current one."""
    if folder == "":
        raise ConfigError('folder: found an empty text, expected a path ("." is this folder)')
    return Path(folder)


def check_endpoints(given: object) -> tuple[Endpoint, ...]:
    """The endpoints, one or several. Raises ConfigError: there are none, or other things."""
    endpoints = tuple(given) if isinstance(given, Sequence) else (given,)
    if not endpoints:
        raise ConfigError("endpoints: found none, expected an Endpoint or several")
    if isinstance(given, str) or not all(isinstance(each, Endpoint) for each in endpoints):
        raise ConfigError(f"endpoints: found {given!r}, expected an Endpoint(address, key)")
    return endpoints


def check_money(budget_usd: object, prices: object) -> None:
    """Raises ConfigError: the budget is no sum above 0, or a price is none."""
    if budget_usd is not None:
        is_number = isinstance(budget_usd, int | float) and not isinstance(budget_usd, bool)
        if not (is_number and budget_usd > 0):  # type: ignore[operator]
            raise ConfigError(
                f"budget_usd: found {budget_usd!r}, expected dollars above 0, or None for no cap"
            )
    if not isinstance(prices, Mapping):
        raise ConfigError(f"prices: found {_kind(prices)}, expected a mapping of ModelPrice")
    for model, price in prices.items():
        if not isinstance(price, ModelPrice):
            raise ConfigError(
                f"prices: found {_kind(price)} for model {model!r}, expected a ModelPrice"
            )


def check_limits(limits: object) -> None:
    """Raises ConfigError: they are something else."""
    if not isinstance(limits, LimitSettings):
        raise ConfigError(f"limits: found {_kind(limits)}, expected LimitSettings")


def check_messages(messages: object) -> None:
    """Raises TypeError: they are no sequence of objects, such as a text alone."""
    if not isinstance(messages, Sequence) or isinstance(messages, str | bytes):
        raise TypeError(f"messages: found {_kind(messages)}, expected a list of them")
    for message in messages:
        if not isinstance(message, Mapping):
            raise TypeError(
                f"messages: found {_kind(message)} among them, expected such as "
                '{"role": "user", "content": "..."}'
            )


class OwnError(Exception):
    """Stands for an error of the system that the user's own code has met, which is its cause.

    By itself it would be taken for one that the engine has met.
    """


@contextmanager
def own_errors() -> Iterator[None]:
    """Raise what no code of ours expects as it was raised: it is an error of the user's own."""
    try:
        yield
    except UnexpectedError as error:
        cause = error.__cause__
        if isinstance(cause, OwnError):
            cause = cause.__cause__
        raise (cause or error) from None


@contextmanager
def _users_code() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OwnError from error


def checked_requests(requests: Iterable[Request]) -> Iterator[Request]:
    """The requests, lazily. Raises TypeError: one is something else."""
    with _users_code():
        for request in requests:
            if not isinstance(request, Request):
                raise TypeError(
                    f"requests: found {_kind(request)}, expected a Request: make_chat_request "
                    "makes one"
                )
            yield request


def checked_items(items: Iterable[Item]) -> Iterator[Item]:
    """The items of a stage, lazily. Raises TypeError: one is no record with an id."""
    with _users_code():
        for item in items:
            if not isinstance(item, Record):
                raise TypeError(f"items: found {_kind(item)}, expected a Record")
            _check_id("items", item)
            yield item


def check_result(kind: object) -> None:
    """Raises TypeError: it is no class of records."""
    if not (isinstance(kind, type) and issubclass(kind, Record)):
        name = getattr(kind, "__name__", repr(kind))
        raise TypeError(f"result: found {name}, expected a class of Record")


def checked_work(
    work: Work[Item, Result], stage: str, result: type[Result]
) -> Callable[[Item, Ask], Awaitable[Sequence[Result | Rejection]]]:
    """The work, which raises TypeError where it returns what no item of this stage ends with."""

    async def work_on(item: Item, ask: Ask) -> Sequence[Result | Rejection]:
        with _users_code():
            returning = work(item, ask)
            if not isawaitable(returning):
                raise TypeError("work: expected an async function, with an item and `ask`")
            outputs = await returning
        if not isinstance(outputs, list | tuple):
            found = "None" if outputs is None else _kind(outputs)
            raise TypeError(f"work: found {found}, expected a list of results and rejections")
        if not outputs:
            raise TypeError(
                f"work: found nothing for item {record_id(item)}, expected a result or a Rejection"
            )
        for output in outputs:
            _check_output(output, stage, result)
        return outputs

    return work_on


def _check_output(output: object, stage: str, result: type[Record]) -> None:
    if isinstance(output, Rejection):
        if output.stage != stage:
            raise TypeError(
                f"work: found a rejection of stage {output.stage!r}, expected {stage!r}: the name "
                "that this stage is run by"
            )
    elif not isinstance(output, result):
        raise TypeError(
            f"work: found {_kind(output)} among what it returned, expected {_article(result)}"
        )
    else:
        _check_id("work", output)


def _check_id(where: str, record: Record) -> None:
    """An id is compared by its letters: it must be a text."""
    name = id_field(type(record))
    value = getattr(record, name)
    if not isinstance(value, str):
        raise TypeError(
            f"{where}: found {_kind(record)} whose first field, {name}, is {_kind(value)}, "
            "expected a text: it is the id"
        )


def _kind(value: object) -> str:
    return _article(type(value))


def _article(kind: type) -> str:
    return f"{'an' if kind.__name__[0] in 'AEIOUaeiou' else 'a'} {kind.__name__}"
