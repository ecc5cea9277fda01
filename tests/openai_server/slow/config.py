"""What files, batches and fine-tuning jobs do. Seconds are real ones: time is compressed here."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.record import Value
from tests.openai_server.malformed import MalformedFault

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]

Operation = Literal[
    "upload_file",
    "list_files",
    "retrieve_file",
    "download_file",
    "delete_file",
    "create_batch",
    "list_batches",
    "retrieve_batch",
    "cancel_batch",
    "create_job",
    "list_jobs",
    "retrieve_job",
    "cancel_job",
    "list_events",
    "list_checkpoints",
]
Ending = Literal["completed", "expired", "cancelled", "failed"]
LineFault = (
    MalformedFault
    | Literal[
        "http_400",  # an error line with "error": null, its reason in response.body.error
        "http_429",
        "http_500",
        "request_timeout",  # a batch-level error: "response": null
        "status_0",  # status_code 0 and an empty body
        "missing",  # answered and billed, in no file
        "duplicate",  # answered and billed once, in the output twice
        "unknown_custom_id",  # answered and billed; a line nobody asked for stands beside it
        "length",  # answered, truncated
        "refusal",
        "content_filter",
    ]
)


class FileRules(Value):
    """Files. `others`: older ones of other people; `others_between`: newer ones after each of ours.

    An upload is `not found` for `hidden_s` seconds, and the first `hidden_calls` times it is named.
    """

    others: Count = 0
    others_between: Count = 0
    hidden_s: Seconds = 0.0
    hidden_calls: Count = 0
    max_bytes: Count = 512_000_000  # API reference, "Upload file"


class BatchRules(Value):
    """Batches. `ending` holds for every one that `endings`, by their number (1-based), leaves out.

    A batch expires too when `window_s` has passed while it is in progress. An expired or cancelled
    batch has answered `answered_share` of its requests.
    """

    validating_s: Seconds = 0.0
    in_progress_s: Seconds = 0.0
    finalizing_s: Seconds = 0.0
    cancelling_s: Seconds = 0.0
    window_s: Seconds = 86_400.0
    ending: Ending = "completed"
    endings: dict[int, Ending] = Field(default_factory=dict)
    answered_share: Share = 0.5
    unanswered: Literal["error_file", "nowhere"] = "error_file"
    missing_file: Literal["failed", "refused"] = "failed"  # a batch of a file that is not found
    is_null_error_file_empty: bool = False  # error_file_id "" where it ought to be null
    line_faults: dict[LineFault, Share] = Field(default_factory=dict)
    seed: int = 0
    max_requests: Count = 50_000  # OpenAI batch guide
    max_bytes: Count = 200_000_000  # same place
    enqueued_tokens: dict[str, Count] = Field(default_factory=dict)  # by model, `*` for the rest
    batches_per_hour: Count | None = None
    hour_s: Seconds = 3_600.0
    output_lifetime_s: Seconds | None = None  # then output and error file are gone
    others: Count = 0
    others_between: Count = 0
    fixed_reply: str | None = None  # every chat completion; much faster than a responder
    keeps_bills: bool = True  # False: totals only, for millions of requests


class FineTuningRules(Value):
    """Fine-tuning jobs. `closed_message`: creating one is refused with 403 and this message."""

    validating_s: Seconds = 0.0
    queued_s: Seconds = 0.0
    running_s: Seconds = 0.0
    closed_message: str | None = None
    is_failing: bool = False  # in training, after a sound validation
    result_encoding: Literal["plain", "base64"] = "plain"
    default_epochs: Annotated[int, Field(ge=1)] = 3
    others: Count = 0
