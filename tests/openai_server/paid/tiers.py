"""Service tiers: which a model serves, and whether flex has room for a request now."""

import random
from collections.abc import Mapping
from typing import Any

from tests.openai_server.config import FlexRules, ModelCard
from tests.openai_server.errors import ApiError

_USUAL = (None, "auto", "default")


class Tiers:
    """Decides by one seeded draw a flex request, in order of arrival."""

    def __init__(self, rules: FlexRules) -> None:
        self._rules = rules
        self._random = random.Random(rules.seed)

    def extra_s(self, tier: str) -> float:
        """How much longer a request takes than others."""
        return self._rules.extra_s if tier == "flex" else 0.0

    def admit(self, body: Mapping[str, Any], model: ModelCard) -> str:
        """The tier that serves a request.

        Raises:
            ApiError: 400 for a tier that the model does not have, 429 or 498 for want of capacity.
        """
        asked = body.get("service_tier")
        if asked in _USUAL:
            return "default"
        if asked not in model.tiers:
            message = f"Invalid service_tier argument: {asked!r} is not available for {model.id}."
            raise ApiError(400, "invalid_value", message, param="service_tier")
        if asked != "flex":
            return str(asked)
        if self._random.random() < self._rules.scarcity:
            raise self._refusal()
        return self._rules.served_as

    def _refusal(self) -> ApiError:
        if self._rules.refusal == "498":
            return ApiError(
                498, "capacity_exceeded", "Flex tier capacity exceeded.", kind="flex_tier"
            )
        message = "Resource unavailable: there is no capacity for flex processing right now."
        return ApiError(429, "resource_unavailable", message, kind="resource_unavailable")
