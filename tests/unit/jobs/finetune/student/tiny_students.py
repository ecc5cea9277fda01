"""Tiny random students of the architectures that are tuned: real files, weights without meaning."""

import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from jobs.finetune.student.export.gguf_model import GgufModel, write_gguf
from jobs.finetune.student.export.merged_folder import config_of_shape
from jobs.finetune.student.source.find_student import find_student
from jobs.finetune.student.source.gguf_file import Floats
from jobs.finetune.student.source.shape import Family, StudentShape
from jobs.finetune.student.source.splitting import SPLITTERS
from jobs.finetune.student.source.weights_of_shape import weight_sizes

END, START = "<|end_of_turn|>", "<|turn|>"  # names that llama.cpp gives no meaning of its own
TEMPLATE = (
    "{% for message in messages %}"
    f"{START}{{{{ message['role'] }}}}\n{{{{ message['content'] }}}}{END}\n"
    "{% endfor %}"
    f"{{% if add_generation_prompt %}}{START}assistant\n{{% endif %}}"
)
SPLITTER_OF: dict[Family, str] = {"llama": "smollm", "qwen2": "qwen2", "qwen3": "qwen2"}
SYSTEM = "Answer from the excerpt."


def tiny_shape(family: Family = "llama", *, ties: bool = True) -> StudentShape:
    return StudentShape(
        family=family,
        vocabulary_size=288,
        hidden_size=64,
        inner_size=96,
        layer_count=2,
        head_count=4,
        kv_head_count=2,
        head_size=16,
        context_tokens=512,
        norm_epsilon=1e-5,
        rope_base=10_000.0,
        ties_embeddings=ties,
    )


def make_folder(
    folder: Path, shape: StudentShape | None = None, *, seed: int = 0, template: str = TEMPLATE
) -> Path:
    """A Hugging Face folder; its weights are large enough for attention to matter."""
    folder.mkdir(parents=True)
    for name, data in _files_of(shape or tiny_shape(), seed, template).items():
        (folder / name).write_bytes(data)
    return folder


def make_gguf(
    path: Path, shape: StudentShape | None = None, *, template: str | None = None
) -> Path:
    """The same student as a GGUF of 16 bits; a template is in it as it is given."""
    student = find_student(str(make_folder(path.with_suffix(".folder"), shape)))
    vocabulary = student.vocabulary()._replace(template=template or TEMPLATE)
    model = GgufModel("tiny", student.shape, vocabulary)
    write_gguf(path, model, student.weights(), "f16")
    return path


@cache
def _files_of(shape: StudentShape, seed: int, template: str) -> Mapping[str, bytes]:
    config = {"eos_token": END, "bos_token": START, "chat_template": template}
    return {
        "config.json": json.dumps(config_of_shape(shape)).encode(),
        "model.safetensors": save(random_weights(shape, seed=seed)),
        "tokenizer.json": _tokenizer(SPLITTER_OF[shape.family]).encode(),
        "tokenizer_config.json": json.dumps(config).encode(),
    }


def random_weights(shape: StudentShape, *, seed: int) -> dict[str, Floats]:
    rng = np.random.default_rng(seed)
    weights = {
        name: np.asarray(
            rng.normal(1.0, 0.1, size)
            if len(size) == 1 and name.endswith("norm.weight")
            else rng.normal(0.0, 0.25, size),
            np.float32,
        )
        for name, size in weight_sizes(shape).items()
    }
    table = "model.embed_tokens.weight" if shape.ties_embeddings else "lm_head.weight"
    weights[table][94:256] = 0.0  # no half characters are likely: llama.cpp shows none
    return weights


def _tokenizer(splitter: str) -> str:
    """The text of a tokenizer.json."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("e", "r"), ("a", "n"), ("Ġ", "a")]
    tokens = [*letters, *(left + right for left, right in merges)]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = SPLITTERS[splitter].pre_tokenizer()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([START, END])
    return tokenizer.to_str(pretty=True)


def chat_row(question: str, answer: str) -> dict[str, object]:
    return {
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    }


def write_rows(path: Path, count: int, *, seed: int = 0) -> Path:
    """Rows that a tiny student can learn: the answer repeats a word of the question."""
    rng = random.Random(seed)
    words = ["tide", "clock", "ladder", "magpie", "loaf", "valley", "violin", "anchor"]
    lines = []
    for number in range(count):
        word, length = rng.choice(words), rng.randint(1, 12)
        filler = " ".join(rng.choice(words) for _ in range(length))
        question = f"Excerpt {number}: {filler}. Where is the {word}?"
        lines.append(json.dumps(chat_row(question, f"The {word} is here, {number % 10}.")))
    path.write_text("\n".join(lines) + "\n")
    return path
