"""Fakes for tests of what is built on the engine: no network, no key, no waiting."""

from engine.testing.batch_provider import FakeProvider
from engine.testing.calls import chat_request, completed, failed
from engine.testing.clocks import LoopClock, ManualClock, VirtualTimeLoop, in_virtual_time
from engine.testing.stage_parts import FakeAsk, FakeLane, SilentProgress
from engine.testing.transport import FakeTransport, error_answer, good_answer, page_answer

__all__ = [
    "FakeAsk",
    "FakeLane",
    "FakeProvider",
    "FakeTransport",
    "LoopClock",
    "ManualClock",
    "SilentProgress",
    "VirtualTimeLoop",
    "chat_request",
    "completed",
    "error_answer",
    "failed",
    "good_answer",
    "in_virtual_time",
    "page_answer",
]
