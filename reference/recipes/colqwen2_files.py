"""The base and the adapter that golden vectors of colqwen2 are made with; run once, in transformers 4.46.3, PEFT 0.14.

`checkpoints/tiny-colqwen2` is `tiny-tied` with a head: links to its shards and tokenizer, an index with one more file.
`adapters/colqwen2` is a plain LoRA on it as the authors' training file asks for, of rank 8 where theirs is 32.
"""

import json
import os
import shutil
import zlib
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

from ..oracle import adapters
from ..oracle.encoding import FIXTURES, write_pretty
from . import checkpoint, code

BASE = FIXTURES / "checkpoints" / "tiny-colqwen2"
ADAPTER = FIXTURES / "adapters" / "colqwen2"
BASE_ID = "vidore/colqwen2-base"
HEAD_SIZE = 128
# Of the authors' training file (colpali v0.3.4, scripts/configs/qwen2): the decoder and the head, not the tower.
TARGETS = r"(.*(model).*(down_proj|gate_proj|up_proj|k_proj|q_proj|v_proj|o_proj).*$|.*(custom_text_proj).*$)"


def _head() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(zlib.crc32(b"custom_text_proj"))
    weight = torch.randn(HEAD_SIZE, 256, generator=generator) / 16
    bias = 0.2 * torch.randn(HEAD_SIZE, generator=generator)
    return {"custom_text_proj.weight": weight.bfloat16(), "custom_text_proj.bias": bias.bfloat16()}


def write_base() -> None:
    shutil.rmtree(BASE, ignore_errors=True)
    BASE.mkdir(parents=True)
    own = {"config.json", "preprocessor_config.json", "model.safetensors.index.json"}
    for file in sorted(checkpoint.FOLDER.iterdir()):
        if file.name not in own:
            os.symlink(Path("..") / checkpoint.NAME / file.name, BASE / file.name)
    head = _head()
    save_file(head, BASE / "head.safetensors", metadata={"format": "pt"})
    index = json.loads((checkpoint.FOLDER / "model.safetensors.index.json").read_text())
    index["metadata"]["total_size"] += sum(2 * tensor.numel() for tensor in head.values())
    index["weight_map"] = dict(sorted((index["weight_map"] | {name: "head.safetensors" for name in head}).items()))
    write_pretty(BASE / "model.safetensors.index.json", index)
    config = json.loads((checkpoint.FOLDER / "config.json").read_text())
    write_pretty(BASE / "config.json", config | {"architectures": ["ColQwen2"]})
    limits = json.loads((checkpoint.FOLDER / "preprocessor_config.json").read_text()) | {"max_pixels": 768 * 28 * 28}
    write_pretty(BASE / "preprocessor_config.json", limits | {"processor_class": "ColQwen2Processor"})


def write_adapter(model_class) -> None:
    shutil.rmtree(ADAPTER, ignore_errors=True)
    base = model_class.from_pretrained(BASE, torch_dtype=torch.float32)
    config = LoraConfig(r=8, lora_alpha=8, lora_dropout=0.1, init_lora_weights="gaussian", bias="none",
                        task_type="FEATURE_EXTRACTION", target_modules=TARGETS, inference_mode=True)
    model = get_peft_model(base, config)
    model.peft_config["default"].base_model_name_or_path = BASE_ID
    adapters.randomize(model, seed=200)
    model.save_pretrained(ADAPTER, save_embedding_layers=False)
    (ADAPTER / "README.md").unlink(missing_ok=True)
    path = ADAPTER / "adapter_config.json"
    write_pretty(path, json.loads(path.read_text()))


if __name__ == "__main__":
    checkpoint.quiet()
    write_base()
    write_adapter(code.package("colpali-v0.3.4", "colpali_engine.models.qwen2.colqwen2").ColQwen2)
