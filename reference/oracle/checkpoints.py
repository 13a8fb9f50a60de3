"""Tiny random Qwen2-VL checkpoints in the layouts of the official ones, saved by transformers in bf16."""

import json
import math
import re
import shutil
import zlib
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

from . import tokenizer
from .encoding import FIXTURES, write_pretty

CHECKPOINTS = FIXTURES / "checkpoints"


def _config(tied: bool) -> Qwen2VLConfig:
    """Head sizes are the official ones, 128 (text) and 80 (vision); everything else is small."""
    ids = tokenizer.IDS
    return Qwen2VLConfig(
        vocab_size=tokenizer.EMBEDDING_ROWS,
        hidden_size=256,
        intermediate_size=288 if tied else 256,
        num_hidden_layers=3 if tied else 2,
        num_attention_heads=2,
        num_key_value_heads=1 if tied else 2,
        max_position_embeddings=32768,
        max_window_layers=28,
        sliding_window=32768,
        use_sliding_window=False,
        rms_norm_eps=1e-6,
        rope_theta=1000000.0,
        rope_scaling={"type": "mrope", "mrope_section": [16, 24, 24]},
        tie_word_embeddings=tied,
        bos_token_id=ids["<|endoftext|>"],
        eos_token_id=ids["<|im_end|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        vision_token_id=ids["<|vision_pad|>"],
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_config={
            "depth": 2 if tied else 1,
            "embed_dim": 160 if tied else 80,
            "mlp_ratio": 2,
            "num_heads": 2 if tied else 1,
            "in_chans": 3,
            "hidden_size": 256,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "spatial_patch_size": 14,
            "temporal_patch_size": 2,
        },
    )


def _gain(name: str) -> float:
    """Standard deviation of a matrix's outputs for unit inputs: residual branches nearly as large as the stream,
    attention neither flat nor so sharp that rounding a weight to 8 bits turns the result over."""
    if "embed_tokens" in name or "lm_head" in name:
        return 0.0
    if re.search(r"(q|k)_proj|attn\.qkv", name):
        return 0.9
    if re.search(r"o_proj|down_proj|attn\.proj|mlp\.fc2", name):
        return 0.8
    return 1.0


def _values(name: str, shape: torch.Size, seed: int) -> torch.Tensor:
    """Random values of one parameter; they depend on its name and the seed alone."""
    generator = torch.Generator().manual_seed(seed + zlib.crc32(name.encode()))
    noise = torch.randn(shape, generator=generator)
    if len(shape) == 1:
        norm = re.search(r"norm|ln_q", name) and name.endswith("weight")
        values = 1 + 0.2 * noise.clamp(-2.5, 2.5) if norm else 0.2 * noise
        if norm:
            values[torch.randperm(shape[0], generator=generator)[:2]] *= 2
        return values
    gain = _gain(name)
    if gain == 0.0:
        return 0.7 * noise
    values = gain * noise / math.sqrt(noise[0].numel())
    # Outlier channels: a few inputs and outputs much larger than the rest, as trained models have them.
    values[torch.randperm(shape[0], generator=generator)[:2]] *= 2
    if len(shape) == 2:
        values[:, torch.randperm(shape[1], generator=generator)[:2]] *= 2
    return values


def _build(tied: bool, seed: int) -> Qwen2VLForConditionalGeneration:
    model = Qwen2VLForConditionalGeneration(_config(tied))
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            parameter.copy_(_values(key, parameter.shape, seed))
    return model.to(torch.bfloat16)


def _official_config(saved: dict) -> dict:
    """config.json as Qwen publishes it: unlike save_pretrained's, it spells out what equals a class default."""
    vision = {key: value for key, value in saved["vision_config"].items() if key != "model_type"}
    vision |= {"patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2}
    rope = {"type": "mrope", "mrope_section": [16, 24, 24]}
    return {**saved, "rope_scaling": rope, "vision_config": vision, "transformers_version": "4.41.2"}


def _newer_name(name: str) -> str:
    """Names as transformers 4.52 and later call them in memory."""
    if name.startswith("visual."):
        return "model." + name
    return re.sub(r"^model\.", "model.language_model.", name)


def _newer_config(old: dict) -> dict:
    """config.json as transformers 4.52 and later lay it out: the language model's numbers in text_config."""
    top = ["architectures", "image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id",
           "vision_token_id", "tie_word_embeddings", "torch_dtype"]
    skipped = {*top, "vision_config", "model_type", "transformers_version", "_attn_implementation_autoset"}
    text = {key: value for key, value in old.items() if key not in skipped}
    text["model_type"] = "qwen2_vl_text"
    text["rope_scaling"] = {"mrope_section": [16, 24, 24], "rope_type": "default", "type": "default"}
    text["layer_types"] = ["full_attention"] * old["num_hidden_layers"]
    text["sliding_window"] = None
    text["torch_dtype"] = old["torch_dtype"]
    config = {key: old[key] for key in top if key in old}
    vision = {**old["vision_config"], "model_type": "qwen2_vl", "in_channels": 3, "hidden_act": "quick_gelu",
              "initializer_range": 0.02}
    return dict(sorted({
        **config, "model_type": "qwen2_vl", "text_config": dict(sorted(text.items())),
        "transformers_version": "4.55.4", "vision_config": dict(sorted(vision.items())),
    }.items()))


def _extras(folder: Path, merges_as: str) -> None:
    tokenizer.write(folder, merges_as)
    tokenizer.write_preprocessor(folder)


def write_all() -> None:
    """checkpoints/tiny-tied (sharded, 4.47's names) and checkpoints/tiny-untied (one file, newer names and config)."""
    for name in ("tiny-tied", "tiny-untied"):
        shutil.rmtree(CHECKPOINTS / name, ignore_errors=True)
    tied = CHECKPOINTS / "tiny-tied"
    _build(True, seed=1).save_pretrained(tied, max_shard_size="2MB")
    write_pretty(tied / "config.json", _official_config(json.loads((tied / "config.json").read_text())))
    _extras(tied, "strings")

    untied = CHECKPOINTS / "tiny-untied"
    _build(False, seed=2).save_pretrained(untied)
    weights = untied / "model.safetensors"
    save_file({_newer_name(k): v for k, v in load_file(weights).items()}, weights, metadata={"format": "pt"})
    write_pretty(untied / "config.json", _newer_config(json.loads((untied / "config.json").read_text())))
    _extras(untied, "pairs")


def load(name: str) -> Qwen2VLForConditionalGeneration:
    """The stored bf16 weights in float32, ready to run. Accepts both layouts."""
    folder = CHECKPOINTS / name
    if name == "tiny-tied":
        model = Qwen2VLForConditionalGeneration.from_pretrained(
            folder, torch_dtype=torch.float32, attn_implementation="eager"
        )
    else:
        model = Qwen2VLForConditionalGeneration._from_config(_config(False), attn_implementation="eager")
        stored = load_file(folder / "model.safetensors")
        state = {key: stored[_newer_name(key)].float() for key in model.state_dict()}
        model.load_state_dict(state, strict=True)
        assert len(state) == len(stored)
    return model.float().eval()
