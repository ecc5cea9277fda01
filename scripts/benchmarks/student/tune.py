"""Tunes the embedded model on rows that a strong model wrote, and shows what it learnt.

    python scripts/benchmarks/student/tune.py ROWS WORK [--epochs N] [--method full|lora]
        [--sentences N]

ROWS is a folder as scripts/benchmarks/student/rows.py describes it. WORK keeps rows, checkpoint and
answers: the same call goes on. With --sentences the student learns from, and is asked with, that
many sentences of a passage, those with most of the question's words. Shown are the untuned and the
tuned student as llama.cpp serves them, and what copying a sentence would answer, the nearest by
meaning or the one with most of the question's words, on questions about other documents.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import aiohttp
import numpy as np
import orjson

from engine.clock import SystemClock
from engine.local.embedder import Embedder
from engine.local.model import find_model_files
from engine.local.student_model import StudentModel
from engine.stopping import Admission
from jobs.evaluation.answer_samples import is_refusal
from jobs.finetune.student.source.find_student import find_student
from jobs.finetune.student.training.prepare import prepare_training
from jobs.finetune.student.training.run_child import run_child
from jobs.finetune.student.training.task import TuningTask
from jobs.finetune.student.tuned_student import TunedStudent, describe_tuned, read_tuned
from schemas.record import content_id
from schemas.settings import StudentSettings
from scripts.benchmarks.student.by_words import WordShare
from scripts.benchmarks.student.rows import (
    Asked,
    Closeness,
    make_rows,
    make_unanswerables,
    read_held_out,
    read_training,
    write_chat_rows,
)
from scripts.benchmarks.student.scores import (
    Answered,
    Numbers,
    mean_difference,
    nearest_sentence,
    score_answers,
)
from scripts.benchmarks.student.trained import TrainedAnswers

SEED = 7
ANSWER_TOKENS = 120
UNANSWERABLE_COUNT = 20
SAMPLE_COUNT = 3


class RowPaths:
    """The files of rows as a training wants them."""

    def __init__(self, path: Path) -> None:
        self.path = path


class RowFiles:
    """Rows to train on and to validate with."""

    def __init__(self, work: Path) -> None:
        self.train = RowPaths(work / "train.jsonl")
        self.validation = RowPaths(work / "validation.jsonl")


class TuningOrder(NamedTuple):
    """What is learnt from: all rows `passes` times. `sentences`: of each passage; 0: all."""

    rows: Path
    work: Path
    passes: int
    words: WordShare
    sentences: int

    def as_shown(self, rows: Sequence[Asked]) -> list[Asked]:
        """The rows with as much of their passages as the student is shown."""
        if not self.sentences:
            return list(rows)
        return [self.words.narrow(row, self.sentences) for row in rows]


def main() -> None:
    """Tune if it was not yet done, ask, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--method", choices=("auto", "full", "lora"), default="auto")
    parser.add_argument("--sentences", type=int, default=0, help="of a passage; 0: all")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    settings = StudentSettings(epochs=1, method=arguments.method)  # passes are rows of their own
    words = WordShare.of(read_training(arguments.rows, seed=SEED))
    order = TuningOrder(
        arguments.rows, arguments.work.resolve(), arguments.epochs, words, arguments.sentences
    )
    asyncio.run(measure(order, settings))


async def measure(order: TuningOrder, settings: StudentSettings) -> None:
    """Tune, ask and print."""
    close, work, words = closeness(), order.work, order.words
    tuned = read_tuned(work) or await tune(order, settings)
    print("\n".join(describe_tuned(tuned)))
    whole = read_held_out(order.rows, close, seed=SEED)
    held_out = order.as_shown(whole)
    unanswerable = order.as_shown(make_unanswerables(whole, UNANSWERABLE_COUNT, seed=SEED))
    print(
        f"{len(held_out)} questions of {len({q.document for q in held_out})} other documents, "
        f"{len({q.context for q in held_out})} passages; {len(unanswerable)} unanswerable"
    )
    names = {"untuned": tuned.base_name, "tuned": tuned.model_name}
    async with StudentModel(tuned.served(work), work / "served.log") as model:
        answers = {
            (who, how): await ask_all(model, name, work / f"{who}-{how}.jsonl", questions, how)
            for who, name in names.items()
            for how, questions in (
                ("open", held_out),
                ("closed", held_out),
                ("unanswerable", unanswerable),
            )
        }
    trained = answer_as_trained(tuned, work, held_out, answers["tuned", "open"])
    copied = [Answered(nearest_sentence(each, close)) for each in whole]
    by_words = [Answered(words.best_sentence(each)) for each in whole]
    for how in ("open", "closed"):
        given = {who: answers[who, how] for who in names}
        if how == "open":
            given |= {"copying": copied, "by words": by_words, "as trained": trained}
        show_table(how, given, held_out, close)
    show_refusals({who: answers[who, "unanswerable"] for who in names}, unanswerable)
    show_speed({who: answers[who, "open"] for who in names})
    show_samples(answers["untuned", "open"], answers["tuned", "open"], held_out)


