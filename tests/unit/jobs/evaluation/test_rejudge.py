from collections.abc import Sequence
from pathlib import Path

from engine.files.records import encode_record
from engine.run_folder import RunFolder
from jobs.evaluation.answer_samples import MODEL_ANSWERS, answer_tasks
from jobs.evaluation.questions.build_samples import SAMPLES
from jobs.evaluation.rejudge import answered_modes
from schemas.evaluation import Mode, ModelAnswer, Role, Sample
from tests.rows import each_row
from tests.unit.jobs.evaluation.made_run import MODEL_ANSWER, make_settings

SETTINGS = make_settings("baseline.model=small", "tuned.model=tuned")
SAMPLE = Sample(sample_id="s1", slice="held_out_document", question="Why?", context="So.")


def answer(role: Role, model: str, mode: Mode) -> ModelAnswer:
    (task,) = answer_tasks([SAMPLE], {role: model}, mode, SETTINGS)
    return MODEL_ANSWER.model_copy(
        update={
            "answer_id": task.answer_id,
            "sample_id": "s1",
            "role": role,
            "model": model,
            "mode": mode,
            "text": "So.",
            "request_id": "r1",
        }
    )


@each_row(
    "roles, modes",
    [((), ["open", "closed"]), (("tuned",), ["closed"]), (("baseline",), ["open"])],
)
def test_only_modes_in_which_roles_asked_for_have_answered_are_judged_again(
    tmp_path: Path, roles: Sequence[Role], modes: list[Mode]
) -> None:
    folder = RunFolder(tmp_path)
    given = [answer("baseline", "small", "open"), answer("tuned", "tuned", "closed")]
    for name, records in ((SAMPLES.name, [SAMPLE]), (MODEL_ANSWERS.name, given)):
        path = folder.results_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(encode_record(each) + b"\n" for each in records))

    assert answered_modes(folder, SETTINGS, roles) == modes
