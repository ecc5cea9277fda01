"""Ends what takes too long: one timer for all requests in flight, not one for each."""

import asyncio

MAX_LAG_S = 0.5  # of the timer; beyond it the process was stopped or busy, and served no request
READING_S = 1.0  # in which what came meanwhile is read


class Deadlines:
    """Cancels tasks that take longer than `timeout_s`, which is the same for all of them.

    A timer of its own for each request costs as much as all the rest that we add to it; here a
    request costs an entry in a dictionary, whose order is that of the deadlines.

    Time in which this process did not run (SIGSTOP, a frozen machine) does not count: replies
    that came meanwhile lie in the sockets and are read first.
    """

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._due_s: dict[asyncio.Task[object], float] = {}
        self._overdue: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due_s = 0.0

    def start(self, task: asyncio.Task[object]) -> None:
        """Give `task` its time; once at a time."""
        loop = task.get_loop()
        self._due_s[task] = due_s = loop.time() + self.timeout_s
        if self._timer is None:
            self._set_timer(loop, due_s)

    def end(self, task: asyncio.Task[object]) -> bool:
        """Note that `task` is done; whether it was cancelled here and nowhere else."""
        self._due_s.pop(task, None)
        if task not in self._overdue:
            return False
        self._overdue.remove(task)
        return task.uncancel() == 0

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sweep(self) -> None:
        self._timer = None
        while self._due_s:
            task, due_s = next(iter(self._due_s.items()))
            loop = task.get_loop()
            if (lag_s := loop.time() - self._timer_due_s) > MAX_LAG_S:
                extra_s = lag_s + READING_S
                self._due_s = {late: due_s + extra_s for late, due_s in self._due_s.items()}
                due_s += extra_s
            if due_s > loop.time():
                self._set_timer(loop, due_s)
                return
            del self._due_s[task]
            self._overdue.add(task)
            task.cancel()

    def _set_timer(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        self._timer_due_s = due_s
        self._timer = loop.call_at(due_s, self._sweep)
