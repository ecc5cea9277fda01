"""`distill evaluate` of a student on one server, with teacher and judge on another."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.errors import AuthError
from engine.files.journal import read_settled
from engine.run_folder import RunFolder
from engine.wire.endpoints import Endpoint
from jobs.evaluation.evaluate import EvaluationOrder, evaluate
from jobs.evaluation.read_evaluation import read_evaluation
from jobs.run.lanes import LaneOrder
from jobs.settings.roles import ROLE_NAMES, read_role_endpoints
from schemas.settings import RunSettings
from tests.integration.jobs.evaluation.workshop import JUDGE, TEACHER, Workshop, hosted
from tests.openai_server import ModelCard, OpenAIServer, ServerConfig
from tests.unit.jobs.evaluation.made_run import make_run, make_settings

STUDENT = "student-1b"
STUDENTS_KEY = "sk-of-the-student"
FAST = ("batch.poll_s=0.05", "batch.max_poll_s=0.1", "batch.settle_s=0")


def on_this_machine() -> OpenAIServer:
    cards = (ModelCard(id=STUDENT), ModelCard(id="base-1b"))
    config = ServerConfig(models=cards, api_keys=(STUDENTS_KEY,))
    return OpenAIServer(config, responder=Workshop(is_constant=True))


def settings_for(student: OpenAIServer, *assignments: str) -> RunSettings:
    return make_settings(
        f"tuned.model={STUDENT}",
        f"tuned.base_url={student.base_url}",
        "tuned.key_variable=STUDENT_KEY",
        *FAST,
        *assignments,
    )


def make_order(
    run_dir: Path,
    settings: RunSettings,
    teacher: OpenAIServer,
    keys: Mapping[str, str] = {"STUDENT_KEY": STUDENTS_KEY},
) -> EvaluationOrder:
    folder = RunFolder(run_dir)
    if not folder.is_begun:
        make_run(run_dir, settings)
    return EvaluationOrder(
        folder,
        settings,
        [Endpoint(teacher.base_url, teacher.api_key)],
        role_endpoints=read_role_endpoints(settings, keys, ROLE_NAMES),
    )


def models_asked(server: OpenAIServer) -> Counter[str]:
    return Counter(str(call.model) for call in server.calls)


async def test_each_server_is_asked_for_its_own_models_alone(tmp_path: Path) -> None:
    async with hosted() as teacher, on_this_machine() as student:
        order = make_order(tmp_path / "run", settings_for(student), teacher)
        end = await evaluate(order)
        at_teachers, at_students = models_asked(teacher), models_asked(student)
        again = await evaluate(order)
        count_again = len(teacher.calls) + len(student.calls)
        refused = [call for call in (*teacher.calls, *student.calls) if call.status != 200]

    answers = read_evaluation(order.folder, order.settings).answers
    assert end.is_done
    assert again.is_done
    assert set(at_teachers) == {TEACHER, JUDGE, "text-embedding-3-small"}
    assert at_students == {STUDENT: sum(answer.role == "tuned" for answer in answers)}
    assert count_again == sum(at_teachers.values()) + sum(at_students.values())
    assert refused == []  # a wrong key would have been


async def test_model_on_this_machine_is_free_and_needs_no_price_within_a_budget(
    tmp_path: Path,
) -> None:
    async with hosted() as teacher, on_this_machine() as student:
        order = make_order(tmp_path / "run", settings_for(student, "budget.usd=5"), teacher)
        end = await evaluate(order)

    answers = read_evaluation(order.folder, order.settings).answers
    assert end.is_done
    assert {a.cost_usd for a in answers if a.role == "tuned"} == {0.0}
    assert all(a.cost_usd for a in answers if a.role == "teacher")
    assert sum(settled.cost_usd or 0.0 for settled in read_settled(order.folder.journal_path)) > 0


async def test_in_batches_other_servers_than_the_teachers_are_asked_live(tmp_path: Path) -> None:
    async with hosted() as teacher, on_this_machine() as student:
        order = make_order(tmp_path / "run", settings_for(student), teacher)
        end = await evaluate(order._replace(lane=LaneOrder("batch", state_dir=tmp_path / "state")))
        live_count, students = len(teacher.calls), models_asked(student)

    settled = read_settled(order.folder.journal_path)
    lanes = Counter(each.lane for each in settled if each.purpose.startswith("evaluation"))
    assert end.is_done
    assert live_count == 0
    assert set(students) == {STUDENT}
    assert lanes["live"] == students[STUDENT]
    assert lanes["batch"] > lanes["live"]


async def test_moved_student_is_asked_nothing_again(tmp_path: Path) -> None:
    async with hosted() as teacher, on_this_machine() as first, on_this_machine() as second:
        before = make_order(tmp_path / "run", settings_for(first), teacher)
        await evaluate(before)
        asked_count = len(teacher.calls)

        after = make_order(tmp_path / "run", settings_for(second), teacher)
        end = await evaluate(after)

        assert end.is_done
        assert len(teacher.calls) == asked_count
        assert len(second.calls) == 0


async def test_wrong_key_of_one_server_ends_the_evaluation_and_is_nowhere(tmp_path: Path) -> None:
    wrong = "sk-wrong-and-secret"
    async with hosted() as teacher, on_this_machine() as student:
        settings = settings_for(student)
        order = make_order(tmp_path / "run", settings, teacher, {"STUDENT_KEY": wrong})
        with pytest.raises(AuthError, match="401") as error:
            await evaluate(order)

    assert str(settings.tuned.base_url) in str(error.value)
    texts = [path.read_bytes() for path in order.folder.run_dir.rglob("*") if path.is_file()]
    assert wrong not in str(error.value)
    assert not any(wrong.encode() in text for text in texts)


async def test_settings_of_the_run_keep_the_addresses_and_name_no_key(tmp_path: Path) -> None:
    async with hosted() as teacher, on_this_machine() as student:
        order = make_order(tmp_path / "run", settings_for(student), teacher)
        await evaluate(order)
        text = order.folder.config_path.read_text()

    assert f'base_url = "{order.settings.tuned.base_url}"' in text
    assert 'key_variable = "STUDENT_KEY"' in text
    assert STUDENTS_KEY not in text
