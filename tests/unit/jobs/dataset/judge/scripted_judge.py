"""A judge that says of labelled texts what people say, in the judge's own terms."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine.testing.calls import completed
from schemas.labels import LabelledText
from schemas.outcomes import Outcome
from schemas.requests import Request
from tests.unit.jobs.dataset.judge.judged_run import FINE

LEANING: Mapping[str, Any] = {"stands_alone": False}
UNANSWERABLE: Mapping[str, Any] = {"answerable": False}
USELESS: Mapping[str, Any] = {"useful": 1}
INCOMPLETE: Mapping[str, Any] = {"complete": False}
UNSUPPORTED: Mapping[str, Any] = {"claims": [{"claim": "this", "sentence": 0}]}
# What is wrong, as the judge would put it.
SAID: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "leans_on_context": LEANING,
    "names_nothing": LEANING,
    "about_the_book": {"points_at_text": True},
    "not_answerable": UNANSWERABLE,
    "code": UNANSWERABLE,
    "wrong_kind": {"kind_fits": False},
    "other_language": {"language_fits": False},
    "yes_or_no": USELESS,
    "two_questions": USELESS,
    "vague": USELESS,
    "gives_answer": USELESS,
}
SAID_OF_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "other_language": {"language_fits": False},
    "leans_on_context": {"points_at_text": True},
    "incomplete": INCOMPLETE,
    "off_topic": INCOMPLETE,
    "refusal": INCOMPLETE,
    "fragment": INCOMPLETE,
    "number": UNSUPPORTED,
    "unit": UNSUPPORTED,
    "code": UNSUPPORTED,
    "quote": UNSUPPORTED,
    "name": UNSUPPORTED,
    "unsupported": UNSUPPORTED,
    "contradicts": UNSUPPORTED,
    "preface": USELESS,
}


class ScriptedJudge:
    """An `Ask` that recognises each pair by its question and answer."""

    def __init__(self, texts: Sequence[LabelledText]) -> None:
        self._said: dict[tuple[str, str], Mapping[str, Any]] = {}
        for text in texts:
            for question in text.questions:
                self._said[question.text, "(none)"] = SAID[question.why]
            for answer in text.answers:
                self._said[answer.question, answer.text] = SAID_OF_ANSWERS[answer.why]
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> Outcome:
        self.requests.append(request)
        shown = json.loads(request.payload)["messages"][-1]["content"]
        pairs = re.findall(r"Question: (.*)\nAnswer: (.*)", shown)
        said = [{"pair": n, **FINE, **self._said[pair]} for n, pair in enumerate(pairs, start=1)]
        return completed(request, json.dumps({"verdicts": said}))
