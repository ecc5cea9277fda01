"""A chunk whose questions repeat those of others is asked about once more, and never twice."""

from collections.abc import Sequence
from pathlib import Path

import orjson

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.calls import completed
from jobs.dataset.ask_teacher import QUESTIONS
from jobs.dataset.questions.further_questions import FURTHER
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.run.reset import reset_stages
from jobs.run.run_stages import run_stages
from schemas.dataset import Question, Rejection
from schemas.documents import Chunk, HeldOutCheck
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import RunSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.teacher import TEXT, WHEN, WHY, make_chunk, reply_with
from tests.unit.jobs.evaluation.made_run import make_settings
from tests.unit.jobs.run.contexts import make_context

TWO = ("questions.per_chunk=2", "questions.top_up_below=0.5")
SETTINGS = make_settings(*TWO)
CRASH = "What may happen to a maintainer script after a crash?"
LAST = "Which scripts or triggers are run last of all?"
MANUAL = "Manual"
OTHER_THRESHOLDS = (
    "questions.max_near_duplicate=0.95",
    "questions.max_near_duplicate=0.2",
    "questions.min_evidence_overlap=0.9",
    "questions.max_chars=45",
    "questions.filters=phrases",
)
LEANS = "What does the text say about scripts?"
FIRST = ((1, WHY), (3, WHEN))
FURTHER_ASKED = ((2, CRASH), (4, LAST))


class Teacher:
    """An `Ask` with a journal; replies by the number of the call about a chunk."""

    def __init__(
        self,
        journal: Journal,
        first: Sequence[tuple[int, str]],
        further: Sequence[tuple[int, str]],
        first_of_manual: Sequence[tuple[int, str]],
    ) -> None:
        self._journal = journal
        self._replies = [
            reply_with(*(([n], text) for n, text in each))
            for each in (first, further, first_of_manual)
        ]
        self.bought: list[Request] = []

    async def __call__(self, request: Request) -> Outcome:
        if (settled := self._journal.get(request.request_id)) is not None:
            return settled
        self.bought.append(request)
        payload = request.payload.decode()
        which = 2 if f"Document: {MANUAL}" in payload else 0
        which = 1 if "were asked about the text before" in payload else which
        outcome = completed(request, orjson.dumps(self._replies[which]).decode())
        await self._journal.append(outcome)
        return outcome


def make_folder(run_dir: Path, chunks: Sequence[Chunk]) -> RunFolder:
    folder = RunFolder(run_dir)
    folder.create()
    replace_file(folder.results_path("chunks"), map(encode_record, chunks))
    check = HeldOutCheck(
        check_id="0" * 32, held_out_chunk_count=0, dropped_chunk_ids=(), leaked_share=0.0
    )
    replace_file(folder.results_path("held_out_check"), [encode_record(check)])
    return folder


def make_twins(count: int) -> list[Chunk]:
    """Chunks of which the same can be asked, in the order of their ids."""
    made = [make_chunk(TEXT, start_char=1000 * number) for number in range(count)]
    return sorted(made, key=lambda chunk: chunk.chunk_id)


async def ask(
    folder: RunFolder,
    settings: RunSettings = SETTINGS,
    *,
    first: Sequence[tuple[int, str]] = FIRST,
    further: Sequence[tuple[int, str]] = FURTHER_ASKED,
    first_of_manual: Sequence[tuple[int, str]] = FIRST,
    is_anew: bool = False,
) -> list[Request]:
    """What was bought to come to the kept questions; `is_anew`: as after another threshold."""
    stages = (QUESTIONS, FURTHER, KEPT_QUESTIONS)
    if is_anew:
        reset_stages(folder, stages)
    async with Journal(folder.journal_path) as journal:
        teacher = Teacher(journal, first, further, first_of_manual)
        end = await run_stages(stages, make_context(folder, settings, teacher, journal))
    assert end.is_done
    return teacher.bought


def kept(folder: RunFolder) -> list[tuple[str, str]]:
    found = read_records(folder.results_path("kept_questions"), Question)
    return sorted((each.chunk_id, each.text) for each in found)


async def test_chunk_whose_questions_repeat_others_is_asked_once_more_and_sees_them(
    tmp_path: Path,
) -> None:
    one, other = make_twins(2)
    folder = make_folder(tmp_path, [one, other])

    *_, further = await ask(folder)
    again = await ask(folder)

    user = orjson.loads(further.payload)["messages"][1]["content"]
    assert user.startswith("At most 2 questions.")
    assert user.endswith(f"- {WHY}\n- {WHEN}")
    assert kept(folder) == sorted(
        [(one.chunk_id, WHY), (one.chunk_id, WHEN), (other.chunk_id, CRASH), (other.chunk_id, LAST)]
    )
    assert again == []


