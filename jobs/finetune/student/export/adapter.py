"""The adapter alone: for PEFT in a folder, for llama.cpp as a GGUF."""

import json
from pathlib import Path

import numpy as np
from gguf import GGUFWriter
from safetensors.numpy import save_file

from jobs.finetune.student.export.merged_weights import Learnt
from jobs.finetune.student.export.whole_files import replacing_file
from jobs.finetune.student.source.gguf_file import permuted
from jobs.finetune.student.source.shape import StudentShape
from jobs.finetune.student.source.weights_of_shape import gguf_names
from jobs.finetune.student.training.task import TuningPlan

_HALVES = {"lora_a": "lora_A", "lora_b": "lora_B"}  # here, in PEFT


def write_peft_adapter(folder: Path, learnt: Learnt, plan: TuningPlan, base: str) -> None:
    """Write adapter_model.safetensors and adapter_config.json into a folder that exists."""
    tensors = {}
    for name, values in learnt.items():
        stem, _, half = name.rpartition(".")
        tensors[f"base_model.model.{stem}.{_HALVES[half]}.weight"] = values
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": plan.rank,
        "lora_alpha": plan.adapter_scale * plan.rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": sorted({name.split(".")[-2] for name in learnt}),
        "inference_mode": True,
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1), "utf-8")


def write_gguf_adapter(path: Path, learnt: Learnt, plan: TuningPlan, shape: StudentShape) -> None:
    """Write the adapter for llama.cpp, whose order of the rows of queries and keys it follows.

    Raises:
        StorageError: the disk refused it.
    """
    names = dict(gguf_names(shape))
    with replacing_file(path) as new_path:
        writer = GGUFWriter(new_path, shape.family)
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", plan.adapter_scale * plan.rank)
        for name, values in sorted(learnt.items()):
            stem, _, half = name.rpartition(".")
            if half == "lora_b":
                values = permuted(values, shape, name)
            writer.add_tensor(f"{names[f'{stem}.weight']}.{half}", np.ascontiguousarray(values))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
