"""Answers of the workshop to score, and an `Ask` that settles what is asked in rounds."""

import base64
from collections.abc import Collection
from typing import get_args

import numpy as np
import orjson

from engine.errors import Deferred
from engine.testing.calls import completed
from jobs.evaluation.score_tasks import ScoreTask, score_tasks
from schemas.evaluation import Metric, ModelAnswer, Sample
from schemas.outcomes import Outcome
from schemas.record import content_id
from schemas.requests import EMBEDDINGS, Json, Request
from schemas.settings import RunSettings
from tests.integration.jobs.evaluation.workshop import Workshop
from tests.unit.jobs.evaluation.made_run import SUBJECTS


def make_tasks(
    settings: RunSettings,
    count: int = len(SUBJECTS),
    *,
    metrics: Collection[Metric] = get_args(Metric),
) -> list[ScoreTask]:
    """Answers that are right, right and more, or wrong, in turn; scored by `metrics`."""
    names = list(SUBJECTS)
    samples, answers = [], []
    for number in range(count):
        name, other = names[number % len(names)], names[(number + 1) % len(names)]
        sample_id = content_id("sample", number)
        samples.append(
            Sample(
                sample_id=sample_id,
                slice="held_out_document",
                question=f"What is known of the {name}, number {number}?",
                context=SUBJECTS[name],
                reference=SUBJECTS[name],
            )
        )
        text = (SUBJECTS[name], f"{SUBJECTS[name]} It is old, like others.", SUBJECTS[other])
        answers.append(make_answer(sample_id, text[number % 3]))
    tasks = score_tasks(samples, answers, settings)
    return [task for task in tasks if task.metric in metrics]


def make_answer(sample_id: str, text: str) -> ModelAnswer:
    return ModelAnswer(
        answer_id=content_id("answer", sample_id, text),
        sample_id=sample_id,
        role="teacher",
        model="gpt-4.1-mini",
        mode="open",
        text=text,
        is_refusal=False,
        prompt_tokens=1,
        completion_tokens=1,
        cost_usd=0.0,
        request_id="r",
    )


class RoundsAsk:
    """The batch lane as the engine shows it: what is not settled yet is deferred to a round."""

    def __init__(self) -> None:
        self.settled: dict[str, Outcome] = {}
        self.waiting: dict[str, Request] = {}
        self._workshop = Workshop()

    async def __call__(self, request: Request) -> Outcome:
        if (outcome := self.settled.get(request.request_id)) is not None:
            return outcome
        self.waiting[request.request_id] = request
        raise Deferred

    def settle_round(self) -> None:
        for request_id, request in self.waiting.items():
            self.settled[request_id] = completed(request, self._reply(request))
        self.waiting = {}

    def _reply(self, request: Request) -> dict[str, Json]:
        body = orjson.loads(request.payload)
        if request.url == EMBEDDINGS:
            vectors = [np.array([len(text), 7.0], "<f4") for text in body["input"]]
            data: list[Json] = [
                {"index": index, "embedding": base64.b64encode(vector.tobytes()).decode()}
                for index, vector in enumerate(vectors)
            ]
            return {"data": data}
        return {"choices": [{"message": {"content": self._workshop(body, 1).content}}]}
