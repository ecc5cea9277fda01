"""The types that settings have in common: ranges of numbers, and the words that some may be."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

_HALF_CHARACTERS = b"+2AA- \\ud800 "  # U+D800, as UTF-7 and as escapes of Python write it


def _is_codec(name: str) -> str:
    try:
        for data in (_HALF_CHARACTERS, bytes(range(256))):
            data.decode(name or "utf-8", "replace").encode()
    except (LookupError, UnicodeError) as error:
        raise ValueError(
            "expected the name of an encoding, such as mac_roman, cp437 or windows-1251"
        ) from error
    return name


CodecName = Annotated[str, AfterValidator(_is_codec)]  # empty: none
ProviderName = Literal["openai", "local"]
TrainerName = Literal["openai", "export", "local"]
PrivateData = Literal["keep", "report", "mask_secrets", "mask_all"]
PromptProfile = Literal["standard", "concise", "small"]
Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
AboveZero = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Temperature = Annotated[float, Field(ge=0, le=2)] | None  # None: not sent
OutputLimitName = Literal["max_completion_tokens", "max_tokens"]
Scorer = Literal["builtin", "ragas"]
Filters = Literal["grounded", "phrases"]
SendsPrivate = Literal["all", "no_secrets", "no_personal"]
KindsBy = Literal["drawn", "chosen"]
AnswerLayout = Literal["question", "chunk"]
KeyHeader = Literal["auto", "bearer", "api-key"]
CacheChoice = Literal["auto", "on", "off"]
JsonForm = Literal["json_schema", "json_object", "prompt"]
Kind = Literal["factual", "how_to", "why", "comparison", "application", "false_premise"]
