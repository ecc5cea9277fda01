"""How many requests a run still has to make, as far as its stages can tell."""


class Backlog:
    """Counted by the stage that is at work: its items that are left, times what each leads to."""

    def __init__(self) -> None:
        self._items_left = 0
        self._requests_per_item = 0.0

    @property
    def requests_left(self) -> int:
        """The requests of this stage and of those after it."""
        return round(self._items_left * self._requests_per_item)

    def begin(self, items_left: int, requests_per_item: float) -> None:
        """A stage begins that has so many items left."""
        self._items_left = items_left
        self._requests_per_item = requests_per_item

    def finish(self) -> None:
        """An item has ended."""
        self._items_left = max(0, self._items_left - 1)
