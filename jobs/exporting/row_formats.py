"""The formats of rows, as one table: a name, what it is for, and a function of one row."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from jobs.text.user_message import read_user_message
from schemas.requests import Json

PARQUET_ENDING = ".parquet"


class SourceRow(NamedTuple):
    """A row of a run: its messages and where it comes from.

    `rejected`: answers to the same messages that are worse, as far as some are known.
    """

    system: str
    user: str
    answer: str
    evidence: tuple[str, ...]
    document: str
    rejected: tuple[str, ...]
    kind: str = ""
    is_unanswerable: bool = False

    @property
    def question(self) -> str:
        """What is asked, without the excerpt."""
        return read_user_message(self.user).question

    @property
    def excerpt(self) -> str:
        """What is shown with the question; empty in closed-book rows."""
        return read_user_message(self.user).shown


Line = dict[str, Json]
WriteRow = Callable[[Line], None]


class RowFormat(NamedTuple):
    """`make` returns the lines of one row, most often one; `ending` is that of its files."""

    description: str
    make: Callable[[SourceRow], Iterator[Line]]
    ending: str = ".jsonl"


def _prompt(row: SourceRow) -> list[Json]:
    return [{"role": "system", "content": row.system}, {"role": "user", "content": row.user}]


def _said(text: str) -> Json:
    return {"role": "assistant", "content": text}


def _chat(row: SourceRow) -> Iterator[Line]:
    yield {"messages": [*_prompt(row), _said(row.answer)]}


def _prompt_completion(row: SourceRow) -> Iterator[Line]:
    yield {"prompt": f"{row.system}\n\n{row.user}\n\n", "completion": row.answer}


def _sharegpt(row: SourceRow) -> Iterator[Line]:
    turns = (("system", row.system), ("human", row.user), ("gpt", row.answer))
    yield {"conversations": [{"from": who, "value": text} for who, text in turns]}


def _alpaca(row: SourceRow) -> Iterator[Line]:
    yield {
        "instruction": row.question,
        "input": row.excerpt,
        "output": row.answer,
        "system": row.system,
    }


def _citation(row: SourceRow) -> Iterator[Line]:
    quoted = "\n".join(f"> {' '.join(sentence.split())}" for sentence in row.evidence)
    cited = f"{row.answer}\n\n{quoted}\n({row.document})" if quoted else row.answer
    yield {"messages": [*_prompt(row), _said(cited)]}


def _preference(row: SourceRow) -> Iterator[Line]:
    for rejected in row.rejected:
        yield {
            "prompt": _prompt(row),
            "chosen": [_said(row.answer)],
            "rejected": [_said(rejected)],
        }


def _parquet(row: SourceRow) -> Iterator[Line]:
    yield {
        "messages": [*_prompt(row), _said(row.answer)],
        "kind": row.kind,
        "document": row.document,
        "evidence": list(row.evidence),
        "is_unanswerable": row.is_unanswerable,
    }


FORMATS: Mapping[str, RowFormat] = {
    "chat": RowFormat("messages, as OpenAI's fine-tuning takes them", _chat),
    "prompt-completion": RowFormat("prompt and completion, two texts", _prompt_completion),
    "sharegpt": RowFormat("conversations of system, human and gpt", _sharegpt),
    "alpaca": RowFormat("instruction, input, output", _alpaca),
    "citation": RowFormat("messages; the answer ends with the sentences it rests on", _citation),
    "preference": RowFormat(
        "chosen and rejected: against what is right with another text, dropped or the baseline's",
        _preference,
    ),
    "parquet": RowFormat(
        "messages, kind, document, evidence and is_unanswerable, as columns of Parquet",
        _parquet,
        PARQUET_ENDING,
    ),
}
