"""VLM2Vec-V2.0's kind of adapter on tiny-tied: DoRA, r 16, alpha 64, all seven projections of the language model.

Written twice with the same numbers: by PEFT under the names of transformers up to 4.51 (and of the authors' own copy of
the model) in float32, and in bf16 under the names that a model of transformers 4.52 and later gives its layers.
Run with transformers 4.47.1: python -m reference.recipes.adapter
"""

import json
import math
import re
import shutil
import tempfile
import zlib
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from ..oracle.adapters import ADAPTER_FILES, BASE_ID, tidy_config
from ..oracle.encoding import FIXTURES, write_pretty
from . import checkpoint

NAME, NEWER = "dora-all", "dora-all-newer-names"
# The names that the authors' command asks for (arguments.py of VLM2Vec); Qwen2-VL has seven of them.
TARGETS = ["down_proj", "gate_proj", "gate_up_proj", "k_proj", "o_proj", "out_proj", "q_proj", "qkv_proj", "up_proj",
           "v_proj"]


def _fill(name: str, module) -> None:
    """As after training: B not zero, the magnitude no longer the rows' norm. Every number is one that bf16 can hold."""
    generator = torch.Generator().manual_seed(200 + zlib.crc32(name.encode()))
    a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
    rank, scaling = a.shape[0], module.scaling["default"]
    a.copy_((torch.randn(a.shape, generator=generator) / rank).bfloat16())
    # An update of about a third the size of the weight it changes.
    size = 0.35 * module.base_layer.weight.std() * math.sqrt(rank) / scaling
    b.copy_((torch.randn(b.shape, generator=generator) * size).bfloat16())
    norm = torch.linalg.norm(module.base_layer.weight, dim=1)
    magnitude = norm * torch.exp(0.3 * torch.randn(norm.shape, generator=generator))
    module.lora_magnitude_vector["default"].weight.copy_(magnitude.bfloat16())


def main() -> None:
    checkpoint.quiet()
    folder, newer = FIXTURES / "adapters" / NAME, FIXTURES / "adapters" / NEWER
    for path in (folder, newer):
        shutil.rmtree(path, ignore_errors=True)
    config = LoraConfig(r=16, lora_alpha=64, target_modules=TARGETS, use_dora=True, lora_dropout=0.1,
                        init_lora_weights="gaussian", inference_mode=True)
    model = get_peft_model(checkpoint.load(), config)
    model.peft_config["default"].base_model_name_or_path = BASE_ID
    with torch.no_grad():
        for name, module in model.named_modules():
            if getattr(module, "lora_A", None):
                _fill(name, module)
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    tidy_config(folder)
    newer.mkdir()
    shutil.copyfile(folder / "adapter_config.json", newer / "adapter_config.json")
    stored = load_file(folder / "adapter_model.safetensors")
    assert len(stored) == 3 * 7 * 3
    renamed = {re.sub(r"^base_model\.model\.model\.", "base_model.model.model.language_model.", name): value.bfloat16()
               for name, value in stored.items()}
    save_file(renamed, newer / "adapter_model.safetensors", metadata={"format": "pt"})


def loadable(name: str, base: Path) -> Path:
    """A throw-away copy as an adapter's repository is: with the base's small files, its base a folder that exists."""
    copy = Path(tempfile.mkdtemp(prefix="recipe-")) / name
    shutil.copytree(FIXTURES / "adapters" / name, copy)
    for file in ADAPTER_FILES:
        shutil.copyfile(base / file, copy / file)
    config = json.loads((copy / "adapter_config.json").read_text())
    write_pretty(copy / "adapter_config.json", {**config, "base_model_name_or_path": str(base)})
    return copy


if __name__ == "__main__":
    main()
