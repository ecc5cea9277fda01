"""A loopback test double of the OpenAI API. It is not OpenAI's and says so in every reply.

In a test's own process: `async with OpenAIServer(ServerConfig(...)) as server: server.base_url`.
As a process of its own: `with start_openai_server({...}) as server:` (client.py), or by hand
`python -m tests.openai_server --port 0 --config FILE.json`, one JSON line on stdout when ready.
It counts what it served and billed; a test can ask it, also after its client was killed.
"""

from tests.openai_server.client import (
    ControlClient,
    RunningServer,
    Totals,
    call_control,
    start_openai_server,
)
from tests.openai_server.config import (
    Faults,
    Latency,
    ModelCard,
    ModelLimits,
    Outage,
    ServerConfig,
)
from tests.openai_server.replies import Reply, Responder
from tests.openai_server.server import OpenAIServer
from tests.openai_server.slow.config import BatchRules, FileRules, FineTuningRules

__all__ = [
    "BatchRules",
    "ControlClient",
    "Faults",
    "FileRules",
    "FineTuningRules",
    "Latency",
    "ModelCard",
    "ModelLimits",
    "OpenAIServer",
    "Outage",
    "Reply",
    "Responder",
    "RunningServer",
    "ServerConfig",
    "Totals",
    "call_control",
    "start_openai_server",
]