async def test_another_threshold_buys_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, make_twins(3))
    bought = await ask(folder)

    assert len(bought) == 5
    for other in OTHER_THRESHOLDS:
        assert await ask(folder, make_settings(*TWO, other), is_anew=True) == [], other
    assert await ask(folder, is_anew=True) == []


async def test_what_is_asked_does_not_depend_on_which_questions_are_repeated(
    tmp_path: Path,
) -> None:
    settings = make_settings("questions.per_chunk=2", "questions.top_up_below=1")
    one, other = make_twins(2)
    one = one.model_copy(update={"title": MANUAL})
    bought = []
    for first_of_manual in (FIRST, FIRST[:1]):
        folder = make_folder(tmp_path / str(len(first_of_manual)), [one, other])
        bought.append(await ask(folder, settings, first_of_manual=first_of_manual))
        assert (other.chunk_id, CRASH) in kept(folder)

    wholly, partly = bought
    assert [each.request_id for each in wholly] == [each.request_id for each in partly]
    assert "At most 1 questions" in wholly[-1].payload.decode()


async def test_chunk_that_filters_have_had_topped_up_is_not_asked_a_third_time(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path, make_twins(2))

    bought = await ask(folder, first=((1, LEANS), (3, LEANS)), further=FIRST)

    assert len(bought) == 4
    assert not folder.results_path("further_questions").exists() or not list(
        read_records(folder.results_path("further_questions"), Question)
    )


@each_row("off", ["questions.top_up_repeats=false", "questions.top_up_below=0"])
async def test_where_it_is_not_wanted_nothing_further_is_asked(off: str, tmp_path: Path) -> None:
    folder = make_folder(tmp_path, make_twins(2))

    assert len(await ask(folder, make_settings(*TWO, off))) == 2
    assert len(kept(folder)) == 2


async def test_chunk_about_which_there_is_nothing_more_to_ask_says_so_once(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, make_twins(2))

    await ask(folder, further=())

    ledger = list(read_records(folder.rejected_path, Rejection))
    assert [each.reason for each in ledger if each.stage == "further_questions"] == ["no_questions"]
    assert await ask(folder) == []


async def test_chunk_whose_first_reply_is_gone_is_left_as_it_is(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, make_twins(2))
    await ask(folder, make_settings(*TWO, "questions.top_up_repeats=false"))
    reset = folder.finished_path("kept_questions")
    reset.unlink()
    folder.results_path("kept_questions").unlink()
    folder.journal_path.unlink()

    assert await ask(folder) == []
    assert len(kept(folder)) == 2


async def test_text_that_must_not_be_sent_is_not(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, make_twins(2))
    await ask(folder, make_settings(*TWO, "questions.top_up_repeats=false"))
    key = f" {'AKIA' + 'ABCDEFGHIJKLMNOP'}"
    chunks = [
        each.model_copy(update={"text": each.text + key})
        for each in read_records(folder.results_path("chunks"), Chunk)
    ]
    replace_file(folder.results_path("chunks"), map(encode_record, chunks))

    assert await ask(folder, make_settings(*TWO, "questions.sends=no_secrets")) == []


@each_row("other", [(), ("questions.max_chars=299",)])
async def test_questions_about_other_names_in_the_same_words_are_no_repeats(
    tmp_path: Path, other: tuple[str, ...]
) -> None:
    asked = "Which maintainer script of a package runs before {} in the order of scripts?"
    defaults = "Why is it that maintainer scripts of a package run in the order of {}?"
    text = f"{TEXT} It names dpkg_first and dpkg_last too."
    one, last = (make_chunk(text, start_char=1000 * n) for n in (1, 2))
    last = last.model_copy(update={"title": MANUAL})
    folder = make_folder(tmp_path, sorted([one, last], key=lambda chunk: chunk.chunk_id))
    first, of_manual = (
        ((1, asked.format(name)), (3, defaults.format(name)))
        for name in ("dpkg_first", "dpkg_last")
    )

    bought = await ask(folder, make_settings(*TWO, *other), first=first, first_of_manual=of_manual)

    assert len(bought) == 2
    assert len(kept(folder)) == 4
