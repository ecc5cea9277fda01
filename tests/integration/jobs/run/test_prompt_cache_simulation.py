"""How much of what could be read from a prompt cache is read: real prompts, simulated provider."""

import pytest

from tests.simulations.prompt_cache import Corpus, settings_for, simulate


@pytest.mark.parametrize("requests_per_minute", [60, 500])
def test_nine_tenths_of_what_could_be_read_is_read(requests_per_minute: float) -> None:
    corpus = Corpus(chunks=150, per_chunk=3, in_flight=64, seed=1)

    plain = simulate(corpus, settings_for("off", requests_per_minute))
    laid_out = simulate(corpus, settings_for("auto", requests_per_minute))

    assert plain["requests"] == laid_out["requests"] == 600
    assert laid_out["read"] >= 0.9 * laid_out["could"]
    assert laid_out["usd"] < 0.45 * plain["usd"]
    assert laid_out["minutes"] < 1.2 * plain["minutes"]
