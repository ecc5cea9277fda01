"""`distill run` and `distill send` by flex, and by whatever way pays, against the stand-in."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.crash.runs import comparable_files, finish, start, write_documents
from tests.integration.jobs.run.command_runs import SPEED, rows
from tests.integration.jobs.send.sending import read_lines, send, write_requests
from tests.openai_server import RunningServer, start_openai_server
from tests.openai_server.bill import bill_usd

SERVER = {"batches": {"in_progress_s": 0.2}}
FEW = ("LICENSE",)
CODES = {"429": "resource_unavailable", "498": "capacity_exceeded"}
IMPATIENT = ("--set", "limits.flex_patience_s=0.5", "--set", "batch.poll_s=0.1")


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server(SERVER) as running:
        yield running


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    write_documents(folder, FEW)
    return folder


def spent_usd(run_dir: Path) -> float:
    return sum(float(line["cost_usd"]) for line in rows(run_dir / "journal.jsonl"))


def run(server: RunningServer, run_dir: Path, documents: Path, *flags: str) -> str:
    code, output = finish(start(server, run_dir, "--documents", str(documents), *SPEED, *flags))
    assert code == 0, output
    return output


@pytest.mark.parametrize("refusal", ["429", "498"])
def test_run_by_flex_makes_the_rows_of_a_live_one_through_scarcity_at_half_the_bill(
    server: RunningServer, documents: Path, tmp_path: Path, refusal: str
) -> None:
    run(server, tmp_path / "live", documents)
    live_usd = bill_usd(server)
    server.control.configure(flex={"scarcity": 0.4, "refusal": refusal})

    output = run(server, tmp_path / "flex", documents, "--lane", "flex")

    flex_usd = bill_usd(server) - live_usd
    totals = server.control.settled_totals()
    made, wanted = comparable_files(tmp_path / "flex"), comparable_files(tmp_path / "live")
    assert made["dataset/train.jsonl"] == wanted["dataset/train.jsonl"]
    assert spent_usd(tmp_path / "flex") == pytest.approx(flex_usd, rel=1e-3)
    assert flex_usd < 0.55 * live_usd
    assert totals["codes"].keys() == {CODES[refusal]}
    assert totals["delivered_twice"] == 0
    assert " by flex" in output


@pytest.mark.parametrize("scarcity", [0.0, 0.6, 1.0])
def test_auto_goes_by_flex_and_in_batches_and_its_dollars_are_the_bill(
    server: RunningServer, documents: Path, tmp_path: Path, scarcity: float
) -> None:
    server.control.configure(flex={"scarcity": scarcity})

    few = ("--set", "batch.live_below_requests=3")
    run(server, tmp_path / "run", documents, "--lane", "auto", *IMPATIENT, *few)

    lanes = {line["lane"] for line in rows(tmp_path / "run" / "journal.jsonl")}
    totals = server.control.settled_totals()
    assert spent_usd(tmp_path / "run") == pytest.approx(bill_usd(server), rel=1e-3)
    assert (totals["delivered_twice"], totals["custom_ids_billed_twice"]) == (0, 0)
    if scarcity == 0.0:
        assert lanes == {"flex"}
    if scarcity == 1.0:
        assert lanes == {"batch"}


def test_reply_by_another_tier_costs_what_that_one_does(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    server.control.configure(flex={"served_as": "priority"})

    output = run(server, tmp_path / "run", documents, "--lane", "flex")

    assert spent_usd(tmp_path / "run") == pytest.approx(bill_usd(server), rel=1e-3)
    assert server.control.totals()["tiers"].keys() == {"priority"}
    assert "replies name another tier (priority)" in output


def test_model_without_flex_is_said_at_the_first_request(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    flags = ("--documents", str(documents), "--lane", "flex", "--model", "gpt-4.1-mini")

    code, output = finish(start(server, tmp_path / "run", *flags))

    assert code == 3
    assert "flex is not served for this model" in output
    assert "use --lane live, batch or auto" in output
    assert bill_usd(server) == 0.0


def test_tier_that_is_chosen_twice_is_refused(documents: Path, tmp_path: Path) -> None:
    with start_openai_server(SERVER) as server:
        flags = ("--lane", "flex", "--set", "teacher.parameters.service_tier=priority")

        code, output = finish(
            start(server, tmp_path / "run", "--documents", str(documents), *flags)
        )

    assert code == 2
    assert "teacher.parameters.service_tier and --lane flex both choose a tier" in output


def test_file_is_sent_by_flex_but_for_requests_with_a_tier_of_their_own(
    server: RunningServer, tmp_path: Path
) -> None:
    in_path = write_requests(tmp_path / "in.jsonl", [f"q-{n}" for n in range(30)])
    lines = [orjson.loads(line) for line in in_path.read_bytes().splitlines()]
    lines[0]["body"]["service_tier"] = "priority"
    in_path.write_bytes(b"\n".join(map(orjson.dumps, lines)) + b"\n")
    server.control.configure(flex={"scarcity": 0.3})

    ended = send(server, in_path, tmp_path / "out.jsonl", "--lane", "flex")

    assert ended.code == 0, ended.said
    assert len(read_lines(tmp_path / "out.jsonl")) == 30
    assert server.control.settled_totals()["tiers"] == {"flex": 29, "priority": 1}
    assert f"{bill_usd(server):.4f}" in ended.said
