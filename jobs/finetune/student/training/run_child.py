"""Runs a training in a child process, and passes on what it says."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.clock import Clock
from engine.errors import ConfigError, TransientError
from engine.stopping import Admission
from jobs.finetune.student.training.task import TuningNews, TuningTask

LOG_NAME = "training.log"
SHOWN_EVERY_S = 15.0
# With fewer threads than it asks for, torch computes NaN in 16 bits (seen with torch 2.13).
THREAD_LIMIT = "OMP_THREAD_LIMIT"
STOP_TIMEOUT_S = 10.0
LOG_TAIL_CHARS = 500

Say = Callable[[str], None]


async def run_child(task: TuningTask, say: Say, *, admission: Admission, clock: Clock) -> None:
    """Train to the end; the same call again goes on from the last checkpoint.

    Raises:
        ConfigError: the child refuses the task; says why.
        TransientError: it was killed, most likely because memory ran out.
        InterruptedRunError: a stop was requested; what was learnt since the last checkpoint is
            learnt again.
    """
    log_path = task.folder / LOG_NAME
    process = await _spawn(task, log_path)
    try:
        is_done = await _follow(process, _Teller(say, clock), admission)
        await admission.wait(process.wait())
    finally:
        await _stop(process)
    if not is_done:
        raise _death(process.returncode or 0, log_path)


class _Teller:
    """Passes on what matters: all that is said, and now and then how far it is."""

    def __init__(self, say: Say, clock: Clock) -> None:
        self._say = say
        self._clock = clock
        self._shown_at = clock.monotonic_s() - SHOWN_EVERY_S

    def tell(self, news: TuningNews) -> None:
        if news.kind == "said":
            self._say(news.message)
        is_due = self._clock.monotonic_s() - self._shown_at >= SHOWN_EVERY_S
        if news.kind == "progress" and (is_due or news.step == news.steps):
            self._shown_at = self._clock.monotonic_s()
            self._say(
                f"step {news.step:,} of {news.steps:,}: loss {news.loss:.3f}, "
                f"{news.tokens_per_s:,.0f} tokens/s, {_duration(news.left_s)} left"
            )


async def _follow(process: Process, teller: _Teller, admission: Admission) -> bool:
    """Pass the news on until there are none; whether the last of them was that it is done."""
    assert process.stdout is not None
    is_done = False
    while True:
        reading = asyncio.ensure_future(process.stdout.readline())
        await admission.wait(asyncio.shield(reading))
        line = await reading
        if not line.endswith(b"\n"):
            return is_done
        news = TuningNews.model_validate_json(line)
        if news.kind == "refused":
            raise ConfigError(news.message)
        is_done = news.kind == "done"
        teller.tell(news)


async def _spawn(task: TuningTask, log_path: Path) -> Process:
    """The child, in a session of its own, so that Ctrl-C reaches this process alone."""
    with log_path.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "jobs.finetune.student.training.child",
            stdin=PIPE,
            stdout=PIPE,
            stderr=log,
            cwd=Path(__file__).parents[4],  # `-m` imports from the folder it is started in
            env=child_environment(os.environ),
            start_new_session=True,
        )
    assert process.stdin is not None
    process.stdin.write(task.model_dump_json().encode() + b"\n")
    return process


def child_environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a training, made of this process's own."""
    return {
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # without, torch below 2.10 refuses to repeat numbers
        **{name: value for name, value in given.items() if name != THREAD_LIMIT},
        "OMP_WAIT_POLICY": "PASSIVE",  # waiting threads would take the processor from others
        "TOKENIZERS_PARALLELISM": "false",
    }


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _death(code: int, log_path: Path) -> ConfigError | TransientError:
    if code == -signal.SIGKILL:
        return TransientError(
            "the training was killed (signal 9), as a machine does whose memory is full; the same "
            "command goes on from its last checkpoint",
            code="training_killed",
        )
    tail = log_path.read_text("utf-8", errors="replace").strip()[-LOG_TAIL_CHARS:]
    return TransientError(
        f"the training ended early (exit code {code}); its log {log_path} ends with: {tail}",
        code="training_died",
    )


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
