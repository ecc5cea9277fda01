"""Files of replies whose machines are lost, folder and all, go on on others from their store."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.files.lock import find_writer
from jobs.send.result_files import store_note_path
from jobs.stored.note import read_store_note
from tests.crash.runs import finish, kill_when, size_of
from tests.forked import PIPE, STDOUT, ForkedProcess
from tests.integration.jobs.send.sending import read_lines, write_requests
from tests.openai_server import RunningServer, start_openai_server
from tests.openai_server.bill import bill_usd

IN_FLIGHT, COUNT = 8, 600
IDS = [f"request-{number}" for number in range(COUNT)]
LATENCY = {"median_s": 0.1, "sigma": 0.5}
FAULTS = {"server_error": 0.03, "invalid_request": 0.03, "cut_off": 0.02}
FEWER_IDS = IDS[:240]
CAP_USD, LOWER_USD = 0.05, 0.02
MOST_KILLS = 3
SOON_BYTES = 20_000
BOUNDARIES = ("upload", "uploaded", "create", "created", "collected")
BATCHES = {
    "batches": {"in_progress_s": 0.2, "others": 5, "others_between": 3},
    "files": {"others": 5, "others_between": 3},
}
ROUNDS_TO_MEET = 6
TRY_LATER, EXHAUSTED = 75, 3
BY_TWO = ("--workers", "2")


class Machines:
    """Machines that go on with one file of replies, each in a folder of its own."""

    def __init__(self, tmp_path: Path, server: RunningServer, ids: Sequence[str] = IDS) -> None:
        (tmp_path / "store").mkdir()
        (tmp_path / "machine-0").mkdir()
        self.url = (tmp_path / "store").as_uri()
        self._tmp_path, self._server, self._count = tmp_path, server, 0
        self._in_path = write_requests(tmp_path / "in.jsonl", ids)

    @property
    def folder(self) -> Path:
        """That of the latest machine."""
        return self._tmp_path / f"machine-{self._count}"

    @property
    def out_path(self) -> Path:
        """The file of replies of the latest machine."""
        return self.folder / "out.jsonl"

    def start(self, *flags: str, program: Sequence[str] = ("-m", "jobs")) -> ForkedProcess:
        """Begin to send, or go on."""
        arguments = ("send", str(self._in_path), "--out", str(self.out_path))
        return self._call(*program, *arguments, "--max-in-flight", str(IN_FLIGHT), *flags)

    def fetch(self, *flags: str) -> str:
        """Put the files together on a machine that is new; what was said."""
        self._count += 1
        code, said = finish(self._call("-m", "jobs", "fetch", self.url, str(self.folder), *flags))
        assert code == 0, said
        return said

    def lose(self, process: ForkedProcess, is_time: Callable[[], bool]) -> set[str] | None:
        """Kill a command, and remove its folder: what it had settled. None: it ended before."""
        if not kill_when(process, is_time):
            return None
        locks = self.folder.glob("out.jsonl.shards/**/*.lock")
        while any(map(find_writer, locks)):  # what senders have in flight lands
            time.sleep(0.02)
        ids = self.settled("replies.jsonl*")
        shutil.rmtree(self.folder)
        return ids

    def sealed_bytes(self) -> int:
        """How much of the replies of the latest machine the store has."""
        note = read_store_note(store_note_path(self.out_path))
        state = None if note is None else note.files.get(self.out_path.name)
        return 0 if state is None else state.size_bytes

    def settled(self, of_senders: str = "none") -> set[str]:
        """The ids in the files of the latest machine, as far as their lines are whole.

        `of_senders` are names of files that are not taken in yet.
        """
        found, errors_path = set[str](), self.out_path.with_name("out.jsonl.errors")
        written = self.folder.glob(f"out.jsonl.shards/*/*/epoch-*/{of_senders}")
        replies = (path for path in written if path.suffix in (".jsonl", ".errors"))
        for path in (self.out_path, errors_path, *replies):
            if path.exists():
                whole = path.read_bytes().rpartition(b"\n")[0]
                found |= {line.split(b'"')[3].decode() for line in whole.splitlines()}
        return found

    def _call(self, *command: str) -> ForkedProcess:
        environment = {
            **os.environ,
            "OPENAI_API_KEY": self._server.api_key,
            "OPENAI_BASE_URL": self._server.base_url,
            "XDG_STATE_HOME": str(self._tmp_path / f"state-{self._count}"),
        }
        return ForkedProcess(command, env=environment, stdout=PIPE, stderr=STDOUT)


def lose_again_and_again(
    machines: Machines, *flags: str, rng: random.Random, code: int
) -> tuple[int, list[str]]:
    """Lose one after the other; the most that may have been bought twice, and what was said."""
    process, unsealed_count, said = machines.start("--store", machines.url, *flags), 0, []
    for _ in range(MOST_KILLS):
        until_bytes = size_of(machines.out_path) + rng.randrange(1, 60_000)
        lost = machines.lose(process, lambda: size_of(machines.out_path) >= until_bytes)  # noqa: B023
        if lost is None:
            break
        said.append(machines.fetch("--take-over"))
        kept = machines.settled()
        assert kept <= lost
        unsealed_count += len(lost) - len(kept) + IN_FLIGHT
        process = machines.start(*flags)
    ended = finish(process)
    assert ended[0] == code, ended[1]
    return unsealed_count, said


def test_machines_are_lost_and_every_request_is_settled_once(tmp_path: Path) -> None:
    faults = {"probabilities": FAULTS}
    with start_openai_server({"latency": LATENCY, "faults": faults}) as server:
        machines = Machines(tmp_path, server)

        unsealed_count, said = lose_again_and_again(
            machines, "--budget-usd", "5", rng=random.Random(5), code=1
        )
        server.control.settled_totals()
        bills = server.control.bills().values()

    answered = read_lines(machines.out_path)
    failed = read_lines(machines.out_path.with_name("out.jsonl.errors"))
    assert said
    assert "may have been spent that the store does not tell" in said[0]
    assert f"`distill send IN --out {tmp_path / 'machine-1' / 'out.jsonl'}` goes on" in said[0]
    assert sorted([*answered, *failed]) == sorted(IDS)
    bought_again = sum(max(0, bill["billed"] - bill["lost"] - 1) for bill in bills)
    assert bought_again <= unsealed_count


def test_cap_holds_though_what_was_spent_last_is_lost_with_its_machines(tmp_path: Path) -> None:
    with start_openai_server({"latency": LATENCY}) as server:
        machines = Machines(tmp_path, server)

        _, said = lose_again_and_again(
            machines, "--budget-usd", str(CAP_USD), rng=random.Random(7), code=EXHAUSTED
        )
        usd = bill_usd(server)

    assert said
    assert usd <= CAP_USD


def test_machine_that_is_superseded_stops_and_a_copy_cannot_go_on(tmp_path: Path) -> None:
    with start_openai_server({"latency": LATENCY}) as server:
        machines = Machines(tmp_path, server)
        first = machines.start("--store", machines.url)
        while size_of(machines.out_path) < SOON_BYTES:
            assert first.poll() is None, finish(first)
            time.sleep(0.02)

        machines.fetch()
        refused = finish(machines.start())
        machines.fetch("--take-over")
        calls = server.control.totals()["calls"]
        ended = finish(first)
        calls_of_first = server.control.settled_totals()["calls"]
        code, said = finish(machines.start())

    assert refused[0] == 2
    assert "is a copy of" in refused[1]
    assert ended[0] == TRY_LATER, ended[1]
    assert "goes on with" in ended[1]
    assert calls_of_first == calls
    assert code == 0, said
    assert sorted(read_lines(machines.out_path)) == sorted(IDS)


def test_machine_with_several_senders_is_lost_and_every_request_is_settled_once(
    tmp_path: Path,
) -> None:
    with start_openai_server({"latency": LATENCY, "faults": {"probabilities": FAULTS}}) as server:
        machines, budget = Machines(tmp_path, server, FEWER_IDS), ("--budget-usd", "5")

        first = machines.start("--store", machines.url, *BY_TWO, *budget)
        lost = machines.lose(first, lambda: machines.sealed_bytes() >= SOON_BYTES)
        said = machines.fetch("--take-over")
        kept = machines.settled()
        ended = finish(machines.start(*BY_TWO, *budget))
        server.control.settled_totals()
        bills = server.control.bills().values()

    answered = read_lines(machines.out_path)
    failed = read_lines(machines.out_path.with_name("out.jsonl.errors"))
    assert lost is not None
    assert 0 < len(kept) <= len(lost)
    assert kept <= lost
    assert "may have been spent that the store does not tell" in said
    assert ended[0] == 1, ended[1]
    assert sorted([*answered, *failed]) == sorted(FEWER_IDS)
    assert not machines.out_path.with_name("out.jsonl.shards").exists()
    bought_again = sum(max(0, bill["billed"] - bill["lost"] - 1) for bill in bills)
    assert bought_again <= len(lost) - len(kept) + IN_FLIGHT


def test_cap_holds_though_several_senders_are_lost_with_their_machine(tmp_path: Path) -> None:
    with start_openai_server({"latency": LATENCY}) as server:
        machines, budget = Machines(tmp_path, server, FEWER_IDS), ("--budget-usd", str(LOWER_USD))

        first = machines.start("--store", machines.url, *BY_TWO, *budget)
        lost = machines.lose(first, lambda: machines.sealed_bytes() >= SOON_BYTES)
        machines.fetch("--take-over")
        ended = finish(machines.start(*BY_TWO, *budget))
        usd = bill_usd(server)

    assert lost is not None
    assert ended[0] == EXHAUSTED, ended[1]
    assert usd <= LOWER_USD


def test_batches_that_a_lost_machine_has_made_are_collected_by_another_and_none_is_made_twice(
    tmp_path: Path,
) -> None:
    ids, killed_at = IDS[:40], list[str]()
    flags = ("--lane", "batch", "--no-wait", "--set", "batch.settle_s=0.3")
    with start_openai_server(BATCHES) as server:
        machines = Machines(tmp_path, server, ids)
        round_flags = (*flags, "--set", "batch.max_requests=8")
        given: tuple[str, ...] = ("--store", machines.url)
        for boundary in BOUNDARIES:
            for _ in range(ROUNDS_TO_MEET):
                program = ("-m", "tests.crash.killed_at", boundary)
                code, said = finish(machines.start(*round_flags, *given, program=program))
                given = ()
                if code != -signal.SIGKILL:
                    assert code == TRY_LATER, said
                    continue
                killed_at.append(boundary)
                shutil.rmtree(machines.folder)
                machines.fetch("--take-over")
                break
        while (ended := finish(machines.start(*round_flags)))[0] == TRY_LATER:
            time.sleep(0.2)
        bills = server.control.bills().values()

    assert killed_at == list(BOUNDARIES)
    assert ended[0] == 0, ended[1]
    assert sorted(read_lines(machines.out_path)) == sorted(ids)
    assert sum(max(0, bill["billed"] - 1) for bill in bills) == 0
