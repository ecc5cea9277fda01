"""How far the rotation of positions is slowed: as a config.json says it, as a GGUF holds it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import ConfigError

_LLAMA3 = "llama3"
# Of all models of Llama 3.1, 3.2 and 3.3; they differ in the factor alone.
_LLAMA3_BOUNDS: Mapping[str, float] = {
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
_TOLERANCE = 1e-3  # relative; a GGUF has them in 32 bits


def rotation_factors(
    rope: Mapping[str, Any], base: float, head_size: int, place: str
) -> tuple[float, ...]:
    """What divides each frequency (the Llama 3.1 report; `rope_type` llama3 in transformers).

    Raises:
        ConfigError: `rope` is of a kind that is not known here, or a number is missing.
    """
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind == "default":
        return ()
    if kind != _LLAMA3:
        raise ConfigError(f"{place}: found rope type {kind!r}, expected default or llama3")
    try:
        factor, low, high, trained = (float(rope[name]) for name in ("factor", *_LLAMA3_BOUNDS))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{place}: its rope type llama3 lacks a number ({error})") from error
    if not (factor > 0 and low != high and trained > 0):
        raise ConfigError(f"{place}: the numbers of its rope type llama3 make no rotation")
    factors = []
    for pair in range(head_size // 2):
        wavelength = 2 * math.pi * base ** (2 * pair / head_size)
        share = (trained / wavelength - low) / (high - low)
        share = min(1.0, max(0.0, share))
        factors.append(1.0 / ((1 - share) / factor + share))
    return tuple(factors)


def scaling_of(factors: Sequence[float], base: float, head_size: int) -> dict[str, Any] | None:
    """`rope_scaling` of a config.json whose outcome these factors are; None: of no known one."""
    scaling = {"rope_type": _LLAMA3, "factor": round(max(factors), 4), **_LLAMA3_BOUNDS}
    made = rotation_factors(scaling, base, head_size, "")
    is_same = len(made) == len(factors) and all(
        math.isclose(some, other, rel_tol=_TOLERANCE)
        for some, other in zip(made, factors, strict=True)
    )
    return scaling if is_same else None
