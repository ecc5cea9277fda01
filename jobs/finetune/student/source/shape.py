"""The shape of a student's network, as a config.json or the header of a GGUF says it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from engine.errors import ConfigError
from jobs.finetune.student.source.rotation import rotation_factors, scaling_of
from schemas.record import Value

Family = Literal["llama", "qwen2", "qwen3"]

FAMILIES: tuple[Family, ...] = ("llama", "qwen2", "qwen3")
_MODEL_TYPES: Mapping[str, Family] = {  # `model_type` of a config.json
    "llama": "llama",
    "mistral": "llama",
    "smollm": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
}
_ACTIVATIONS = (None, "silu", "swish")  # `hidden_act` of a config.json; both names mean the same

# Bounds that no student reaches: a damaged number is told before anything is made so large.
Size = Annotated[int, Field(gt=0, le=1_000_000)]
LayerCount = Annotated[int, Field(gt=0, le=1_000)]
VocabularySize = Annotated[int, Field(gt=0, le=2_000_000)]
TokenCount = Annotated[int, Field(gt=0, le=1_000_000_000)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class StudentShape(Value):
    """All that is needed to build the network; sizes are counts of numbers or of parts.

    `rope_factors` divide the rotation of each pair (Llama 3.1 and later); empty: none do.
    """

    family: Family
    vocabulary_size: VocabularySize
    hidden_size: Size
    inner_size: Size
    layer_count: LayerCount
    head_count: Size
    kv_head_count: Size
    head_size: Size
    context_tokens: TokenCount
    norm_epsilon: Positive
    rope_base: Positive
    rope_factors: tuple[float, ...] = ()
    ties_embeddings: bool

    @model_validator(mode="after")
    def _has_whole_heads(self) -> Self:
        if self.head_count % self.kv_head_count or self.head_size % 2:
            raise ValueError(
                f"{self.head_count} heads of {self.head_size} cannot share {self.kv_head_count} "
                "of keys and values, or turn in pairs"
            )
        return self

    @property
    def has_attention_bias(self) -> bool:
        """Whether queries, keys and values have a bias."""
        return self.family == "qwen2"

    @property
    def has_head_norms(self) -> bool:
        """Whether queries and keys are normalised, head by head."""
        return self.family == "qwen3"

    @property
    def layer_parameter_count(self) -> int:
        """The numbers in the matrices of one layer."""
        attention = self.head_size * self.hidden_size * 2 * (self.head_count + self.kv_head_count)
        return attention + 3 * self.hidden_size * self.inner_size

    @property
    def parameter_count(self) -> int:
        """The numbers in all matrices, those of the embeddings included."""
        tables = 1 if self.ties_embeddings else 2
        embeddings = tables * self.vocabulary_size * self.hidden_size
        return embeddings + self.layer_count * self.layer_parameter_count


def shape_of_config(config: Mapping[str, Any], place: str) -> StudentShape:
    """The shape that a config.json describes (Hugging Face transformers).

    Raises:
        ConfigError: an architecture that is not known here, or a number that is missing.
    """
    found = config.get("model_type")
    family = _MODEL_TYPES.get(str(found))
    if family is None:
        raise unknown_architecture(place, found)
    if config.get("hidden_act") not in _ACTIVATIONS:
        raise ConfigError(f"{place}: found hidden_act {config['hidden_act']!r}, expected 'silu'")
    hidden, heads = config.get("hidden_size"), config.get("num_attention_heads")
    if not (isinstance(hidden, int) and isinstance(heads, int) and hidden > 0 and heads > 0):
        raise ConfigError(f"{place}: expected hidden_size and num_attention_heads above 0")
    head_size = config.get("head_dim") or hidden // heads
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if not isinstance(rope, dict):
        raise ConfigError(f"{place}: found {rope!r} for rope_scaling, expected an object")
    shape = _validated(
        place,
        {
            "family": family,
            "vocabulary_size": config.get("vocab_size"),
            "hidden_size": hidden,
            "inner_size": config.get("intermediate_size"),
            "layer_count": config.get("num_hidden_layers"),
            "head_count": heads,
            "kv_head_count": config.get("num_key_value_heads") or heads,
            "head_size": head_size,
            "context_tokens": config.get("max_position_embeddings"),
            "norm_epsilon": config.get("rms_norm_eps"),
            "rope_base": config.get("rope_theta") or rope.get("rope_theta") or 10_000.0,
            "ties_embeddings": bool(config.get("tie_word_embeddings", False)),
        },
    )
    factors = rotation_factors(rope, shape.rope_base, shape.head_size, place)
    return shape.model_copy(update={"rope_factors": factors})


def shape_of_gguf(
    fields: Mapping[str, Any], place: str, *, tensors: Mapping[str, Any]
) -> StudentShape:
    """The shape that the header of a GGUF describes (gguf.md in llama.cpp's ggml).

    Raises:
        ConfigError: an architecture that is not known here, or a number that is missing.
    """
    family = fields.get("general.architecture")
    if family not in FAMILIES:
        raise unknown_architecture(place, family)

    def of(name: str) -> Any:  # noqa: ANN401 - validated below
        return fields.get(f"{family}.{name}")

    hidden, heads = of("embedding_length"), of("attention.head_count")
    head_size = _gguf_head_size(of, place)
    shape = _validated(
        place,
        {
            "family": family,
            "vocabulary_size": len(fields.get("tokenizer.ggml.tokens") or ()),
            "hidden_size": hidden,
            "inner_size": of("feed_forward_length"),
            "layer_count": of("block_count"),
            "head_count": heads,
            "kv_head_count": of("attention.head_count_kv") or heads,
            "head_size": head_size,
            "context_tokens": of("context_length"),
            "norm_epsilon": of("attention.layer_norm_rms_epsilon"),
            "rope_base": of("rope.freq_base") or 10_000.0,
            "ties_embeddings": "output.weight" not in tensors,
        },
    )
    factors = _gguf_factors(tensors.get("rope_freqs.weight"), shape, place)
    return shape.model_copy(update={"rope_factors": factors})


def _gguf_head_size(of: Callable[[str], Any], place: str) -> int:
    """The size of a head, if it is turned as a whole and as this architecture is at first."""
    hidden, heads = of("embedding_length"), of("attention.head_count")
    if not (isinstance(hidden, int) and isinstance(heads, int) and hidden > 0 and heads > 0):
        raise ConfigError(f"{place}: expected embedding_length and head_count above 0")
    if of("rope.scaling.type") not in (None, "none"):
        raise ConfigError(f"{place}: found rope scaling {of('rope.scaling.type')!r}, expected none")
    head_size: int = of("attention.key_length") or hidden // heads
    if of("rope.dimension_count") not in (None, head_size):
        raise ConfigError(f"{place}: turns a part of each head alone, which is not known here")
    return head_size


def _gguf_factors(
    found: Sequence[float] | None, shape: StudentShape, place: str
) -> tuple[float, ...]:
    factors = () if found is None else tuple(float(each) for each in found)
    if factors and scaling_of(factors, shape.rope_base, shape.head_size) is None:
        raise ConfigError(
            f"{place}: its rope_freqs.weight is of no rope type known here (llama3): take the "
            "model's Hugging Face folder, which names it"
        )
    return factors


def unknown_architecture(place: str, found: object) -> ConfigError:
    """The error for a student that cannot be tuned here."""
    return ConfigError(
        f"{place}: found architecture {found!r}, expected one of {', '.join(FAMILIES)}: "
        "`--trainer export` writes the rows for a trainer that knows it"
    )


def _validated(place: str, values: Mapping[str, Any]) -> StudentShape:
    try:
        return StudentShape.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"])) or "heads"
        raise ConfigError(f"{place}: {name}: {first['msg']} (found {first['input']!r})") from error
