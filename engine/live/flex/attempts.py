"""Attempts by flex: by that tier while it has capacity, or else by the usual one."""

from collections.abc import Awaitable, Callable

from engine.errors import (
    CapacityError,
    EngineError,
    FatalError,
    LeftToOthersError,
    OutageError,
    RequestError,
)
from engine.live.calls import Call, PaidReply
from engine.live.flex.gate import FlexGate, refuses_tier


class FlexAttempts:
    """Makes attempts of calls that may go by flex; any number at once.

    `attempt` makes one by whatever way the call has then. `stop_admitting` is called with an error
    that no other request could escape.
    """

    def __init__(
        self,
        attempt: Callable[[Call], Awaitable[PaidReply]],
        stop_admitting: Callable[[EngineError], None],
    ) -> None:
        self._attempt = attempt
        self._stop_admitting = stop_admitting

    async def make(self, call: Call) -> PaidReply:
        """One attempt by flex that found capacity, or else by the usual tier.

        Raises:
            LeftToOthersError: flex is not the way, and nothing was paid for yet.
            What `attempt` raises.
        """
        while (gate := call.flex) is not None:
            if not await self._is_admitted(call, gate):
                call.flex = None
                break
            try:
                reply = await self._attempt(call)
            except CapacityError as error:
                gate.refuse(error)
                call.flex_refusals += 1
            except RequestError as error:
                gate.release()
                self._check_tier(gate, error)
            except BaseException:
                gate.release()
                raise
            else:
                gate.serve(call.service_tier)
                call.flex_refusals = 0
                return reply
        return await self._attempt(call)

    async def _is_admitted(self, call: Call, gate: FlexGate) -> bool:
        """Whether flex is the way of an attempt; raises what `make` and the gate do."""
        try:
            is_admitted = await gate.admit(call.flex_refusals)
        except OutageError as error:
            self._stop_admitting(error)
            raise
        if not is_admitted and call.usage is None and not call.failures.count:
            raise LeftToOthersError("flex is not the way now", is_scarce=gate.is_scarce)
        return is_admitted

    def _check_tier(self, gate: FlexGate, error: RequestError) -> None:
        """Return where a refusal only says that flex is not served, and there are other ways.

        Raises:
            RequestError: it is about the request.
            FatalError: there is no other way.
        """
        if not refuses_tier(error):
            raise error
        if gate.is_alone:
            fatal = FatalError(
                f"flex is not served for this model ({error}); use --lane live, batch or auto"
            )
            self._stop_admitting(fatal)
            raise fatal from error
        gate.give_up(error)
