import re
from typing import Any

import orjson

from tests.openai_server.replies import default_reply, reply_with_flags

SENTENCES = """=== TEXT 5f ===
Document: Packaging manual
[1] Maintainers upload binary packages after running the complete regression suite twice.
[2] Every control file declares dependencies, conflicts and
    recommended versions in separate fields.
[3] Administrators configure mirrors through signed repository metadata refreshed nightly.
[4] Yes.
=== END 5f ==="""
NUMBERS = {"type": "integer", "minimum": 1, "maximum": 4}
EVIDENCE = {"type": "array", "items": NUMBERS, "minItems": 1, "maxItems": 3}


def strict(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def ask(prompt: str, schema: dict[str, Any] | None = None, **more: Any) -> Any:
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": prompt}], **more}
    if schema is None:
        return default_reply(body, 1).content
    body["response_format"] = {
        "type": "json_schema",
        "json_schema": {"name": "reply", "strict": True, "schema": schema},
    }
    return orjson.loads(default_reply(body, 1).content or "")


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", text.lower()))


def test_reply_depends_on_the_request_alone() -> None:
    first = ask("Tell me.")

    assert ask("Tell me.") == first
    assert ask("Tell me.", seed=2) != first


def test_questions_are_about_the_sentences_they_name() -> None:
    item = strict(
        evidence=EVIDENCE, kind={"type": "string", "enum": ["why"]}, question={"type": "string"}
    )
    schema = strict(questions={"type": "array", "items": item, "minItems": 3, "maxItems": 3})
    shown = dict(re.findall(r"\[(\d)\] ((?:.|\n    )+)", SENTENCES))

    drafts = ask(SENTENCES, schema)["questions"]

    assert sorted(draft["evidence"] for draft in drafts) == [[1], [2], [3]]
    for draft in drafts:
        assert draft["question"].endswith("?")
        assert len(words(draft["question"]) & words(shown[str(draft["evidence"][0])])) >= 3


def test_question_is_answered_from_the_sentence_it_was_made_of() -> None:
    schema = strict(evidence=EVIDENCE, answer={"type": "string"})
    question = "Question: How do conflicts relate to dependencies and separate fields?"

    answer = ask(f"{SENTENCES}\n\n{question}", schema)

    assert answer["evidence"] == [2]
    assert len(words(answer["answer"]) & words(SENTENCES.splitlines()[3] + SENTENCES)) >= 3


def test_answers_differ_between_requests() -> None:
    schema = strict(answer={"type": "string"})

    answers = {ask(f"{SENTENCES}\n\nQuestion {n}?", schema)["answer"] for n in range(30)}

    assert len(answers) >= 28


def test_prompt_without_sentences_gets_its_own_words_back() -> None:
    prompt = "Explain lighthouse keepers, turbine blades, orchard pruning, velvet curtains."

    assert len(words(str(ask(prompt))) & words(prompt)) >= 4


def test_flags_of_ragas_prompts_are_0_or_1_and_all_else_is_as_usual() -> None:
    keys = {"verdict": {"type": "integer"}, "statement": {"type": "string"}}
    item = {"type": "object", "properties": keys, "required": list(keys)}
    schema = {"type": "object", "properties": {"all": {"type": "array", "items": item}}}
    body = {
        "messages": [{"role": "user", "content": "Judge."}],
        "response_format": {"type": "json_schema", "json_schema": {"schema": schema}},
    }

    usual, flagged = default_reply(body, 1).content, reply_with_flags(body, 1).content

    assert usual is not None
    assert flagged is not None
    expected = [{**each, "verdict": each["verdict"] % 2} for each in orjson.loads(usual)["all"]]
    assert orjson.loads(flagged)["all"] == expected
    assert usual != flagged
