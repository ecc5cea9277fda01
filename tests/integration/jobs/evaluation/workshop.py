"""A stand-in whose replies make sense of the workshop's run: judges included."""

import json
import re
from collections import Counter
from typing import Any

from tests.openai_server.replies import Reply, default_reply, last_user_text

INPUT = "Now perform the same with the following input\ninput: "
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
        if INPUT not in text:
            return self._answer(body, text, number)
        given, _ = json.JSONDecoder().raw_decode(text.split(INPUT)[1])
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


def _judge(given: dict[str, Any], count: int) -> dict[str, Any]:
    if "response" in given:
        words = WORD.findall(given["response"])
        asked = " ".join(words[count % 3 : count % 3 + 4])
        return {"question": f"What about {asked}?", "noncommittal": 0}
    if "statements" in given:
        return {"statements": [_verdict(each, given["context"]) for each in given["statements"]]}
    return {"statements": [each for each in given["answer"].split(". ") if each]}


def _verdict(statement: str, context: str) -> dict[str, Any]:
    is_held = set(WORD.findall(statement)) <= set(WORD.findall(context))
    return {"statement": statement, "reason": "by its words", "verdict": int(is_held)}
