"""Any usage that a reply may name."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from engine.wire.prices import make_price
from schemas.outcomes import Usage
from schemas.settings import ModelPrice
from tests.unit.engine.wire.replies.test_usage import count

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


NUMBER = st.integers(-10, 2000) | st.floats(-10, 2000) | JUNK


USAGE = JUNK | st.fixed_dictionaries(
    {},
    optional={
        "prompt_tokens": NUMBER,
        "completion_tokens": NUMBER,
        "total_tokens": NUMBER,
        "prompt_tokens_details": JUNK
        | st.fixed_dictionaries(
            {}, optional={"cached_tokens": NUMBER, "cache_write_tokens": NUMBER}
        ),
    },
)


def said_output(fields: dict[str, Any]) -> object:
    """The output that a usage names, or leaves over of the total where it has no word of it."""
    prompt, total = fields.get("prompt_tokens"), fields.get("total_tokens")
    if "completion_tokens" not in fields and type(prompt) is type(total) is int and prompt > 0:
        return total - prompt
    return fields.get("completion_tokens")


@given(usage=USAGE, billed=st.tuples(st.integers(1, 400), st.integers(0, 900)))
@example(usage={"prompt_tokens": 1, "total_tokens": 2}, billed=(1, 2))
def test_any_usage_counts_no_less_than_the_bill(usage: Any, billed: tuple[int, int]) -> None:
    """The bill is what the usage says where that can be true, and anything possible elsewhere."""
    price = make_price({"m": ModelPrice(input=1.0, cached_input=0.1, cache_write=1.25, output=5.0)})
    fields = usage if isinstance(usage, dict) else {}

    counted = count(usage)

    prompt, completion = (
        value if type(value) is int and value > 0 else possible
        for value, possible in zip(
            (fields.get("prompt_tokens"), said_output(fields)), billed, strict=True
        )
    )
    cached = counted.usage.cached_tokens
    cost_usd = price("m", counted.usage)
    assert cost_usd is not None
    assert 0 <= cached <= counted.usage.prompt_tokens
    assert cost_usd >= (price("m", Usage(prompt, completion, cached)) or 0.0) >= 0.0
