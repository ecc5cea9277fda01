"""Whether the replies of a batch have the form of JSON that was asked for; if not, what then."""

from collections.abc import Sequence

from engine.batch.collecting.asked import Asked, RequestEnd
from engine.errors import FORM_IGNORED, FORM_REFUSED, MALFORMED_OUTPUT
from engine.wire.json_forms import forms_after, holds_names, is_about_form
from schemas.batches import Batch, BatchAttempt
from schemas.outcomes import Completed, Failed

WITHOUT_FORM = "the reply holds no JSON object of the form that was asked for"


class FormCheck:
    """Looks at the ends of the requests of one batch whose form is in doubt.

    `names` are the keys that each reply must have.
    """

    def __init__(self, batch: Batch, names: Sequence[str]) -> None:
        self._names = names
        self._has_next = bool(forms_after(batch.intent.form))
        self.is_refused = False
        self.is_ignored = False

    def note(self, end: RequestEnd) -> bool:
        """Take the end of a request into account; returns whether its reply has the form."""
        has_form = isinstance(end, Completed) and holds_names(end.reply, self._names)
        self.is_ignored = self.is_ignored or (isinstance(end, Completed) and not has_form)
        self.is_refused = self.is_refused or _is_refused(end)
        return has_form

    def judge(self, end: RequestEnd, asked: Asked) -> RequestEnd:
        """What becomes of a request, where no reply of the batch has had the form.

        It comes back to be asked in the next form; after the last one it has failed.
        """
        if isinstance(end, Completed) and not holds_names(end.reply, self._names):
            return _again(FORM_IGNORED, end, asked) if self._has_next else _failed(end)
        if isinstance(end, Failed) and _is_refused(end) and self._has_next:
            return _again(FORM_REFUSED, end, asked)
        return end


def _is_refused(end: RequestEnd) -> bool:
    return isinstance(end, Failed) and is_about_form(end.status, f"{end.code} {end.message}")


def _again(code: str, end: Completed | Failed, asked: Asked) -> BatchAttempt:
    message = end.message if isinstance(end, Failed) else WITHOUT_FORM
    return asked.attempt(code, message).model_copy(
        update={
            "prompt_tokens": end.usage.prompt_tokens,
            "completion_tokens": end.usage.completion_tokens,
            "cached_tokens": end.usage.cached_tokens,
            "cost_usd": end.cost_usd,
            "reply": end.raw.decode(errors="replace"),
        }
    )


def _failed(end: Completed) -> Failed:
    return Failed(
        request_id=end.request_id,
        model=end.model,
        purpose=end.purpose,
        lane=end.lane,
        attempts=end.attempts,
        usage=end.usage,
        cost_usd=end.cost_usd,
        latency_s=end.latency_s,
        settled_at=end.settled_at,
        code=MALFORMED_OUTPUT,
        message=WITHOUT_FORM,
        status=200,
        reply=end.reply,
        is_estimated=end.is_estimated,
    )
