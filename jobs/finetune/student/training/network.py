"""The student's network in torch: the decoder of Llama and Qwen, with or without adapters."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from jobs.finetune.student.source.shape import StudentShape

if TYPE_CHECKING:
    from jobs.finetune.student.source.gguf_file import Floats


class Matrix(nn.Module):
    """A linear map. Once it has an adapter, only that learns (LoRA, arXiv 2106.09685)."""

    def __init__(self, inputs: int, outputs: int, *, has_bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs)) if has_bias else None
        self.lora_a: nn.Parameter | None = None
        self.lora_b: nn.Parameter | None = None
        self._scale = 0.0

    def forward(self, x: Tensor) -> Tensor:
        """The map of `x`, the adapter's share added."""
        mapped = F.linear(x, self.weight, self.bias)
        if self.lora_a is None or self.lora_b is None:
            return mapped
        share = F.linear(F.linear(x.to(self.lora_a.dtype), self.lora_a), self.lora_b)
        return mapped + (share * self._scale).to(mapped.dtype)

    def add_adapter(self, rank: int, scale: float, generator: torch.Generator) -> None:
        """Add an adapter that changes nothing yet: its second half is zero."""
        outputs, inputs = self.weight.shape
        first = torch.empty(rank, inputs).uniform_(
            -(inputs**-0.5), inputs**-0.5, generator=generator
        )
        self.lora_a = nn.Parameter(first.to(self.weight.device))
        self.lora_b = nn.Parameter(torch.zeros(outputs, rank, device=self.weight.device))
        self._scale = scale


class Norm(nn.Module):
    """RMSNorm (arXiv 1910.07467), in 32 bits whatever the weights are."""

    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size))
        self._epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """`x` with the length of each vector taken out."""
        x = x.float()
        mean = x.pow(2).mean(-1, keepdim=True)
        return x * torch.rsqrt(mean + self._epsilon) * self.weight.float()


class Attention(nn.Module):
    """Grouped-query attention with rotary positions."""

    def __init__(self, shape: StudentShape) -> None:
        super().__init__()
        size, bias = shape.head_size, shape.has_attention_bias
        self._size = size
        self.q_proj = Matrix(shape.hidden_size, shape.head_count * size, has_bias=bias)
        self.k_proj = Matrix(shape.hidden_size, shape.kv_head_count * size, has_bias=bias)
        self.v_proj = Matrix(shape.hidden_size, shape.kv_head_count * size, has_bias=bias)
        self.o_proj = Matrix(shape.head_count * size, shape.hidden_size)
        if shape.has_head_norms:
            self.q_norm = Norm(size, shape.norm_epsilon)
            self.k_norm = Norm(size, shape.norm_epsilon)
        self._has_norms = shape.has_head_norms

    def forward(self, x: Tensor, turns: Tensor, mask: Tensor | None) -> Tensor:
        """What each position takes from those that it may see."""
        q, k, v = (self._heads(part(x)) for part in (self.q_proj, self.k_proj, self.v_proj))
        if self._has_norms:
            q, k = self.q_norm(q), self.k_norm(k)
        q, k = _turned(q, turns).to(v.dtype), _turned(k, turns).to(v.dtype)
        seen = F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=True
        )
        return self.o_proj(seen.transpose(1, 2).flatten(2))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self._size)).transpose(1, 2)


class Feed(nn.Module):
    """The gated feed-forward part (SwiGLU, arXiv 2002.05202)."""

    def __init__(self, shape: StudentShape) -> None:
        super().__init__()
        self.gate_proj = Matrix(shape.hidden_size, shape.inner_size)
        self.up_proj = Matrix(shape.hidden_size, shape.inner_size)
        self.down_proj = Matrix(shape.inner_size, shape.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """What is added to each position by itself."""
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    """Attention, then feed-forward, each with its norm before it."""

    def __init__(self, shape: StudentShape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.mlp = Feed(shape)
        self.input_layernorm = Norm(shape.hidden_size, shape.norm_epsilon)
        self.post_attention_layernorm = Norm(shape.hidden_size, shape.norm_epsilon)

    def forward(self, x: Tensor, turns: Tensor, mask: Tensor | None) -> Tensor:
        """`x` with what this layer adds."""
        kind = self.mlp.down_proj.weight.dtype
        x = x + self.self_attn(self.input_layernorm(x).to(kind), turns, mask)
        return x + self.mlp(self.post_attention_layernorm(x).to(kind))


class Body(nn.Module):
    """Embeddings, layers, and the last norm; what runs between them has 32 bits."""

    def __init__(self, shape: StudentShape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary_size, shape.hidden_size)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layer_count))
        self.norm = Norm(shape.hidden_size, shape.norm_epsilon)


class Network(nn.Module):
    """A student. The names of its parameters are those of a Hugging Face folder."""

    def __init__(self, shape: StudentShape, *, recomputes: bool = False) -> None:
        super().__init__()
        self.model = Body(shape)
        if not shape.ties_embeddings:
            self.lm_head = Matrix(shape.hidden_size, shape.vocabulary_size)
        self._shape = shape
        self._recomputes = recomputes

    def forward(self, ids: Tensor, positions: Tensor, mask: Tensor | None) -> Tensor:
        """The last states of a sequence `[1, tokens]`; `mask` None: each sees what is before it."""
        turns = _turns(self._shape, positions)
        x = self.model.embed_tokens(ids).float()
        for layer in self.model.layers:
            if self._recomputes and self.training:
                x = checkpoint(layer, x, turns, mask, use_reentrant=False)
            else:
                x = layer(x, turns, mask)
        return self.model.norm(x)

    def scores(self, states: Tensor) -> Tensor:
        """A number for each token of the vocabulary, for each of these states."""
        table = self.model.embed_tokens if self._shape.ties_embeddings else self.lm_head
        return F.linear(states.to(table.weight.dtype), table.weight).float()

    def matrices(self) -> Iterable[tuple[str, Matrix]]:
        """The matrices of the layers, by name."""
        return (
            (name, module)
            for name, module in self.model.named_modules(prefix="model")
            if isinstance(module, Matrix)
        )


def load_weights(network: Network, weights: "Iterable[tuple[str, Floats]]") -> None:
    """Put weights into a network, one by one, in the precision and on the device that it has.

    Raises:
        ValueError: one is missing, or has another size than the network's.
    """
    parameters = dict(network.named_parameters())
    for name, values in weights:
        parameter = parameters.pop(name)
        if tuple(parameter.shape) != values.shape:
            raise ValueError(
                f"{name}: found {list(values.shape)}, expected {list(parameter.shape)}"
            )
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(values))
    if parameters:
        raise ValueError(f"these weights are missing: {', '.join(sorted(parameters))}")


def _turns(shape: StudentShape, positions: Tensor) -> Tensor:
    """Cosines and sines of the rotation at each position `[2, tokens, size]` (arXiv 2104.09864)."""
    size = shape.head_size
    pairs = torch.arange(0, size, 2, dtype=torch.float32, device=positions.device)
    frequency = shape.rope_base ** (-pairs / size)
    if shape.rope_factors:
        frequency = frequency / torch.tensor(shape.rope_factors, device=positions.device)
    angles = torch.outer(positions.float(), frequency).repeat(1, 2)
    return torch.stack((angles.cos(), angles.sin()))


def _turned(heads: Tensor, turns: Tensor) -> Tensor:
    first, second = heads.float().chunk(2, dim=-1)
    return heads.float() * turns[0] + torch.cat((-second, first), dim=-1) * turns[1]
