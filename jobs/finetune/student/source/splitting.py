"""The ways of cutting text before BPE, by the names that llama.cpp has for them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tokenizers.normalizers import Normalizer
    from tokenizers.pre_tokenizers import PreTokenizer

# Of the tokenizer.json files of Llama 3 and Qwen 2; they differ in how digits are grouped.
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


class Splitter(NamedTuple):
    """How text is cut. `pattern` empty: as GPT-2 does, by the byte-level step itself."""

    pattern: str = ""
    splits_digits: bool = False
    composes: bool = False
    keeps_whole_words: bool = False

    def normalizer(self) -> "Normalizer | None":
        """What is done to the characters first."""
        from tokenizers import normalizers

        return normalizers.NFC() if self.composes else None

    def pre_tokenizer(self) -> "PreTokenizer":
        """The steps that cut, in order."""
        from tokenizers import Regex, pre_tokenizers

        steps: list[PreTokenizer] = []
        if self.splits_digits:
            steps.append(pre_tokenizers.Digits(individual_digits=True))
        if self.pattern:
            steps.append(pre_tokenizers.Split(Regex(self.pattern), behavior="isolated"))
        steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not self.pattern))
        return pre_tokenizers.Sequence(steps)


SPLITTERS: Mapping[str, Splitter] = {
    "gpt-2": Splitter(),
    "smollm": Splitter(splits_digits=True),
    "llama-bpe": Splitter(_WORDS % r"\p{N}{1,3}", keeps_whole_words=True),
    "qwen2": Splitter(_WORDS % r"\p{N}", composes=True),
}


def splitter_of(tokenizer: Mapping[str, Any]) -> str | None:
    """The name of the way that a tokenizer.json describes; None: it has none here."""
    steps = list(_steps(tokenizer.get("pre_tokenizer")))
    pattern = next((_pattern(step) for step in steps if step.get("type") == "Split"), "")
    splits_digits = any(
        step.get("type") == "Digits" and step.get("individual_digits") for step in steps
    )
    if not any(step.get("type") == "ByteLevel" for step in steps):
        return None
    for name, way in SPLITTERS.items():
        if (way.pattern, way.splits_digits) == (pattern, splits_digits):
            return name
    return None


def _steps(step: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - foreign JSON
    if not isinstance(step, dict):
        return
    yield step
    for inner in step.get("pretokenizers") or ():
        yield from _steps(inner)


def _pattern(step: Mapping[str, Any]) -> str:
    pattern = step.get("pattern")
    return str(pattern.get("Regex", "")) if isinstance(pattern, dict) else ""