async def tune(order: TuningOrder, settings: StudentSettings) -> TunedStudent:
    """Tune the embedded model on the rows; goes on from a checkpoint if there is one."""
    work = order.work
    train, validation = map(order.as_shown, make_rows(order.rows, order.passes, seed=SEED))
    write_chat_rows(work / "train.jsonl", train)
    write_chat_rows(work / "validation.jsonl", validation)
    prepared = prepare_training(RowFiles(work), settings)
    task = TuningTask(
        job_name=content_id("benchmark", prepared.plan.model_dump(mode="json"))[:16],
        student="",
        model_name=f"{find_student('').name}-tuned",
        train_path=work / "train.jsonl",
        validation_path=work / "validation.jsonl",
        folder=work,
        plan=prepared.plan,
        row_count=len(train),
        system=prepared.system,
    )
    clock = SystemClock()
    await run_child(task, print, admission=Admission(clock), clock=clock)
    tuned = read_tuned(work)
    assert tuned is not None  # the child ends well only with a record
    return tuned


def closeness() -> Closeness:
    """The cosine of two texts, by the embedding model of the extra `local`."""
    files = find_model_files()
    embedder = Embedder(str(files.embedding_model_path), str(files.tokenizer_path))
    vectors: dict[str, Numbers] = {}

    def vector(text: str) -> Numbers:
        if text not in vectors:
            vectors[text] = embedder.embed(text)[0].astype(np.float64)
        return vectors[text]

    return lambda some, other: float(vector(some) @ vector(other))


def read_answers(path: Path) -> list[Answered]:
    """The answers that an earlier call was given."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [Answered(**orjson.loads(line)) for line in lines]


async def ask_all(
    model: StudentModel, name: str, path: Path, questions: Sequence[Asked], how: str
) -> list[Answered]:
    """Greedy answers, one at a time; those that are in the file are not asked for again."""
    answers = read_answers(path)
    headers = {"Authorization": f"Bearer {model.api_key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for each in questions[len(answers) :]:
            body = {
                "model": name,
                "messages": each.prompt(is_open=how != "closed").messages(),
                "temperature": 0,
                "max_tokens": ANSWER_TOKENS,
            }
            began = time.monotonic()
            async with session.post(f"{model.base_url}/chat/completions", json=body) as reply:
                found = await reply.json()
            choice = found["choices"][0]
            answer = Answered(
                choice["message"]["content"].strip(),
                choice["finish_reason"] == "stop",
                time.monotonic() - began,
                found["usage"]["completion_tokens"],
            )
            answers.append(answer)
            with path.open("ab") as file:
                file.write(orjson.dumps(answer._asdict()) + b"\n")
    return answers


def answer_as_trained(
    tuned: TunedStudent, work: Path, asked: Sequence[Asked], served: Sequence[Answered]
) -> list[Answered]:
    """What the trained weights themselves answer; those in the file are not made again."""
    path = work / "trained-open.jsonl"
    answers = read_answers(path)
    if len(answers) == len(asked):
        return answers
    weights = TrainedAnswers(tuned, work)
    for each, answer in list(zip(asked, served, strict=True))[len(answers) :]:
        text = weights.answer(each, answer, is_open=True, most_tokens=ANSWER_TOKENS)
        answers.append(Answered(text))
        with path.open("ab") as file:
            file.write(orjson.dumps(answers[-1]._asdict()) + b"\n")
    return answers


def show_table(
    how: str,
    answers: dict[str, list[Answered]],
    asked: Sequence[Asked],
    close: Closeness,
) -> None:
    """Means of each, and the differences of the tuned student with their intervals."""
    scores = {who: score_answers(given, asked, close) for who, given in answers.items()}
    print(f"\n{how}-book")
    for measure in scores["tuned"]:
        means = ", ".join(f"{who} {np.nanmean(scores[who][measure]):.3f}" for who in scores)
        print(f"  {measure:<22} {means}")
        for who in scores:
            if who == "tuned":
                continue
            some, other = scores["tuned"][measure], scores[who][measure]
            by_passage = mean_difference(some, other, [each.context for each in asked])
            by_document = mean_difference(some, other, [each.document for each in asked])
            print(f"    tuned - {who:<10} {by_passage} by passage, {by_document} by document")


def show_refusals(answers: dict[str, list[Answered]], asked: Sequence[Asked]) -> None:
    """How many of the unanswerable questions were refused."""
    counts = (
        f"{who} {sum(is_refusal(each.text) for each in given)} of {len(asked)}"
        for who, given in answers.items()
    )
    print(f"\nunanswerable, refused: {', '.join(counts)}")


def show_speed(answers: dict[str, list[Answered]]) -> None:
    """Seconds an answer and tokens a second, one answer at a time."""
    for who, given in answers.items():
        seconds = np.array([each.seconds for each in given])
        half, most = np.percentile(seconds, [50, 95])
        rate = sum(each.tokens for each in given) / seconds.sum()
        print(f"{who}: {half:.1f} s an answer (p95 {most:.1f} s), {rate:.0f} tokens/s")


def show_samples(
    untuned: Sequence[Answered], tuned: Sequence[Answered], asked: Sequence[Asked]
) -> None:
    """Some questions with all answers, taken at even distances."""
    for i in range(0, len(asked), max(1, len(asked) // SAMPLE_COUNT)):
        print(f"\nQ {asked[i].question}\n  reference: {asked[i].answer}")
        print(f"  untuned: {untuned[i].text}\n  tuned: {tuned[i].text}")


if __name__ == "__main__":
    main()
