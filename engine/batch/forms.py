"""In which form the requests of batches ask for JSON: the strictest that the host takes."""

import logging
from collections.abc import Callable, Iterable
from functools import cache

from engine.batch.packing.outbox import Spooled
from engine.wire.endpoints import Endpoint
from engine.wire.json_forms import JSON_FORMS, asks_for_json, forms_after, in_form
from schemas.batches import Batch
from schemas.settings import JsonForm

TRIAL_COUNT = 20  # requests in a form that has not worked yet, where another has failed before

_log = logging.getLogger(__name__)


class BatchForms:
    """The form in use for each model and purpose, as the collected batches show.

    It begins with the endpoint's and falls to the next when a batch was answered without any JSON
    of its form, or refused for it. The ledger keeps both, so that every process knows. What was
    answered in another form comes back and is asked again, few at first.
    """

    def __init__(self, batches: Callable[[], Iterable[Batch]], endpoint: Endpoint) -> None:
        self._batches = batches
        self._first = endpoint.output
        self._place = endpoint.base_url
        self._setting = endpoint.output_setting

    def packing(self) -> "PackedForms":
        """The forms for what is packed now."""
        return PackedForms(self)

    def current(self, model: str, purpose: str) -> JsonForm | None:
        """The form in use; None: requests go out as they were made."""
        form = self._first
        for batch in self._of(model, purpose):
            if batch.tally.form_works is False and batch.intent.form == form:
                form = next(iter(forms_after(form)), form)
        return form

    def most_at_once(self, model: str, purpose: str) -> int | None:
        """How many further requests may be out while the form is tried; None: any number."""
        form = self.current(model, purpose)
        if form == self._first or self._has_worked(model, purpose, form):
            return None
        tried = [b for b in self._of(model, purpose) if b.intent.form == form]
        out = sum(batch.intent.request_count for batch in tried if not batch.is_collected)
        return max(TRIAL_COUNT - out, 0)

    def are_in_doubt(self, batch: Batch) -> bool:
        """Whether no earlier batch has shown that its form works."""
        intent = batch.intent
        return intent.form is not None and not self._has_worked(
            intent.model, intent.purpose, intent.form
        )

    def warn(self, batch: Batch, *, is_refused: bool) -> None:
        """Say, once, that the form of a batch has not worked, before the ledger has it."""
        intent = batch.intent
        next_form = next(iter(forms_after(intent.form)), None)
        if next_form is None or intent.form != self.current(intent.model, intent.purpose):
            return
        _log.warning(
            "%s (%s, %s) %s %s in batches; going on with %s (%s sets it)",
            *(self._place, intent.model, intent.purpose),
            *("refuses" if is_refused else "ignores", intent.form),
            *(next_form, self._setting),
        )

    def _has_worked(self, model: str, purpose: str, form: JsonForm | None) -> bool:
        return any(
            batch.tally.form_works is True and batch.intent.form == form
            for batch in self._of(model, purpose)
        )

    def _of(self, model: str, purpose: str) -> Iterable[Batch]:
        return (
            batch
            for batch in self._batches()
            if (batch.intent.model, batch.intent.purpose) == (model, purpose)
        )


class PackedForms:
    """The forms of the files that are packed in one go; what is known then holds for all."""

    def __init__(self, forms: BatchForms) -> None:
        self._current = cache(forms.current)
        self._most = cache(forms.most_at_once)
        self._counts: dict[tuple[str, str], int] = {}

    def form_of(self, request: Spooled) -> JsonForm | None:
        """The form to pack a request in; None: as it was made."""
        if not asks_for_json(request.payload):
            return None
        return self._current(request.model, request.purpose)

    def has_room(self, request: Spooled) -> bool:
        """Whether one more request may be packed while its form is tried."""
        most = self._most(request.model, request.purpose)
        return most is None or self._counts.get((request.model, request.purpose), 0) < most

    def count(self, request: Spooled) -> None:
        """Count a request that is packed."""
        kind = (request.model, request.purpose)
        self._counts[kind] = self._counts.get(kind, 0) + 1


def in_form_of(request: Spooled, form: JsonForm | None) -> Spooled:
    """The request with its body in a form."""
    if form in (None, JSON_FORMS[0]):
        return request
    return request._replace(payload=in_form(request.payload, form))
