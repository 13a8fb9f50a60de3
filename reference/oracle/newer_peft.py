"""Adapters saved by PEFT 0.21, what it merges, and what PEFT 0.14 makes of the same files.

Needs both releases, one per run, 0.21 first: python -m reference.oracle.newer_peft
"""

import dataclasses
import json
import re

import peft
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from . import checkpoints
from .adapters import BASE_ID, _randomize, _tidy_config
from .encoding import FIXTURES, b64, write_json

ADAPTERS = FIXTURES / "newer-adapters"
RELEASE = peft.__version__
CONFIGS = {
    # Read otherwise by 0.14: every alternative of a key counts, and so does ^.
    "alpha-pattern": dict(
        r=2, lora_alpha=16, target_modules=["q_proj", "v_proj", "o_proj"],
        alpha_pattern={"q_proj|v_proj": 4, "^model.layers.0.self_attn.o_proj": 32},
    ),
    # `proj` also names the patch embedding, a Conv3d.
    "conv3d": dict(r=2, lora_alpha=8, target_modules=["proj"]),
    "conv3d-dora": dict(r=2, lora_alpha=8, target_modules=["proj"], use_dora=True),
}


def _write(name: str, options: dict, seed: int) -> None:
    config = LoraConfig(**options, init_lora_weights="gaussian", inference_mode=True)
    model = get_peft_model(checkpoints.load("tiny-tied"), config)
    model.peft_config["default"].base_model_name_or_path = BASE_ID
    _randomize_all(model, seed)
    model.save_pretrained(ADAPTERS / name, save_embedding_layers=False)
    (ADAPTERS / name / "README.md").unlink(missing_ok=True)
    _tidy_config(ADAPTERS / name)


def _randomize_all(model: PeftModel, seed: int) -> None:
    _randomize(model, seed) if "proj" not in model.peft_config["default"].target_modules else _randomize_conv(model, seed)


def _randomize_conv(model: PeftModel, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_" not in name:
                continue
            noise = torch.randn(weight.shape, generator=generator)
            weight.copy_(weight * torch.exp(0.3 * noise) if "magnitude" in name else noise * 0.02)


def _load(name: str) -> PeftModel:
    known = {field.name for field in dataclasses.fields(LoraConfig)}
    saved = json.loads((ADAPTERS / name / "adapter_config.json").read_text())
    config = LoraConfig(**{key: value for key, value in saved.items() if key in known})
    return PeftModel.from_pretrained(checkpoints.load("tiny-tied"), ADAPTERS / name, config=config).float().eval()


def merged(name: str) -> dict:
    """Per adapted weight: the scaling, the norm of every merged row, and the first merged row."""
    adapted = _load(name)
    scalings = {
        re.sub(r"^base_model\.model\.", "", path) + ".weight": module.scaling["default"]
        for path, module in adapted.named_modules() if getattr(module, "lora_A", None)
    }
    weights = dict(adapted.merge_and_unload().named_parameters())
    result = {}
    for key, scaling in scalings.items():
        rows = weights[key].detach().flatten(1)
        result[key] = {"scaling": scaling, "norms": b64(torch.linalg.norm(rows.double(), dim=1).float().numpy()),
                       "row": b64(rows[0].numpy())}
    return result


def main() -> None:
    torch.set_num_threads(1)
    newer = not RELEASE.startswith("0.14.")
    if newer:
        for index, (name, options) in enumerate(CONFIGS.items()):
            _write(name, options, seed=200 + index)
    release = ".".join(RELEASE.split(".")[:2])
    write_json(FIXTURES / "expected" / f"peft-{release}.json", {name: merged(name) for name in CONFIGS}, depth=2)


if __name__ == "__main__":
    main()
