"""GET /v1/models and /v1/models/{id}, and the lookup of the model a request names."""

from collections.abc import Iterable
from typing import Any

from tests.openai_server.config import ModelCard
from tests.openai_server.errors import ApiError


class Models:
    """The models that are served: those of the configuration and the fine-tuned ones."""

    def __init__(self) -> None:
        self._configured: dict[str, ModelCard] = {}
        self._tuned: dict[str, ModelCard] = {}

    def configure(self, cards: Iterable[ModelCard]) -> None:
        """Replace the configured ones; fine-tuned ones stay."""
        self._configured = {card.id: card for card in cards}

    def add_tuned(self, card: ModelCard) -> None:
        """Serve one more, the result of a fine-tuning job."""
        self._tuned[card.id] = card

    def find(self, name: object) -> ModelCard:
        """The model called `name`. Raises ApiError: 400 without a name, 404 for an unknown one."""
        if not isinstance(name, str) or not name:
            raise ApiError(400, None, "you must provide a model parameter", param="model")
        if (card := self._cards.get(name)) is None:
            message = f"The model `{name}` does not exist or you do not have access to it."
            raise ApiError(404, "model_not_found", message, param="model")
        return card

    @property
    def _cards(self) -> dict[str, ModelCard]:
        return {**self._configured, **self._tuned} if self._tuned else self._configured

    def page(self, name: str) -> dict[str, Any]:
        """The body of GET /v1/models/{name}; of the list for an empty name."""
        if name:
            return _public(self.find(name))
        return {"object": "list", "data": [_public(card) for card in self._cards.values()]}


def _public(card: ModelCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "object": "model",
        "created": card.created,
        "owned_by": card.owned_by,
        "shutdown_date": card.shutdown_date,
    }
