"""Adapters on tiny-tied, saved by PEFT: DoRA as the official ones have it, plain LoRA, rsLoRA, per-layer ranks."""

import json
import math
import re
import shutil
import zlib
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model

from . import checkpoints
from .encoding import FIXTURES, write_pretty

ADAPTERS = FIXTURES / "adapters"
BASE_ID = "vlm2vec-web/tiny-qwen2-vl"
# The names VLM2Vec asks for; only those that Qwen2-VL has are adapted.
OFFICIAL = ["down_proj", "k_proj", "o_proj", "q_proj", "v_proj"]
ADAPTER_FILES = ["config.json", "preprocessor_config.json", "added_tokens.json", "merges.txt",
                 "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.json"]

CONFIGS = {
    "dora": dict(r=8, lora_alpha=64, target_modules=OFFICIAL, use_dora=True),
    "lora": dict(r=8, lora_alpha=32, target_modules=OFFICIAL),
    "rslora": dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "gate_proj", "up_proj"], use_rslora=True),
    "rank-pattern": dict(
        r=4, lora_alpha=16, target_modules=["q_proj", "v_proj", "down_proj"],
        rank_pattern={"layers.1.self_attn.q_proj": 2, "down_proj": 6},
        alpha_pattern={"layers.1.self_attn.q_proj": 4, "layers.[02].self_attn.v_proj": 24},
    ),
}


def randomize(model: PeftModel, seed: int) -> None:
    """As after training: B not zero, and the magnitude no longer the norm of the rows."""
    with torch.no_grad():
        for name, module in model.named_modules():
            if not getattr(module, "lora_A", None):
                continue
            generator = torch.Generator().manual_seed(seed + zlib.crc32(name.encode()))
            a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
            rank, scaling = a.shape[0], module.scaling["default"]
            a.copy_(torch.randn(a.shape, generator=generator) / rank)
            # An update of about a third the size of the weight it changes.
            target = 0.35 * module.base_layer.weight.std()
            b.copy_(torch.randn(b.shape, generator=generator) * target * math.sqrt(rank) / scaling)
            if "default" in getattr(module, "lora_magnitude_vector", {}):
                magnitude = module.lora_magnitude_vector["default"].weight
                norm = torch.linalg.norm(module.base_layer.weight, dim=1)
                magnitude.copy_(norm * torch.exp(0.3 * torch.randn(norm.shape, generator=generator)))


def tidy_config(folder: Path) -> None:
    """Sets are written in hash order; sorted, the file is the same on every run."""
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["target_modules"] = sorted(config["target_modules"])
    write_pretty(path, config)


def write_all() -> None:
    for name in CONFIGS:
        shutil.rmtree(ADAPTERS / name, ignore_errors=True)
    for index, (name, options) in enumerate(CONFIGS.items()):
        folder = ADAPTERS / name
        config = LoraConfig(
            **options, lora_dropout=0.1, init_lora_weights="gaussian", inference_mode=True
        )
        model = get_peft_model(checkpoints.load("tiny-tied"), config)
        model.peft_config["default"].base_model_name_or_path = BASE_ID
        randomize(model, seed=100 + index)
        for safe in (True, False):
            model.save_pretrained(folder, safe_serialization=safe, save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)
        tidy_config(folder)
        # The official adapter repositories carry these beside the adapter; one fixture does too.
        if name == "dora":
            for file in ADAPTER_FILES:
                shutil.copyfile(checkpoints.CHECKPOINTS / "tiny-tied" / file, folder / file)


def _with_adapter(name: str, use_dora: bool | None = None) -> PeftModel:
    config = LoraConfig.from_pretrained(ADAPTERS / name)
    config.inference_mode = True
    if use_dora is not None:
        config.use_dora = use_dora
    model = PeftModel.from_pretrained(checkpoints.load("tiny-tied"), ADAPTERS / name, config=config)
    return model.float().eval()


def merged(name: str):
    """tiny-tied with the adapter merged by PEFT in float32."""
    return _with_adapter(name).merge_and_unload()


def merged_without_magnitude(name: str):
    """What a reader that takes DoRA for LoRA would compute: W + scaling * B A."""
    return _with_adapter(name, use_dora=False).merge_and_unload()


def summary(name: str, model) -> dict:
    """Per adapted matrix: rank, scaling, the norms of the merged rows and the first merged row."""
    adapted = _with_adapter(name)
    weights = dict(model.named_parameters())
    result = {}
    for path, module in adapted.named_modules():
        if not getattr(module, "lora_A", None):
            continue
        key = re.sub(r"^base_model\.model\.", "", path) + ".weight"
        result[key] = {
            "rank": module.r["default"],
            "scaling": module.scaling["default"],
            "norms": torch.linalg.norm(weights[key].double(), dim=1),
            "row": weights[key][0],
            "magnitude": module.lora_magnitude_vector["default"].weight
            if "default" in getattr(module, "lora_magnitude_vector", {}) else None,
        }
    return result
