"""Questions of which many repeat others, in a file that is large enough for workers."""

import random

from engine.run_folder import RunFolder
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.repeats.find_repeats import LEAST_BYTES_ELSEWHERE
from schemas.dataset import Question

ASKED = ("kiln", "loom", "lathe", "warm", "beam", "saw", "seven", "front", "400", "800")


def make_questions(count: int) -> list[Question]:
    """So many; one makes their file large."""
    chance = random.Random(0)
    questions = [
        Question(
            question_id=f"{chance.getrandbits(128):032x}",
            chunk_id=f"{number // 3:0<32x}",
            document_id="d",
            side="train",
            kind="factual",
            text=f"How {' '.join(chance.choices(ASKED, k=chance.randint(1, 7)))}?",
            evidence=(),
            scores={},
            request_id="r",
        )
        for number in range(count)
    ]
    questions[-1] = questions[-1].model_copy(update={"document_id": "d" * LEAST_BYTES_ELSEWHERE})
    return questions


def written(folder: RunFolder) -> list[list[bytes]]:
    """The lines of the stage; those of the last file may come in any order."""
    finished = folder.finished_path(KEPT_QUESTIONS.name).read_bytes().splitlines()
    of_items = (folder.results_path(KEPT_QUESTIONS.name), folder.rejected_path)
    return [*(path.read_bytes().splitlines() for path in of_items), sorted(finished)]
