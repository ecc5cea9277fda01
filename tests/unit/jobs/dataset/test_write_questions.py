import math
from collections import Counter

import orjson
import pytest

from jobs.dataset.draw_kinds import KINDS, draw_kinds
from jobs.dataset.write_questions import write_questions
from jobs.settings.resolve import read_assignments, resolve_settings
from schemas.dataset import Kind, Question, Rejection
from schemas.outcomes import Outcome
from schemas.record import content_id
from schemas.requests import Json, Request
from schemas.settings import QuestionSettings
from tests.unit.jobs.dataset.teacher import SETTINGS, TEXT, ScriptedTeacher, make_chunk

WHY = "Why must a maintainer script be idempotent?"
WHEN = "When does the prerm script run?"


def reply_with(*drafts: tuple[list[int], str]) -> Json:
    return {
        "questions": [
            {"evidence": list(evidence), "kind": "why", "question": question}
            for evidence, question in drafts
        ]
    }


async def only_rejection(teacher: ScriptedTeacher) -> Rejection:
    (rejection,) = await write_questions(make_chunk(), teacher, SETTINGS)
    assert isinstance(rejection, Rejection)
    assert rejection.stage == "questions"
    return rejection


async def test_question_points_at_its_evidence_in_document_characters() -> None:
    teacher = ScriptedTeacher(reply_with(([2, 1], WHY)))

    (question,) = await write_questions(make_chunk(start_char=1000), teacher, SETTINGS)

    assert isinstance(question, Question)
    cited = [TEXT[s.start_char - 1000 : s.end_char - 1000] for s in question.evidence]
    assert cited == [
        "A maintainer script must be idempotent.",
        "It may be run twice after a crash.",
    ]
    assert question.text == WHY
    assert question.kind == "why"
    assert question.scores == {"evidence_overlap": 1.0}
    assert question.question_id == content_id("question", make_chunk().chunk_id, WHY)
    assert question.request_id == teacher.requests[0].request_id


async def test_each_draft_ends_as_a_question_or_a_rejection_in_its_place() -> None:
    teacher = ScriptedTeacher(
        reply_with(([1], WHY), ([1], "What does the text say about scripts?"), ([3], WHEN))
    )

    first, second, third = await write_questions(make_chunk(), teacher, SETTINGS)

    assert isinstance(first, Question)
    assert isinstance(second, Rejection)
    assert isinstance(third, Question)
    assert second.reason == "leans_on_context"
    assert second.text == "What does the text say about scripts?"
    assert second.item_id == content_id("question", make_chunk().chunk_id, second.text)


async def test_question_that_comes_again_in_other_letters_is_rejected_as_repeated() -> None:
    teacher = ScriptedTeacher(reply_with(([1], WHY), ([1], WHY.upper()), ([1], WHY.upper())))

    first, second = await write_questions(make_chunk(), teacher, SETTINGS)

    assert isinstance(first, Question)
    assert isinstance(second, Rejection)
    assert second.reason == "repeated"


async def test_question_is_kept_as_one_plain_line_with_the_tokens_of_the_document() -> None:
    teacher = ScriptedTeacher(
        reply_with(([1], "Why must \x1b[2J maintainer\n scripts end in < |x|> ?\n"))
    )

    (question,) = await write_questions(make_chunk(), teacher, SETTINGS)

    assert isinstance(question, Question)
    assert question.text == "Why must [2J maintainer scripts end in <|x|> ?"


@pytest.mark.parametrize("number", [0, 5, -1])
async def test_evidence_that_is_no_sentence_of_the_chunk_is_rejected(number: int) -> None:
    rejection = await only_rejection(ScriptedTeacher(reply_with(([1, number], WHY))))

    assert rejection.reason == "evidence_out_of_range"
    assert (rejection.score, rejection.threshold) == (number, 4)


async def test_question_without_evidence_is_rejected() -> None:
    rejection = await only_rejection(ScriptedTeacher(reply_with(([], WHY))))

    assert rejection.reason == "no_evidence"


