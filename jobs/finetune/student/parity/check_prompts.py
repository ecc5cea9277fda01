"""Whether a server writes, cuts and ends what the student learns: needs no trained weights."""

from collections.abc import Sequence

from jobs.finetune.student.parity.report import ParityCheck, failed, passed
from jobs.finetune.student.parity.served import ServedStudentClient
from jobs.finetune.student.source.chat_template import ChatTemplate, Message


async def check_prompts(
    client: ServedStudentClient, template: ChatTemplate, rows: Sequence[Sequence[Message]]
) -> list[ParityCheck]:
    """Template, tokens and end, in the order in which one fault would explain the next.

    Raises:
        ConfigError: the server refuses a call.
    """
    return [
        await _check_template(client, template, rows),
        await _check_tokens(client, template, rows),
        await _check_end(client, template, rows[0]),
    ]


async def _check_template(
    client: ServedStudentClient, template: ChatTemplate, rows: Sequence[Sequence[Message]]
) -> ParityCheck:
    for row in rows:
        ours, theirs = template.prompt(row[:-1]), await client.prompt(row[:-1])
        if ours != theirs:
            return failed(
                "template",
                "the served chat template writes another prompt than the student learnt "
                f"(trained {_around(ours, theirs)!r}, served {_around(theirs, ours)!r}): serve "
                "the exported GGUF with the template that it holds",
            )
    return passed("template", "prompts are the same, to the character")


async def _check_tokens(
    client: ServedStudentClient, template: ChatTemplate, rows: Sequence[Sequence[Message]]
) -> ParityCheck:
    for row in rows:
        ours, theirs = template.prompt_ids(row[:-1]), await client.ids(template.prompt(row[:-1]))
        if ours != theirs:
            pairs = enumerate(zip(ours, theirs, strict=False))
            at = next((i for i, (a, b) in pairs if a != b), min(len(ours), len(theirs)))
            return failed(
                "tokens",
                f"the served vocabulary cuts a prompt into {len(theirs):,} tokens, the student "
                f"learnt {len(ours):,} (the first that differs: number {at:,}): its splitter, "
                "control tokens or BOS are not the student's",
            )
    return passed("tokens", "prompts are the same tokens")


async def _check_end(
    client: ServedStudentClient, template: ChatTemplate, row: Sequence[Message]
) -> ParityCheck:
    encoded = template.encode(row)
    end_id = encoded.ids[-1]
    token = template.vocabulary.tokenizer.id_to_token(end_id)
    if await client.ends_with(encoded.ids[: encoded.prompt_length], end_id):
        return passed("end", f"an answer ends with {token}")
    return failed(
        "end",
        f"the server goes on after {token}, which ends every answer that was learnt: the EOS "
        "token of the GGUF is missing or another (tokenizer.ggml.eos_token_id)",
    )


def _around(text: str, other: str) -> str:
    """Some characters around the first that differs."""
    pairs = enumerate(zip(text, other, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(text), len(other)))
    return text[max(0, at - 10) : at + 20]
