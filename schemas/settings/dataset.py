"""The settings of questions, answers and rows."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from schemas.record import Value
from schemas.settings.touches import EVERY_CALL, Touches
from schemas.settings.types import (
    AnswerLayout,
    Filters,
    Fraction,
    Kind,
    KindsBy,
    NotNegative,
    Positive,
    SendsPrivate,
    Temperature,
)

Persona = Annotated[str, Field(min_length=1)]

DEFAULT_KIND_WEIGHTS: Mapping[Kind, float] = {
    "factual": 0.35,
    "how_to": 0.2,
    "why": 0.15,
    "comparison": 0.1,
    "application": 0.1,
    "false_premise": 0.1,
}


class QuestionSettings(Value):
    """How many questions of which kinds, and which are dropped.

    `max_per_document` 0: no cap. A chunk is asked about once more if filters leave fewer than the
    share `top_up_below` of `per_chunk`; 0: never. `top_up_repeats`: also if so few are left because
    they repeat others. The share `pair_fraction` of chunks is asked about once more together with
    a related one of the same document. It is 0 by default: each such call shows two chunks, and
    what it brings depends on how much the documents refer to themselves. With an
    `embedding_model`, asked at the address of the role `embeddings`, questions are also compared
    by what they mean.
    """

    per_chunk: Annotated[int, Field(ge=1, le=20), Touches("questions", "requests")] = 3
    max_per_document: Annotated[int, Field(ge=0), Touches("questions", "requests")] = 0
    top_up_below: Annotated[Fraction, Touches("questions", "requests")] = 0.5
    top_up_repeats: Annotated[bool, Touches("further_questions", "requests")] = True
    pair_fraction: Annotated[Fraction, Touches("questions", "requests")] = 0.0
    kind_weights: Annotated[dict[Kind, NotNegative], Touches("questions", "requests")] = Field(
        default_factory=lambda: dict(DEFAULT_KIND_WEIGHTS)
    )
    personas: Annotated[tuple[Persona, ...], Touches("questions", "requests")] = ()
    kinds: Annotated[KindsBy, Touches("questions", "requests")] = "drawn"
    temperature: Annotated[Temperature, Touches("questions", "requests")] = None
    max_output_tokens: Annotated[Positive, Touches("questions", "requests")] = 700
    filters: Annotated[Filters, Touches("questions", "threshold")] = "grounded"
    sends: Annotated[SendsPrivate, Touches("questions", "threshold")] = "all"
    min_chars: Annotated[Positive, Touches("questions", "threshold")] = 10
    max_chars: Annotated[Positive, Touches("questions", "threshold")] = 300
    min_evidence_overlap: Annotated[Fraction, Touches("questions", "threshold")] = 0.1
    max_near_duplicate: Annotated[Fraction, Touches("kept_questions", "threshold")] = 0.7
    embedding_model: Annotated[str, Touches("question_vectors", "requests")] = ""
    max_same_meaning: Annotated[Fraction, Touches("kept_questions", "threshold")] = 0.9
    min_evidence_similarity: Annotated[
        float, Field(ge=-1, le=1), Touches("questions", "threshold")
    ] = 0.45

    @field_validator("kind_weights")
    @classmethod
    def _some_kind_is_wanted(cls, weights: dict[Kind, float]) -> dict[Kind, float]:
        if not sum(weights.values()) > 0:
            raise ValueError("at least one kind needs a weight above 0")
        return weights


class AnswerSettings(Value):
    """How questions are answered, and which answers are dropped; `held_out`: those too."""

    layout: Annotated[AnswerLayout, Touches("answers", "requests")] = "question"
    held_out: Annotated[bool, Touches("answers", "requests")] = False
    temperature: Annotated[Temperature, Touches("answers", "requests")] = None
    max_output_tokens: Annotated[Positive, Touches("answers", "requests")] = 900
    filters: Annotated[Filters, Touches("answers", "threshold")] = "grounded"
    min_chars: Annotated[Positive, Touches("answers", "threshold")] = 15
    max_chars: Annotated[Positive, Touches("answers", "threshold")] = 3000
    max_copy_share: Annotated[Fraction, Touches("answers", "threshold")] = 0.8
    min_evidence_overlap: Annotated[Fraction, Touches("answers", "threshold")] = 0.15
    min_question_similarity: Annotated[
        float, Field(ge=-1, le=1), Touches("answers", "threshold")
    ] = 0.4


class DatasetSettings(Value):
    """What a training row looks like and which rows validate the tuning.

    `excerpt_tokens`: of the chunk only so much around the evidence; 0: all of it. Closed-book rows
    show no excerpt, so that none of them is unanswerable. Rows of a kind that has more than
    `max_kind_excess` times the share of its weight are left out; None: all stay. So are rows whose
    long answer is `max_near_duplicate_answer` like an earlier one; None: all stay. A share of rows
    shows up to so many `distractors` beside the excerpt that answers. `instructs_refusal`: the
    system message of rows with an excerpt says what to do where the excerpt holds no answer; the
    evaluation and `distill chat` ask with the same message.
    """

    closed_book: Annotated[bool, EVERY_CALL] = False
    instructs_refusal: Annotated[bool, EVERY_CALL] = True
    excerpt_tokens: Annotated[int, Field(ge=0), EVERY_CALL] = 0
    unanswerable_fraction: Annotated[
        float, Field(ge=0.0, le=0.5), Touches("unanswerable", "requests")
    ] = 0.05
    distractor_fraction: Annotated[Fraction, EVERY_CALL] = 0.0
    distractors: Annotated[Positive, EVERY_CALL] = 2
    max_kind_excess: Annotated[Annotated[float, Field(ge=1.0)] | None, EVERY_CALL] = None
    max_near_duplicate_answer: Annotated[Fraction | None, EVERY_CALL] = 0.8
    validation_fraction: Annotated[float, Field(ge=0.0, le=0.5), EVERY_CALL] = 0.05
