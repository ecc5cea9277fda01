"""What the judge is shown: instructions, then fenced texts with their document and section."""

from collections.abc import Sequence
from typing import Literal

from jobs.prompts import read_prompt
from jobs.text.untrusted_text import defuse_tokens, make_line, make_plain
from schemas.evaluation import Mode, Sample
from schemas.record import content_id
from schemas.requests import Json

JudgePrompt = Literal["question", "statements", "verdicts", "correctness", "pair"]

_CODE_DIGITS = 12


def prompt_hash(*names: JudgePrompt) -> str:
    """The hash of the instructions of these names: scores of other instructions are others."""
    return content_id("judge prompts", *(_instructions(name) for name in names))


def ask_for_question(sample: Sample, answer: str, mode: Mode) -> list[Json]:
    """Which question an answer replies to; with the excerpt if the answering model had it."""
    shown = _excerpt(sample) if mode == "open" else []
    return _messages("question", [*shown, _fence("ANSWER", answer)])


def ask_for_statements(sample: Sample, answer: str) -> list[Json]:
    """The statements of an answer."""
    given = [_place(sample), _fence("QUESTION", sample.question), _fence("ANSWER", answer)]
    return _messages("statements", given)


def ask_for_verdicts(sample: Sample, statements: Sequence[str]) -> list[Json]:
    """Whether each statement follows from the excerpt, or from the names of its place."""
    numbered = "\n".join(
        f"{number}. {statement}" for number, statement in enumerate(statements, start=1)
    )
    return _messages("verdicts", [*_excerpt(sample), _fence("STATEMENTS", numbered)])


def ask_for_claims(sample: Sample, answer: str) -> list[Json]:
    """What an answer makes of each claim of the reference."""
    return _messages(
        "correctness",
        [
            _place(sample),
            _fence("QUESTION", sample.question),
            _fence("REFERENCE", sample.reference),
            _fence("ANSWER", answer),
        ],
    )


def ask_for_preference(sample: Sample, first: str, second: str) -> list[Json]:
    """Which of two answers is better; who gave them is not said."""
    reference = [_fence("REFERENCE", sample.reference)] if sample.reference else []
    return _messages(
        "pair",
        [
            *_excerpt(sample),
            _fence("QUESTION", sample.question),
            *reference,
            _fence("FIRST ANSWER", first),
            _fence("SECOND ANSWER", second),
        ],
    )


def _instructions(name: JudgePrompt) -> str:
    return read_prompt(f"judge/{name}.md")


def _messages(name: JudgePrompt, parts: Sequence[str]) -> list[Json]:
    return [
        {"role": "system", "content": _instructions(name)},
        {"role": "user", "content": "\n\n".join(part for part in parts if part)},
    ]


def _excerpt(sample: Sample) -> list[str]:
    return [_place(sample), _fence("EXCERPT", sample.context)]


def _place(sample: Sample) -> str:
    place = make_line(defuse_tokens(sample.title))
    return f"Document and section: {place}" if place else ""


def _fence(name: str, text: str) -> str:
    """A text between lines that it cannot close itself: their code is a hash of it."""
    code = content_id(name, text)[:_CODE_DIGITS]
    return f"=== {name} {code} ===\n{make_plain(defuse_tokens(text))}\n=== END {code} ==="
