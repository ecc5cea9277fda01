"""In which form JSON is asked for: the strictest that a model at an endpoint takes."""

from __future__ import annotations  # a Call has such forms, and they are found for a Call

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import EngineError
from engine.wire.json_forms import forms_after, has_form
from schemas.settings import JsonForm

if TYPE_CHECKING:
    from engine.live.calls import Call, PaidReply

HITS_TO_TRUST = 3  # replies of the right form; from then on replies are not looked at
TRIAL_COUNT = 8  # requests at once until one reply had the right form
MAX_EXPLORERS = 2  # requests that try out every form in vain, before the others no longer do

_log = logging.getLogger(__name__)


class OutputForms:
    """The form in use for requests of one purpose to one model at one endpoint.

    It falls to the next when the host refuses or ignores it. Nothing of it is kept:
    the form is part of what is put on the wire, not of a request's id, so what is settled stays
    settled whatever the form was, and a resume learns it anew. Until a form has worked only few
    requests go out at once.
    """

    def __init__(self, first: JsonForm | None, name: str, setting: str) -> None:
        self._name = name
        self._setting = setting
        self._hit_count = 0
        self._explorers_in_vain = 0
        self.current: JsonForm | None = first  # None: requests go out as they are
        self.exploring = asyncio.Lock()
        self._trials = asyncio.Semaphore(TRIAL_COUNT)

    @property
    def are_undecided(self) -> bool:
        """Whether it is not known yet that a form works."""
        return self.current is not None and not self.have_worked

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[None]:
        """The time in which one request is tried; while undecided few at once."""
        await self._trials.acquire()
        is_trial = self.are_undecided  # while it waited that may have been decided
        if not is_trial:
            self._trials.release()
        try:
            yield
        finally:
            if is_trial:
                self._trials.release()

    @property
    def are_watched(self) -> bool:
        """Whether replies are still to be looked at."""
        return self.current is not None and self._hit_count < HITS_TO_TRUST

    @property
    def are_hopeless(self) -> bool:
        """Whether trying out other forms has been in vain."""
        return self._explorers_in_vain >= MAX_EXPLORERS

    @property
    def have_worked(self) -> bool:
        """Whether a reply had the form that was asked for."""
        return self._hit_count > 0

    def note_hit(self, form: JsonForm | None) -> None:
        """Note a reply of the right form; where it is the first of all, its form is kept."""
        if self._hit_count == 0 and form != self.current:
            _log.warning(
                "%s ignores %s; going on with %s (%s sets it)",
                *(self._name, self.current, form, self._setting),
            )
            self.current = form
        self._hit_count += 1

    def note_in_vain(self) -> None:
        """Note that a request got no reply of the right form in any form."""
        self._explorers_in_vain += 1

    def refuse(self, form: JsonForm, reason: str) -> bool:
        """Note that the host refuses `form`; whether there is another to ask in."""
        if form != self.current:
            return self.current is not None  # somebody was told before
        less_strict = forms_after(form)
        if not less_strict or self.have_worked:
            return False
        _log.warning(
            "%s refuses %s (%s); going on with %s (%s sets it)",
            *(self._name, form, reason, less_strict[0], self._setting),
        )
        self.current = less_strict[0]
        return True


class FoundForm(NamedTuple):
    """The last reply to a request, and whether it is to be used."""

    reply: PaidReply
    has_form: bool


async def find_form(
    call: Call, reply: PaidReply, ask_again: Callable[[], Awaitable[PaidReply]]
) -> FoundForm:
    """A reply of the form that was asked for, if there is one.

    While no reply had it, it is asked for in less strict forms: by one request at a time, so that
    few are paid for in vain where no form helps. Once one had it, a reply without is no longer
    asked for again: who parses it sees that it is malformed.
    """
    forms, payload = call.forms, call.request.payload
    assert forms is not None
    if has_form(reply.body, payload):
        forms.note_hit(call.form)
        return FoundForm(reply, has_form=True)
    async with forms.exploring:
        if forms.have_worked and call.form == forms.current:
            return FoundForm(reply, has_form=True)
        if forms.are_hopeless:
            return FoundForm(reply, has_form=False)
        untried = [forms.current] if forms.have_worked else forms_after(call.form)
        for form in untried:
            call.wanted_form = form
            with suppress(EngineError):  # the paid reply stands
                reply = await ask_again()
                if has_form(reply.body, payload):
                    forms.note_hit(form)
                    return FoundForm(reply, has_form=True)
        forms.note_in_vain()
    return FoundForm(reply, has_form=forms.have_worked)
