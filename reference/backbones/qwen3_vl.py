"""Small random checkpoints of Qwen3-VL as Qwen3-VL-Embedding is published. Run with transformers 4.57.3:
python -m reference.backbones.qwen3_vl"""

import json
import shutil
from pathlib import Path

import torch
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

from ..oracle import tokenizer
from ..oracle.checkpoints import CHECKPOINTS, _values
from ..oracle.encoding import write_pretty

NAME = "tiny-qwen3-vl"
FOLDER = CHECKPOINTS / NAME
END = "<|endoftext|>"


def config(*, hidden: int = 128, layers: int = 4, heads: int = 4, kv: int = 2, head: int = 48, mlp: int = 96,
           section: tuple = (10, 7, 7), width: int = 48, depth: int = 4, tower_heads: int = 2, tower_mlp: int = 80,
           side: int = 16, deep: tuple = (0, 1, 2), tied: bool = True) -> Qwen3VLConfig:
    """Head size and heads times it are neither the width nor its part, as the config allows."""
    ids = tokenizer.IDS
    return Qwen3VLConfig(
        text_config={"hidden_size": hidden, "intermediate_size": mlp, "num_hidden_layers": layers,
                     "num_attention_heads": heads, "num_key_value_heads": kv, "head_dim": head, "hidden_act": "silu",
                     "rms_norm_eps": 1e-6, "rope_theta": 5000000, "vocab_size": tokenizer.EMBEDDING_ROWS,
                     "max_position_embeddings": 262144, "attention_bias": False, "tie_word_embeddings": tied,
                     "rope_scaling": {"mrope_interleaved": True, "mrope_section": list(section), "rope_type": "default"},
                     "bos_token_id": ids[END], "eos_token_id": ids["<|im_end|>"]},
        vision_config={"hidden_size": width, "depth": depth, "num_heads": tower_heads, "intermediate_size": tower_mlp,
                       "hidden_act": "gelu_pytorch_tanh", "in_channels": 3, "patch_size": 16, "spatial_merge_size": 2,
                       "temporal_patch_size": 2, "out_hidden_size": hidden, "num_position_embeddings": side * side,
                       "deepstack_visual_indexes": list(deep)},
        image_token_id=ids["<|image_pad|>"], video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"], vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=tied)


def fill(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Inputs of the GELUs where their two forms differ most, and positions as large as the patches, so that mistakes show."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = _values(name, parameter.shape, seed)
            if "linear_fc1" in name and parameter.ndim == 2:
                values *= 1.2
            if "pos_embed" in name:
                values *= 3
            parameter.copy_(values.bfloat16())
    return model.float().eval()


def write_tokenizer(folder: Path) -> None:
    """The small tokenizer of the other fixtures, with a post-processor that puts the end token behind every text."""
    tokenizer.write(folder, "pairs")
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    end = {"SpecialToken": {"id": END, "type_id": 0}}
    content["post_processor"] = {"type": "Sequence", "processors": [
        content["post_processor"],
        {"type": "TemplateProcessing",
         "single": [{"Sequence": {"id": "A", "type_id": 0}}, end],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}, end],
         "special_tokens": {END: {"id": END, "ids": [tokenizer.IDS[END]], "tokens": [END]}}},
    ]}
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")
    for unused in ("vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json"):
        (folder / unused).unlink()


def write_preprocessor(folder: Path) -> None:
    write_pretty(folder / "preprocessor_config.json", {
        "size": {"shortest_edge": 4096, "longest_edge": 1310720}, "patch_size": 16, "temporal_patch_size": 2,
        "merge_size": 2, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
        "processor_class": "Qwen3VLProcessor", "image_processor_type": "Qwen2VLImageProcessorFast"})


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    model = fill(Qwen3VLForConditionalGeneration(config()), seed=31)
    model.to(torch.bfloat16).save_pretrained(FOLDER)
    write_tokenizer(FOLDER)
    write_preprocessor(FOLDER)
    (FOLDER / "generation_config.json").unlink(missing_ok=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
