from pathlib import Path

import pytest

from engine.errors import Deferred
from engine.files.journal import Journal
from engine.testing.calls import chat_request
from engine.wire.prices import ALL_SENDS, ONE_SEND, make_price
from jobs.run.changing.preview import AskJournal
from schemas.settings import ModelPrice
from tests.rows import each_row


@each_row("sends, tokens", [(ONE_SEND, 200), (ALL_SENDS, 200 + 300)])
async def test_what_is_asked_anew_costs_at_most_all_its_sends(
    tmp_path: Path, sends: tuple[int, ...], tokens: int
) -> None:
    price = make_price({"m": ModelPrice(input=1.0, output=1.0)})

    async with Journal(tmp_path / "journal.jsonl") as journal:
        ask = AskJournal(journal, price, sends)
        with pytest.raises(Deferred):
            await ask(chat_request("a", prompt_tokens=100))

    assert ask.worst_case_usd == pytest.approx(tokens / 1e6)
