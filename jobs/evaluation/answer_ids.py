"""The id of a model's answer to a sample: known before it is asked, another if anything changes."""

from jobs.dataset.chat_rows import row_prompt
from jobs.prompts import read_prompt
from schemas.evaluation import Mode, Role
from schemas.record import content_id
from schemas.settings import EvaluationSettings


def answer_id(
    sample_id: str, role: Role, model: str, mode: Mode, settings: EvaluationSettings
) -> str:
    """A hash of sample, role, model, mode, system message and parameters."""
    return content_id(
        "model_answer",
        sample_id,
        role,
        model,
        mode,
        read_prompt(row_prompt(closed_book=mode == "closed")),
        settings.answer_max_output_tokens,
        settings.temperature,
    )
