"""A stand-in whose replies make sense of the workshop's run: judges included."""

import json
import re
from collections import Counter
from typing import Any

from tests.openai_server import ModelCard, OpenAIServer, ServerConfig
from tests.openai_server.replies import Reply, default_reply, last_user_text

TEACHER, JUDGE = "gpt-4.1-mini", "gpt-4o-mini"
INPUT = "Now perform the same with the following input\ninput: "
FENCE = re.compile(r"=== ([A-Z ]+) ([0-9a-f]+) ===\n(.*?)\n=== END \2 ===", re.DOTALL)
WORD = re.compile(r"\w{4,}")


class Workshop:
    """Answers as models and judges do; each time a prompt comes it is answered otherwise.

    `is_constant`: equal prompts get equal replies, whatever the order in which they come.
    """

    def __init__(self, *, is_constant: bool = False) -> None:
        self._is_constant = is_constant
        self.seen: Counter[str] = Counter()

    def __call__(self, body: dict[str, Any], number: int) -> Reply:
        text = last_user_text(body)
        given = _judged(body, text)
        if given is None:
            return self._answer(body, text, number)
        self.seen[json.dumps(given)] += 1
        count = 0 if self._is_constant else self.seen[json.dumps(given)]
        return Reply(json.dumps(_judge(given, count)))

    def _answer(self, body: dict[str, Any], text: str, number: int) -> Reply:
        if "response_format" in body:
            return default_reply(body, number)
        excerpt, _, question = text.rpartition("Question: ")
        subject = question.rstrip("?").split()[-1]
        sentence = next((s for s in excerpt.split(". ") if f"The {subject}" in s), None)
        if sentence is None:
            return Reply("The excerpt does not contain the answer.")
        return Reply(f"{sentence.strip()}. So says {body['model'].replace('.', '-')}.")


def hosted() -> OpenAIServer:
    """The provider of teacher, judge and embeddings, whose replies are always the same."""
    cards = [ModelCard(id=name, context_tokens=100_000) for name in (TEACHER, JUDGE)]
    embeddings = ModelCard(id="text-embedding-3-small", dimensions=64)
    return OpenAIServer(
        ServerConfig(models=(*cards, embeddings)), responder=Workshop(is_constant=True)
    )


def _judged(body: dict[str, Any], text: str) -> dict[str, Any] | None:
    """What a judge is given, in ragas's form whoever asks; None: no judge is asked."""
    if INPUT in text:
        given: dict[str, Any]
        given, _ = json.JSONDecoder().raw_decode(text.split(INPUT)[1])
        return given
    fenced = {name: inner for name, _, inner in FENCE.findall(text)}
    if not fenced.keys() & {"ANSWER", "STATEMENTS", "FIRST ANSWER"}:
        return None  # a teacher's text stands between such lines too
    task = body["messages"][0]["content"].partition("\n")[0]
    if "turn an answer back" in task:
        return {"response": fenced["ANSWER"]}
    if "take an answer apart" in task:
        return {"question": fenced["QUESTION"], "answer": fenced["ANSWER"]}
    if "check statements" in task:
        statements = [line.partition(". ")[2] for line in fenced["STATEMENTS"].splitlines()]
        return {"context": fenced["EXCERPT"], "statements": statements}
    return {"task": task, **fenced}


def _judge(given: dict[str, Any], count: int) -> dict[str, Any]:
    if "task" in given:
        return _judge_whole(given)
    if "response" in given:
        words = WORD.findall(given["response"])
        asked = " ".join(words[count % 3 : count % 3 + 4])
        is_evasive = "does not contain" in given["response"]
        return {"question": f"What about {asked}?", "noncommittal": int(is_evasive)}
    if "statements" in given:
        return {"statements": [_verdict(each, given["context"]) for each in given["statements"]]}
    return {"statements": [each for each in given["answer"].split(". ") if each]}


def _judge_whole(given: dict[str, Any]) -> dict[str, Any]:
    """Verdicts on whole answers: on the reference's sentences, a preference."""
    if "REFERENCE" in given and "ANSWER" in given:
        return {
            "claims": [
                {"claim": each, "reason": "by its words", "verdict": _claim(each, given["ANSWER"])}
                for each in given["REFERENCE"].split(". ")
                if each
            ]
        }
    if "FIRST ANSWER" in given:
        first, second = given["FIRST ANSWER"], given["SECOND ANSWER"]
        better = "tie" if first == second else "first" if len(first) > len(second) else "second"
        return {"reason": "the longer one", "better": better}
    raise ValueError(f"no judge's task: {given}")


def _claim(claim: str, answer: str) -> str:
    return "right" if set(WORD.findall(claim)) <= set(WORD.findall(answer)) else "missing"


def _verdict(statement: str, context: str) -> dict[str, Any]:
    is_held = set(WORD.findall(statement)) <= set(WORD.findall(context))
    return {"statement": statement, "reason": "by its words", "verdict": int(is_held)}
