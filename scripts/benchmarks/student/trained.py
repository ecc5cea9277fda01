"""The greedy answers of the trained weights themselves, in torch, to compare served ones with."""

from collections.abc import Sequence
from pathlib import Path

import torch

from jobs.finetune.student.export.merged_weights import merged_weights, read_learnt
from jobs.finetune.student.parity.trained import TrainedStudent
from jobs.finetune.student.source.chat_template import ChatTemplate
from jobs.finetune.student.source.find_student import find_student
from jobs.finetune.student.training.network import Network, load_weights
from jobs.finetune.student.tuned_student import TunedStudent
from scripts.benchmarks.student.rows import Asked
from scripts.benchmarks.student.scores import Answered

WEIGHTS_NAME = "trained.safetensors"
THREADS = 2


class TrainedAnswers:
    """Answers a question as the trained weights do, in 32 bits.

    A served answer is followed as far as each of its tokens is their own choice, in one way
    through the network; only where they would say something else is the rest made token by token.
    """

    def __init__(self, tuned: TunedStudent, folder: Path) -> None:
        student = find_student("")
        torch.set_num_threads(THREADS)
        network = Network(student.shape)
        learnt = read_learnt(folder / WEIGHTS_NAME)
        load_weights(network, merged_weights(student, learnt, tuned.plan))
        self._vocabulary = student.vocabulary()
        self._template = ChatTemplate(self._vocabulary, str(student.path))
        self._student = TrainedStudent(network, student, tuned.plan)

    def answer(self, asked: Asked, served: Answered, *, is_open: bool, most_tokens: int) -> str:
        """The answer, of at most `most_tokens` tokens."""
        said = asked.prompt(is_open=is_open)
        messages = [
            {"role": "system", "content": said.system},
            {"role": "user", "content": said.user},
        ]
        prompt = self._template.prompt_ids(messages)
        answer = self._vocabulary.ids(served.text)[:most_tokens]
        answer = self._agreed(prompt, answer)
        while len(answer) < most_tokens:
            (choice,) = self._choices(prompt + answer, [len(prompt) + len(answer) - 1])
            if choice in self._vocabulary.end_ids:
                break
            answer.append(choice)
        return str(self._vocabulary.tokenizer.decode(answer)).strip()

    def _agreed(self, prompt: list[int], answer: list[int]) -> list[int]:
        """The beginning of an answer up to where the weights choose otherwise."""
        first = len(prompt) - 1
        choices = self._choices(prompt + answer, range(first, first + len(answer)))
        pairs = enumerate(zip(answer, choices, strict=True))
        apart = next((i for i, (token, choice) in pairs if token != choice), len(answer))
        return answer[:apart]

    def _choices(self, ids: Sequence[int], places: Sequence[int]) -> list[int]:
        if not places:
            return []
        return [int(each.argmax()) for each in self._student.log_probabilities(ids, places)]
