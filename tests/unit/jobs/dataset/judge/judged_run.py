"""A run with answers that wait for the judge, and a judge that replies from a script."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.calls import completed
from engine.testing.stage_parts import FakeAsk
from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.dataset.rows.export_dataset import EXPORT
from jobs.run.run_stages import run_stages
from schemas.dataset import Answer, Question
from schemas.outcomes import Outcome
from schemas.record import content_id
from schemas.requests import Request
from schemas.settings import RunSettings
from tests.unit.jobs.evaluation.made_run import REQUEST_ID, make_run
from tests.unit.jobs.run.contexts import make_context

FINE: Mapping[str, Any] = {
    "claims": [{"claim": "all of it", "sentence": 2}],
    "complete": True,
    "answerable": True,
    "stands_alone": True,
    "points_at_text": False,
    "kind_fits": True,
    "language_fits": True,
    "useful": 4,
    "reworded": "",
}


def make_answered_run(
    run_dir: Path, settings: RunSettings, *, held_out: Sequence[str] = ("lathe", "kiln", "loom")
) -> RunFolder:
    """A run of twelve chunks, each with one question; those that are not held out have answers."""
    folder = make_run(run_dir, settings, held_out=held_out)
    questions = read_records(folder.results_path("kept_questions"), Question)
    answers = [_answer(each) for each in questions if each.side == "train"]
    replace_file(folder.results_path("answers"), map(encode_record, answers))
    return folder


def _answer(question: Question) -> Answer:
    text = f"All of it, for {question.text}"
    return Answer(
        answer_id=content_id("answer", question.question_id, text),
        question_id=question.question_id,
        chunk_id=question.chunk_id,
        document_id=question.document_id,
        side=question.side,
        text=text,
        evidence=question.evidence,
        scores={},
        model="teacher",
        request_id=REQUEST_ID,
    )


def verdicts(*changes: Mapping[str, Any]) -> str:
    """The judge's reply on so many pairs, each fine but for its changes."""
    said = [{"pair": n, **FINE, **change} for n, change in enumerate(changes, start=1)]
    return json.dumps({"verdicts": said})


def judge_saying(reply: Callable[[str], str]) -> FakeAsk:
    """A judge whose reply depends on what it is shown: the last message of its request."""

    def respond(request: Request) -> Outcome:
        shown = json.loads(request.payload)["messages"][-1]["content"]
        return completed(request, reply(shown))

    return FakeAsk(respond)


async def judge_rows(
    folder: RunFolder, settings: RunSettings, ask: FakeAsk
) -> Sequence[dict[str, Any]]:
    """Judge and write the dataset; the rows that came of it."""
    async with Journal(folder.journal_path) as journal:
        await run_stages((VERDICTS, EXPORT), make_context(folder, settings, ask, journal))
    files = [folder.dataset_dir / name for name in ("train.jsonl", "validation.jsonl")]
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]
