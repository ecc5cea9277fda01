"""Compares a served student with the trained one, before it may count as tuned."""

from collections.abc import Mapping, Sequence
from math import exp
from typing import NamedTuple

from torch import Tensor

from jobs.finetune.student.parity.check_prompts import check_prompts
from jobs.finetune.student.parity.gate_rows import ANSWER_TOKENS
from jobs.finetune.student.parity.report import ParityCheck, ParityReport, failed, passed
from jobs.finetune.student.parity.served import ServedStudentClient
from jobs.finetune.student.parity.trained import TrainedStudent
from jobs.finetune.student.source.chat_template import ChatTemplate, Message

MAX_DIFFERENCE = 0.15  # nats, the mean over what is likely; 8-bit weights differ by some hundredths
MIN_AGREEMENT = 0.9  # of the tokens of served answers, those that are as likely as any
TIE_NATS = 0.2  # two tokens that are closer may change places by rounding
PLACES_PER_ROW = 12
ANSWERED_ROWS = 3


class Places(NamedTuple):
    """Some places in a row, and what is likely to come after each as it is served."""

    ids: Sequence[int]
    places: Sequence[int]
    served: Sequence[Mapping[int, float]]


class ParityGate:
    """The checks, in the order in which one fault would explain what later ones find."""

    def __init__(
        self,
        client: ServedStudentClient,
        trained: TrainedStudent,
        template: ChatTemplate,
    ) -> None:
        self._client = client
        self._trained = trained
        self._template = template

    async def check(
        self, rows: Sequence[Sequence[Message]], *, model_name: str, file: str
    ) -> ParityReport:
        """All checks on some rows, whose last message is the answer.

        Raises:
            ConfigError: the server refuses a call.
        """
        places = [await self._ask_places(row) for row in rows]
        checks = [
            *await check_prompts(self._client, self._template, rows),
            self._check_probabilities(places),
            await self._check_answers(rows[:ANSWERED_ROWS]),
        ]
        return ParityReport(
            model_name=model_name,
            file=file,
            row_count=len(rows),
            position_count=sum(len(each.places) for each in places),
            checks=tuple(checks),
        )

    async def _ask_places(self, row: Sequence[Message]) -> Places:
        """Places over the whole answer, the end included."""
        encoded = self._template.encode(row)
        first, last = encoded.prompt_length - 1, len(encoded.ids) - 2
        count = min(PLACES_PER_ROW, last - first + 1)
        chosen = sorted({first + (last - first) * i // max(1, count - 1) for i in range(count)})
        served = {
            place: await self._client.next_tokens(encoded.ids[: place + 1]) for place in chosen
        }
        shown = [place for place in chosen if served[place]]
        return Places(encoded.ids[: last + 1], shown, [served[place] for place in shown])

    def _check_probabilities(self, asked: Sequence[Places]) -> ParityCheck:
        if not any(each.places for each in asked):
            return failed("probabilities", "the server showed none at any place of these rows")
        difference = self._difference(asked)
        if difference <= MAX_DIFFERENCE:
            return passed("probabilities", f"{difference:.4f} nats apart")
        found = f"what is served is {difference:.2f} nats from what was trained"
        for cause, change in self._trained.hypotheses():
            with self._trained.supposing(change):
                supposed = self._difference(asked)
            if supposed <= max(MAX_DIFFERENCE, difference / 4):
                return failed("probabilities", f"{found}: {cause}")
        return failed(
            "probabilities",
            f"{found} (at most {MAX_DIFFERENCE}), for no cause that is known here: the file is of "
            "another training, or its quantisation is too coarse",
        )

    def _difference(self, asked: Sequence[Places]) -> float:
        """The mean distance of log-probabilities, a token counting by how likely it is served."""
        total = count = 0.0
        for each in (each for each in asked if each.places):
            ours = self._trained.log_probabilities(each.ids, each.places)
            for place, theirs in zip(ours, each.served, strict=True):
                total += _distance(place, theirs)
                count += 1
        return total / count

    async def _check_answers(self, rows: Sequence[Sequence[Message]]) -> ParityCheck:
        good = count = 0
        for row in rows:
            prompt = self._template.prompt_ids(row[:-1])
            answer = await self._client.answer(prompt, max_tokens=ANSWER_TOKENS)
            places = range(len(prompt) - 1, len(prompt) + len(answer) - 1)
            if not answer:
                continue
            ours = self._trained.log_probabilities([*prompt, *answer], list(places))
            for scores, token in zip(ours, answer, strict=True):
                good += bool(scores.max() - scores[token] <= TIE_NATS)
                count += 1
        share = good / count if count else 1.0
        words = f"{good:,} of {count:,} tokens of served answers are the trained student's choice"
        return (passed if share >= MIN_AGREEMENT else failed)("answers", words)


def _distance(ours: Tensor, theirs: Mapping[int, float]) -> float:
    weight = sum(exp(value) for value in theirs.values())
    apart = sum(exp(value) * abs(value - float(ours[token])) for token, value in theirs.items())
    return apart / weight