async def test_chunk_without_questions_is_rejected() -> None:
    rejection = await only_rejection(ScriptedTeacher({"questions": []}))

    assert rejection.reason == "no_questions"
    assert rejection.item_id == make_chunk().chunk_id


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b'{"questions": [',
        b"null",
        b'{"questions": null}',
        b'{"questions": [], "more": 1}',
        b'{"questions": [{"evidence": ["1"], "kind": "why", "question": "Why?"}]}',
        b'{"questions": [{"evidence": [1], "kind": "riddle", "question": "Why?"}]}',
        b'{"questions": [{"evidence": [1], "kind": "why"}]}',
        b"[" * 100_000,
    ],
)
async def test_reply_of_another_shape_is_rejected_as_malformed(content: bytes) -> None:
    rejection = await only_rejection(ScriptedTeacher(content))

    assert rejection.reason == "malformed_output"
    assert rejection.item_id == make_chunk().chunk_id


async def test_failed_request_rejects_the_chunk_with_the_code_of_the_failure() -> None:
    rejection = await only_rejection(ScriptedTeacher({}, failure="truncated"))

    assert rejection.reason == "truncated"
    assert rejection.detail == "said no"


async def test_all_but_the_user_message_is_the_same_for_all_chunks() -> None:
    one = ScriptedTeacher({"questions": []})
    other = ScriptedTeacher({"questions": []})

    await write_questions(make_chunk(), one, SETTINGS)
    await write_questions(make_chunk("Another text. " * 9, title="Manual"), other, SETTINGS)

    assert one.messages()[0] == other.messages()[0]
    assert one.messages()[1] != other.messages()[1]
    assert one.body() | {"messages": None} == other.body() | {"messages": None}


async def test_schema_is_strict_and_has_the_evidence_first() -> None:
    teacher = ScriptedTeacher({"questions": []})

    await write_questions(make_chunk(), teacher, SETTINGS)

    response_format = orjson.dumps(teacher.body()["response_format"])
    schema = orjson.loads(response_format)["json_schema"]
    draft = schema["schema"]["properties"]["questions"]["items"]
    assert schema["strict"] is True
    assert list(draft["properties"]) == ["evidence", "kind", "question"]
    for node in (schema["schema"], draft):
        assert node["required"] == list(node["properties"])
        assert node["additionalProperties"] is False
    assert b"pattern" not in response_format


async def test_kinds_are_asked_for_by_quota_and_the_text_comes_last() -> None:
    teacher = ScriptedTeacher({"questions": []})
    chunk = make_chunk()

    await write_questions(chunk, teacher, SETTINGS)

    kinds = draw_kinds(chunk.chunk_id, 3, SETTINGS.questions.kind_weights)
    user = teacher.messages()[1]
    assert user.startswith(f"At most 3 questions. Kinds wanted: {', '.join(kinds)}.\n\n=== TEXT ")
    assert user.splitlines()[-1].startswith("=== END ")


@pytest.mark.parametrize("temperature", [None, 0.0, 0.7])
async def test_temperature_is_sent_only_if_set(temperature: float | None) -> None:
    settings = SETTINGS.model_copy(
        update={"questions": QuestionSettings(temperature=temperature, max_output_tokens=123)}
    )
    teacher = ScriptedTeacher({"questions": []})

    await write_questions(make_chunk(), teacher, settings)

    assert teacher.body().get("temperature") == temperature
    assert ("temperature" in teacher.body()) is (temperature is not None)
    assert teacher.requests[0].max_output_tokens == 123


async def test_dollar_signs_and_braces_of_a_document_are_not_filled_in() -> None:
    teacher = ScriptedTeacher({"questions": []})

    await write_questions(
        make_chunk("Set $text and ${kinds} to {count} or $$ or %s."), teacher, SETTINGS
    )

    assert "[1] Set $text and ${kinds} to {count} or $$ or %s." in teacher.messages()[1]


WEIGHTS = QuestionSettings().kind_weights


