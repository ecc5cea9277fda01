"""A run of one document with two chunks that belong together, and a teacher that knows both."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import Deferred
from engine.files.journal import Journal
from engine.files.records import encode_record
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.calls import completed
from engine.testing.stage_parts import FakeAsk
from jobs.dataset.ask_teacher import ANSWERS, QUESTIONS
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.rows.export_dataset import EXPORT
from jobs.run.run_stages import run_stages
from schemas.documents import Chunk, HeldOutCheck, Side
from schemas.outcomes import Outcome
from schemas.record import content_id
from schemas.requests import Request
from schemas.settings import RunSettings
from tests.unit.jobs.evaluation.made_run import make_settings
from tests.unit.jobs.run.contexts import make_context

EVERY = ("questions.pair_fraction=1", "questions.per_chunk=1", "questions.top_up_below=0")
PAIRED = make_settings(*EVERY, "dataset.unanswerable_fraction=0")
KILN = (
    "The kiln of the potter is heated to 1220 degrees before porcelain goes in. Its door stays "
    "shut for two days."
)
GLAZE = (
    "Cobalt glaze on porcelain turns grey above 1200 degrees. A potter therefore paints cobalt "
    "below the glaze."
)
BEES = "Bees are fed in autumn. They fly out in spring, when willows bloom along the river."
QUESTION = "Why does cobalt glaze turn grey on porcelain that a potter puts into the kiln?"
ANSWER = (
    "Cobalt glaze turns grey above 1200 degrees, and the kiln is heated to 1220 degrees before "
    "porcelain goes in."
)


def make_piece(number: int, text: str, *, side: Side = "train", document: str = "pots") -> Chunk:
    return Chunk(
        chunk_id=content_id("chunk", document, number),
        document_id=content_id(document),
        path=f"{document}.md",
        title="Pots",
        side=side,
        start_char=number * 1000,
        end_char=number * 1000 + len(text),
        first_page=None,
        last_page=None,
        headings=(f"Part {number}",),
        token_count=40,
        text=text,
    )


def make_pieces(*texts: str) -> list[Chunk]:
    return [make_piece(number, text) for number, text in enumerate(texts)]


def make_paired_run(
    run_dir: Path, chunks: Sequence[Chunk], leaked: Sequence[str] = ()
) -> RunFolder:
    folder = RunFolder(run_dir)
    folder.create()
    replace_file(folder.results_path("chunks"), map(encode_record, chunks))
    check = HeldOutCheck(
        check_id="0" * 32,
        held_out_chunk_count=0,
        dropped_chunk_ids=tuple(leaked),
        leaked_share=0.0,
    )
    replace_file(folder.results_path("held_out_check"), [encode_record(check)])
    return folder


def is_of_pair(request: Request) -> bool:
    return shown_to(request).count("\nSection: ") == 2


def shown_to(request: Request) -> str:
    shown: str = json.loads(request.payload)["messages"][-1]["content"]
    return shown


class Teacher(FakeAsk):
    """Asks one question that needs both chunks, and one about each; answers what it asks.

    `evidence` are the sentences of the question about both, `answer` is what is said to it.
    """

    def __init__(
        self,
        *,
        evidence: Sequence[int] = (1, 3),
        answer_evidence: Sequence[int] = (1, 3),
        answer: str = ANSWER,
    ) -> None:
        super().__init__(self._reply)
        self._evidence = evidence
        self._answer_evidence = answer_evidence
        self._said = answer

    def _reply(self, request: Request) -> Outcome:
        shown = shown_to(request)
        if request.purpose == "questions" and is_of_pair(request):
            draft = {"evidence": self._evidence, "kind": "why", "question": QUESTION}
            return completed(request, json.dumps({"questions": [draft]}))
        if request.purpose == "questions":
            draft = {"evidence": [1], "kind": "factual", "question": own_question(shown)}
            return completed(request, json.dumps({"questions": [draft]}))
        return completed(request, json.dumps(self._answer(shown)))

    def _answer(self, shown: str) -> dict[str, Any]:
        if shown.endswith(QUESTION):
            return {"evidence": self._answer_evidence, "answer": self._said}
        return {"evidence": [1], "answer": own_answer(shown)}


def own_question(shown: str) -> str:
    """About the first sentence of a chunk."""
    words = [word for word in own_answer(shown).rstrip(".").split() if len(word) > 4]
    return f"What is said of {' '.join(words[:4]).lower()}?"


def own_answer(shown: str) -> str:
    """The first sentence of a chunk."""
    line = next(line for line in shown.splitlines() if line.startswith("[1] "))
    return line.removeprefix("[1] ")


class Spooling(FakeAsk):
    """A batch lane: everything is put off."""

    def __init__(self) -> None:
        super().__init__(self._spool)

    def _spool(self, _: Request) -> Outcome:
        raise Deferred


async def run_to_rows(
    folder: RunFolder, ask: FakeAsk, settings: RunSettings = PAIRED
) -> list[list[dict[str, str]]]:
    """Ask, keep, answer and write; the messages of the rows."""
    stages = (QUESTIONS, KEPT_QUESTIONS, ANSWERS, EXPORT)
    async with Journal(folder.journal_path) as journal:
        await run_stages(stages, make_context(folder, settings, ask, journal))
    names = ("train.jsonl", "validation.jsonl")
    lines = (each for n in names for each in (folder.dataset_dir / n).read_text().splitlines())
    return [json.loads(line)["messages"] for line in lines]
