"""A row of messages as the student's own chat template writes it, and where the answer stands."""

from collections.abc import Sequence
from typing import NamedTuple

from engine.errors import ConfigError
from jobs.finetune.student.source.vocabulary import Vocabulary

Message = dict[str, str]
# What a template's own arithmetic, look-ups and calls may raise.
_TEMPLATE_FAULTS = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
_PROBE: list[Message] = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]


class EncodedRow(NamedTuple):
    """The ids of a row; the first `prompt_length` of them are not learnt."""

    ids: tuple[int, ...]
    prompt_length: int

    @property
    def answer_length(self) -> int:
        """How many of the ids are learnt."""
        return len(self.ids) - self.prompt_length


class ChatTemplate:
    """The template of one student; made once, used for every row."""

    def __init__(self, vocabulary: Vocabulary, place: str) -> None:
        """Parse the template, and write a row with it.

        Raises:
            ConfigError: it cannot be read, or it writes no answer that ends.
        """
        from jinja2 import TemplateError
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        environment.globals["raise_exception"] = _refuse
        self.vocabulary = vocabulary
        self._place = place
        try:
            self._template = environment.from_string(vocabulary.template)
        except TemplateError as error:
            raise ConfigError(f"{place}: its chat template cannot be read ({error})") from error
        self.encode(_PROBE)

    def encode(self, messages: Sequence[Message]) -> EncodedRow:
        """The ids of a row whose last message is the answer, up to the token that ends it.

        Raises:
            ConfigError: the template refuses such messages, or does not end their answer.
        """
        prompt = self.prompt(messages[:-1])
        whole = self._render(messages, is_prompt=False)
        if not whole.startswith(prompt):
            raise ConfigError(
                f"{self._place}: its chat template writes a question otherwise once there is an "
                "answer: it cannot be learnt from"
            )
        prompt_ids = self.vocabulary.prompt_ids(prompt)
        answer_ids = self.vocabulary.ids(whole[len(prompt) :])
        end = next((i for i, t in enumerate(answer_ids) if t in self.vocabulary.end_ids), None)
        if end is None:
            raise ConfigError(
                f"{self._place}: its chat template does not write {self.vocabulary.end_tokens[0]} "
                "after an answer: a student of it would never learn to stop"
            )
        return EncodedRow((*prompt_ids, *answer_ids[: end + 1]), len(prompt_ids))

    def prompt(self, messages: Sequence[Message]) -> str:
        """What stands before the answer to these messages, without a BOS that a server adds.

        Raises:
            ConfigError: the template refuses them.
        """
        return self._render(messages, is_prompt=True)

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """The same as ids, as a server feeds them.

        Raises:
            ConfigError: the template refuses the messages.
        """
        return self.vocabulary.prompt_ids(self.prompt(messages))

    def _render(self, messages: Sequence[Message], *, is_prompt: bool) -> str:
        from jinja2 import TemplateError

        try:
            text = self._template.render(
                messages=list(messages),
                add_generation_prompt=is_prompt,
                bos_token=self.vocabulary.bos_token,
                eos_token=self.vocabulary.end_tokens[0],
            )
        except (*_TEMPLATE_FAULTS, TemplateError) as error:
            raise ConfigError(
                f"{self._place}: its chat template refuses a row of "
                f"{', '.join(message['role'] for message in messages)} ({error})"
            ) from error
        return text.removeprefix(self.vocabulary.bos_token) if self.vocabulary.adds_bos else text


def _refuse(message: str) -> None:
    from jinja2 import TemplateError

    raise TemplateError(message)