def test_same_chunk_is_asked_for_the_same_kinds_whatever_the_order_of_the_weights() -> None:
    reordered = dict(sorted(WEIGHTS.items(), reverse=True))

    drawn = draw_kinds("chunk-1", 3, WEIGHTS)

    assert drawn == draw_kinds("chunk-1", 3, reordered)


@pytest.mark.parametrize("count", [1, 3, 7])
def test_shares_of_kinds_are_those_of_the_weights(count: int) -> None:
    drawn = Counter(kind for i in range(2000) for kind in draw_kinds(f"chunk-{i}", count, WEIGHTS))

    shares = {kind: drawn[kind] / (2000 * count) for kind in KINDS}
    assert shares == pytest.approx(WEIGHTS, abs=0.03)


def test_no_chunk_is_more_than_one_off_its_quota() -> None:
    quota = {kind: 5 * WEIGHTS[kind] for kind in KINDS}

    counts = [Counter(draw_kinds(f"chunk-{i}", 5, WEIGHTS)) for i in range(200)]

    assert all(
        math.floor(quota[kind]) <= count[kind] <= math.ceil(quota[kind])
        for count in counts
        for kind in KINDS
    )


def test_kind_without_weight_is_never_drawn() -> None:
    only: dict[Kind, float] = {"factual": 0.0, "why": 2.0}

    drawn = {kind for i in range(50) for kind in draw_kinds(f"chunk-{i}", 4, only)}

    assert drawn == {"why"}


async def test_drop_says_what_the_teacher_had_said_so_that_it_can_be_judged_by_itself() -> None:
    teacher = ScriptedTeacher(reply_with(([3, 4], "Can the prerm script run first of all?")))

    rejection = await only_rejection(teacher)

    assert rejection.reason == "yes_or_no"
    assert rejection.kind == "why"
    cited = [TEXT[s.start_char - 1000 : s.end_char - 1000] for s in rejection.evidence]
    assert cited == [
        "The prerm script runs before files are removed.",
        "Triggers are run last of all.",
    ]
    assert rejection.scores.keys() == {"evidence_overlap"}


async def test_teacher_may_choose_the_kinds() -> None:
    questions = QuestionSettings(kinds="chosen", kind_weights={"why": 1.0, "factual": 0.5})
    settings = SETTINGS.model_copy(update={"questions": questions})
    teacher = ScriptedTeacher(reply_with(([1], WHY)))

    await write_questions(make_chunk(), teacher, settings)

    _, user = teacher.messages()
    assert user.startswith("At most 3 questions. Kinds to choose from")
    assert "factual, why" in user


class TwoReplies(ScriptedTeacher):
    """A teacher with one reply for the first request and one for what is asked further."""

    def __init__(self, first: Json, second: Json) -> None:
        super().__init__(first)
        self._second = ScriptedTeacher(second)

    async def __call__(self, request: Request) -> Outcome:
        if self.requests:
            self.requests.append(request)
            return await self._second(request)
        return await super().__call__(request)


TOPPED_UP = SETTINGS.model_copy(update={"questions": QuestionSettings()})
LEANS = "What does the text say about scripts?"


async def test_chunk_of_which_too_little_is_kept_is_asked_once_more_and_sees_what_was_asked() -> (
    None
):
    teacher = TwoReplies(reply_with(([1], LEANS), ([1], WHY)), reply_with(([3], WHEN), ([1], WHY)))

    written = await write_questions(make_chunk(), teacher, TOPPED_UP)

    assert [each.text for each in written if isinstance(each, Question)] == [WHY, WHEN]
    assert [r.reason for r in written if isinstance(r, Rejection)] == [
        "leans_on_context",
        "repeated",
    ]
    first, second = (orjson.loads(request.payload) for request in teacher.requests)
    user = second["messages"][1]["content"]
    listing = first["messages"][1]["content"].partition("=== TEXT")[2]
    assert user.startswith("At most 2 questions.")
    assert user.endswith(f"- {LEANS}\n- {WHY}")
    assert user.partition("=== TEXT")[2].startswith(listing)
    kinds = draw_kinds(make_chunk().chunk_id, 3, WEIGHTS)
    wanted = (Counter(kinds) - Counter(["why"])).elements()
    assert f"Kinds wanted: {', '.join(wanted)}." in user


