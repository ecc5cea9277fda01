"""Many accounts that bill at several tiers, each until its cap has no room."""

import random
from functools import partial

from tests.unit.engine.spending.test_budget_tiers import Server, make_budget, request

SEEDS = 1_000


def _priority_at_times(rng: random.Random, share: float) -> str:
    return "priority" if rng.random() < share else "default"


async def test_bill_stays_within_the_cap_where_an_account_bills_at_several_tiers() -> None:
    for seed in range(SEEDS):
        rng = random.Random(seed)
        cap_usd, share = rng.uniform(5.0, 90.0), rng.choice([0.3, 0.6, 0.9, 1.0])
        server = Server(make_budget(cap_usd), partial(_priority_at_times, rng, share))
        await server.answer(request())
        await server.answer_all(50)

        assert server.is_refused
        assert server.billed_usd <= cap_usd + 1e-9, seed
