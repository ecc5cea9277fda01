"""The settings of documents and their chunks."""

from typing import Annotated

from pydantic import Field

from schemas.record import Value
from schemas.settings.touches import IN_IDS, OPERATIONAL, Touches
from schemas.settings.types import CodecName, Fraction, Positive, PrivateData

_Seconds = Annotated[float, Field(gt=0, le=1e9)]  # what a timer of the system takes, and less
_Megabytes = Annotated[int, Field(gt=0, le=1 << 30)]  # of as many bytes as the system can count


class DocumentSettings(Value):
    """How files are read; the limits hold for one file.

    `text_column` is what is read of tables (CSV, JSON lines); empty: they are not read.
    `licence` is what the card of an export says of them, in any words.
    `encoding` is that of text which is no UTF-8 and does not say so; empty: it is guessed.
    """

    text_column: Annotated[str, IN_IDS] = ""
    licence: Annotated[str, OPERATIONAL] = ""
    encoding: Annotated[CodecName, Touches("documents", "requests")] = ""
    max_seconds_per_file: Annotated[_Seconds, Touches("documents", "threshold")] = 120.0
    max_memory_mb_per_file: Annotated[_Megabytes, Touches("documents", "threshold")] = 2048
    max_text_mb_per_file: Annotated[_Megabytes, Touches("documents", "threshold")] = 64


class ChunkSettings(Value):
    """How documents are cut, and which chunks are not worth asking about.

    `rules`: 1 are those of runs that began before there were others. `private_data`: what is done
    about keys, passwords and personal data before anything else sees the text; `private_rules`:
    what counts as such, 1 again as in runs that began before there were others.
    """

    rules: Annotated[int, Field(ge=1, le=2), Touches("chunks", "requests")] = 2
    target_tokens: Annotated[int, Field(ge=32), Touches("chunks", "requests")] = 512
    min_tokens: Annotated[Positive, Touches("chunks", "threshold")] = 40
    min_prose_share: Annotated[Fraction, Touches("chunks", "threshold")] = 0.55
    max_glued_word_share: Annotated[Fraction, Touches("chunks", "threshold")] = 0.05
    private_data: Annotated[PrivateData, Touches("chunks", "requests")] = "keep"
    private_rules: Annotated[int, Field(ge=1, le=2), Touches("chunks", "requests")] = 2
    max_contents_line_share: Annotated[Fraction, Touches("chunks", "threshold")] = 0.5