@pytest.mark.parametrize(
    ("drafts", "share"),
    [
        ((([1], WHY),), 0.5),  # the teacher wrote no more
        ((([1], WHY), ([3], WHEN), ([1], LEANS)), 0.5),  # enough is kept
        ((([1], LEANS),), 0.0),
        ((), 1.0),
    ],
)
async def test_chunk_is_asked_once_where_filters_took_little(
    drafts: tuple[tuple[list[int], str], ...], share: float
) -> None:
    teacher = ScriptedTeacher(reply_with(*drafts))
    questions = QuestionSettings(top_up_below=share)

    await write_questions(
        make_chunk(), teacher, SETTINGS.model_copy(update={"questions": questions})
    )

    assert len(teacher.requests) == 1


async def test_what_was_kept_stays_where_the_further_call_brings_nothing() -> None:
    replies: tuple[Json, ...] = ({"questions": []}, {"no": "questions"})
    for second in replies:
        teacher = TwoReplies(reply_with(([1], LEANS), ([1], WHY)), second)

        written = await write_questions(make_chunk(), teacher, TOPPED_UP)

        assert [each.text for each in written if isinstance(each, Question)] == [WHY]
        reasons = [each.reason for each in written if isinstance(each, Rejection)]
        assert reasons[1:] == ([] if second == replies[0] else ["malformed_output"])


@pytest.mark.parametrize(
    "other", [{"max_chars": 20}, {"min_evidence_overlap": 1.0}, {"filters": "phrases"}]
)
async def test_another_threshold_asks_nothing_and_changes_nothing_that_is_asked(
    other: dict[str, object],
) -> None:
    enough = ScriptedTeacher(reply_with(([1], WHY), ([3], WHEN), ([1], LEANS)))
    usual, changed = (
        TwoReplies(reply_with(([1], LEANS), ([1], WHY)), reply_with(([3], WHEN))) for _ in "ab"
    )
    questions = TOPPED_UP.questions.model_copy(update=other)
    settings = TOPPED_UP.model_copy(update={"questions": questions})

    await write_questions(make_chunk(), enough, settings)
    await write_questions(make_chunk(), usual, TOPPED_UP)
    await write_questions(make_chunk(), changed, settings)

    assert len(enough.requests) == 1
    assert [each.request_id for each in changed.requests] == [
        each.request_id for each in usual.requests
    ]


async def test_personas_are_rotated_by_chunk_and_the_same_at_every_call() -> None:
    personas = ("a beginner", "an auditor who pays $5")
    settings = SETTINGS.model_copy(update={"questions": QuestionSettings(personas=personas)})
    asked = []
    for start in range(40):
        teacher = ScriptedTeacher({"questions": []})
        await write_questions(make_chunk(start_char=start), teacher, settings)
        asked.append(teacher.messages()[1].rpartition("=== END ")[2])

    shares = Counter(next(each for each in personas if each in user) for user in asked)

    assert all(count >= 10 for count in shares.values())
    assert len(shares) == 2
    teacher = ScriptedTeacher({"questions": []})
    await write_questions(make_chunk(start_char=0), teacher, settings)
    assert teacher.messages()[1].endswith(asked[0])


async def test_concise_instructions_ask_for_the_same_reply() -> None:
    teachers = []
    for profile in ("standard", "concise"):
        settings = resolve_settings(
            [read_assignments(["teacher.model=m", f"teacher.prompt_profile={profile}"])]
        )
        teachers.append(ScriptedTeacher(reply_with(([1], WHY))))
        await write_questions(make_chunk(), teachers[-1], settings)

    standard, concise = (teacher.body() for teacher in teachers)
    assert standard["response_format"] == concise["response_format"]
    assert teachers[0].messages()[1] == teachers[1].messages()[1]
    assert len(teachers[1].messages()[0]) < 0.6 * len(teachers[0].messages()[0])
