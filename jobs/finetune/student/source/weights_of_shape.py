"""The weights that a network of a shape has: their names, their sizes, and no others."""

from collections.abc import Iterable, Iterator

from engine.errors import ConfigError
from jobs.finetune.student.source.shape import StudentShape

NAMED_COUNT = 3  # of weights that should not be there

# Derived from the shape, or a copy of the embeddings where those are tied.
_NEEDLESS = ("rope_freqs.weight", "lm_head.weight")
_NEEDLESS_ENDING = ".rotary_emb.inv_freq"


def gguf_names(shape: StudentShape) -> Iterator[tuple[str, str]]:
    """Pairs of names: in a Hugging Face folder, in a GGUF."""
    yield "model.embed_tokens.weight", "token_embd.weight"
    yield "model.norm.weight", "output_norm.weight"
    if not shape.ties_embeddings:
        yield "lm_head.weight", "output.weight"
    for layer in range(shape.layer_count):
        for ours, theirs in _layer_names(shape):
            yield f"model.layers.{layer}.{ours}", f"blk.{layer}.{theirs}"


def weight_sizes(shape: StudentShape) -> dict[str, tuple[int, ...]]:
    """The size of each weight by its name in a Hugging Face folder: outputs, then inputs."""
    return {name: _size_of(name, shape) for name, _ in gguf_names(shape)}


def require_no_others(found: Iterable[str], known: Iterable[str], place: str) -> None:
    """Refuse weights that the network has no use for: without them it is another model.

    Raises:
        ConfigError: `found` holds names that are not in `known`.
    """
    others = sorted(
        name for name in set(found) - {*known, *_NEEDLESS} if not name.endswith(_NEEDLESS_ENDING)
    )
    if others:
        more = f" and {len(others) - NAMED_COUNT:,} more" if len(others) > NAMED_COUNT else ""
        raise ConfigError(
            f"{place}: holds {', '.join(others[:NAMED_COUNT])}{more}, which no plain network "
            "of its architecture has (experts, biases, scales of a quantised folder): take the "
            "model's weights in 16 bits, or `--trainer export` for a trainer that knows it"
        )


def _layer_names(shape: StudentShape) -> Iterator[tuple[str, str]]:
    attention = {"q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v"}
    for ours, theirs in attention.items():
        yield f"self_attn.{ours}.weight", f"{theirs}.weight"
        if shape.has_attention_bias:
            yield f"self_attn.{ours}.bias", f"{theirs}.bias"
    if shape.has_head_norms:
        yield "self_attn.q_norm.weight", "attn_q_norm.weight"
        yield "self_attn.k_norm.weight", "attn_k_norm.weight"
    yield "self_attn.o_proj.weight", "attn_output.weight"
    yield "mlp.gate_proj.weight", "ffn_gate.weight"
    yield "mlp.up_proj.weight", "ffn_up.weight"
    yield "mlp.down_proj.weight", "ffn_down.weight"
    yield "input_layernorm.weight", "attn_norm.weight"
    yield "post_attention_layernorm.weight", "ffn_norm.weight"


def _size_of(name: str, shape: StudentShape) -> tuple[int, ...]:
    hidden, inner, size = shape.hidden_size, shape.inner_size, shape.head_size
    asked, kept = shape.head_count * size, shape.kv_head_count * size
    table = (shape.vocabulary_size, hidden)
    by_part = {
        **{"embed_tokens": table, "lm_head": table, "q_norm": (size,), "k_norm": (size,)},
        **{"q_proj": (asked, hidden), "k_proj": (kept, hidden), "v_proj": (kept, hidden)},
        **{"o_proj": (hidden, asked), "gate_proj": (inner, hidden), "up_proj": (inner, hidden)},
        "down_proj": (hidden, inner),
    }
    *_, part, kind = name.split(".")
    whole = by_part.get(part, (hidden,))
    return whole[:1] if kind == "bias" else whole
