from collections import Counter
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.files.records import RecordLog, encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.dataset.rows.near_chunks import read_near_chunks
from jobs.evaluation.questions.build_samples import (
    evidence_text,
    held_out_samples,
    imported_sample,
    known_samples,
    near_unanswerable_samples,
    unanswerable_samples,
)
from schemas.dataset import HeldOutQuestion
from schemas.documents import Chunk, HeldOutCheck, LeakedText
from schemas.evaluation import Sample
from schemas.record import Span, content_id
from schemas.settings import EvaluationSettings
from tests.unit.jobs.evaluation.made_run import SUBJECTS, make_run, make_settings

HELD_OUT = ("lathe", "kiln", "loom", "saw")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "run", make_settings(), held_out=HELD_OUT)


async def draw(folder: RunFolder, settings: EvaluationSettings) -> list[Sample]:
    async with RecordLog(folder.results_path("chunks"), Chunk) as chunks:
        return held_out_samples(folder, chunks, settings)


async def test_held_out_question_comes_with_its_chunk_and_where_the_evidence_stands(
    folder: RunFolder,
) -> None:
    samples = await draw(folder, EvaluationSettings())

    assert {sample.path for sample in samples} == {f"{name}.md" for name in HELD_OUT}
    for sample in samples:
        name = sample.path.removesuffix(".md")
        assert sample.context.endswith(SUBJECTS[name])
        assert evidence_text(sample) == SUBJECTS[name]
        assert sample.title == f"{name} > Tools"
        assert sample.slice == "held_out_document"


async def test_dataset_of_chunks_that_changes_have_replaced_is_told_as_such(
    folder: RunFolder,
) -> None:
    folder.results_path("chunks").write_bytes(b"")

    with pytest.raises(ConfigError, match=r"`distill run .*` goes on and writes it anew"):
        await draw(folder, EvaluationSettings())


async def test_draw_is_bounded_and_a_higher_bound_only_adds_to_it(folder: RunFolder) -> None:
    two = await draw(folder, EvaluationSettings(max_held_out=2))
    three = await draw(folder, EvaluationSettings(max_held_out=3))
    other = [await draw(folder, EvaluationSettings(max_held_out=2, seed=n)) for n in range(8)]

    assert len(two) == 2
    assert three[:2] == two
    assert any(drawn != two for drawn in other)


async def test_unanswerable_question_has_a_context_that_shares_least_with_its_evidence(
    folder: RunFolder,
) -> None:
    held_out = await draw(folder, EvaluationSettings())

    swapped = list(unanswerable_samples(held_out, [], EvaluationSettings(max_unanswerable=3)))

    assert [sample.question for sample in swapped] == [sample.question for sample in held_out[:3]]
    for sample, original in zip(swapped, held_out, strict=False):
        assert sample.context != original.context
        assert sample.path != original.path
        assert evidence_text(original) not in sample.context
        assert sample.evidence == ()
    assert not {sample.sample_id for sample in swapped} & {sample.sample_id for sample in held_out}


def make_sample(name: str, question: str, context: str) -> Sample:
    return Sample(sample_id=name, slice="held_out_document", question=question, context=context)


def test_of_several_contexts_none_that_speaks_of_the_answer_is_taken() -> None:
    asked = make_sample("a", "How fast does the lathe turn?", "The lathe turns at 400 revolutions.")
    close = make_sample("b", "?", "A lathe of 400 revolutions turns oak as well.")
    far = make_sample("c", "?", "The kiln is heated with wood.")

    (swapped,) = unanswerable_samples([asked], [close, far], EvaluationSettings(max_unanswerable=1))

    assert swapped.context == far.context


NEIGHBOURS = {
    "care": "The lathe turns quietly when oak is cut, if its belt was oiled.",
    "same": "When oak is cut, the lathe turns at 400 revolutions per minute again.",
    "other": "Visitors leave their coats at the door.",
}


async def test_hard_text_is_of_the_same_document_and_lacks_the_words_of_the_answer(
    folder: RunFolder,
) -> None:
    (lathe,) = (sample for sample in await draw(folder, EvaluationSettings()) if is_lathe(sample))
    async with RecordLog(folder.results_path("chunks"), Chunk) as chunks:
        asked = chunks.require(lathe.chunk_ids[0])
    parts = [
        asked.model_copy(
            update={"chunk_id": content_id(name), "text": text, "start_char": 2_000 + place}
        )
        for place, (name, text) in enumerate(NEIGHBOURS.items())
    ]
    replace_file(folder.results_path("chunks"), map(encode_record, [asked, *parts]))

    question = lathe.model_copy(update={"question": "How does the lathe turn when oak is cut?"})
    async with RecordLog(folder.results_path("chunks"), Chunk) as chunks:
        near = read_near_chunks(folder, chunks, "held_out")
        found = list(near_unanswerable_samples([question], chunks, near))

    assert [(each.question, each.context) for each in found] == [
        (question.question, NEIGHBOURS["care"])
    ]
    assert found[0].slice == "unanswerable"
    assert not found[0].evidence


def is_lathe(sample: Sample) -> bool:
    return sample.path == "lathe.md"


def test_without_another_context_no_question_is_made_unanswerable() -> None:
    asked = make_sample("a", "How fast?", "At 400 revolutions.")

    assert list(unanswerable_samples([asked], [], EvaluationSettings())) == []


async def test_question_of_a_file_that_the_run_held_out_keeps_its_provenance(
    folder: RunFolder,
) -> None:
    drawn = {sample.question: sample for sample in await draw(folder, EvaluationSettings())}
    asked = "What is known of the kiln?"

    async with RecordLog(folder.results_path("chunks"), Chunk) as chunks:
        known = known_samples([asked, "What is known of the forge?"], folder, chunks)

    assert known == {asked: drawn[asked]}


async def test_imported_question_is_judged_against_all_chunks_that_were_found(
    folder: RunFolder,
) -> None:
    async with RecordLog(folder.results_path("chunks"), Chunk) as log:
        chunks = [
            log.require(sample.chunk_ids[0])
            for sample in held_out_samples(folder, log, EvaluationSettings(max_held_out=2))
        ]

    sample = imported_sample("Where?", chunks)

    assert sample.slice == "imported"
    assert Counter(sample.chunk_ids) == Counter(chunk.chunk_id for chunk in chunks)
    assert sample.context == f"{chunks[0].text}\n\n{chunks[1].text}"
    assert sample.title == f"{chunks[0].title} > Tools; {chunks[1].title} > Tools"


@pytest.mark.parametrize(("chars", "is_asked"), [(1.0, False), (0.6, False), (0.4, True)])
async def test_a_question_whose_evidence_stands_in_training_text_is_not_asked(
    folder: RunFolder, chars: float, is_asked: bool
) -> None:
    questions = read_records(folder.dataset_dir / "held_out.jsonl", HeldOutQuestion)
    asked = next(question for question in questions if "kiln" in question.question)
    (span,) = asked.evidence
    end = span.start_char + int(chars * (span.end_char - span.start_char))
    part = Span(start_char=span.start_char, end_char=end)
    leaked = LeakedText(chunk_id=asked.chunk_id, spans=(part,))
    check = HeldOutCheck(
        check_id="c",
        held_out_chunk_count=4,
        dropped_chunk_ids=(),
        leaked_share=0.1,
        leaked_text=(leaked,),
    )
    replace_file(folder.results_path("held_out_check"), [encode_record(check)])

    samples = await draw(folder, EvaluationSettings())

    assert len(samples) == (4 if is_asked else 3)
    assert ("kiln.md" in {sample.path for sample in samples}) is is_asked
