"""Turns texts into vectors with a small ONNX model; for the child process of `LocalModel`."""

import numpy as np
from numpy.typing import NDArray

MAX_TOKENS = 256  # what all-MiniLM-L6-v2 reads of a text (its model card)

Vector = NDArray[np.float32]


class Embedder:
    """Turns texts into unit vectors: mean of the token vectors, divided by its length.

    Texts go through the model one by one: its int8 activations are scaled per call, so that in
    a batch a text's vector would depend on its neighbours.
    """

    def __init__(self, model_path: str, tokenizer_path: str) -> None:
        import onnxruntime  # type: ignore[import-untyped]
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            model_path, options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(tokenizer_path)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def embed(self, text: str) -> tuple[Vector, int]:
        """The vector of `text` and the number of tokens it was read as."""
        encoding = self._tokenizer.encode(text)
        ids = np.array([encoding.ids], dtype=np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        (states,) = self._session.run(None, inputs)
        mean = states[0].mean(axis=0)
        return (mean / np.linalg.norm(mean)).astype("<f4"), len(encoding.ids)
