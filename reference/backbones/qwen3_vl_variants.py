"""More checkpoints of Qwen3-VL's kind: other depths, layers that DeepStack feeds, patches, groups, heads, tied and untied, and the
later spelling of the rotary settings. transformers itself, asked in the words of Qwen3-VL-Embedding.

Run with transformers 4.57.3: python -m reference.backbones.qwen3_vl_variants
"""

import json

import torch
import transformers
from transformers import AutoTokenizer, Qwen2VLImageProcessor, Qwen3VLForConditionalGeneration

from ..oracle.encoding import FIXTURES, b64, write_json
from ..recipes.pictures import open_picture
from ..recipes.qwen3_vl_embedding import string
from . import drawn
from .llava_next import unit
from .qwen3_vl import FOLDER, NAME, config

FILE = FIXTURES / "backbones" / "qwen3-vl-variants.json"
PIXELS = {"min_pixels": 4096, "max_pixels": 1843200}
VARIANTS = {
    # Fed from blocks that are neither the first nor neighbours, and not from the last but one; an output layer of its own.
    "deep-gaps": {"seed": 51, "depth": 7, "deep": (1, 4), "layers": 3, "heads": 2, "kv": 1, "head": 32, "section": (6, 5, 5),
                  "side": 6, "tied": False},
    # The last block's features too; as many KV heads as heads, small patches, a table that pictures are larger than.
    "last-block": {"seed": 52, "depth": 2, "deep": (0, 1), "layers": 4, "heads": 2, "kv": 2, "head": 64, "section": (12, 10, 10),
                   "patch": 8, "tower_heads": 1, "side": 4, "later": True},
    # One layer that is fed nothing; groups of nine patches of 14.
    "no-deepstack": {"seed": 53, "hidden": 144, "depth": 3, "deep": (), "layers": 1, "heads": 3, "kv": 1, "head": 48, "patch": 14,
                     "merge": 3, "tower_heads": 3, "side": 20, "tied": False},
    # Nothing of the later axes beyond their first columns: sections as uneven as they may be.
    "sections": {"seed": 54, "depth": 1, "deep": (0,), "layers": 2, "heads": 4, "kv": 2, "head": 32, "section": (11, 4, 1), "side": 9},
}
PICTURES = [(64, 96), (150, 108), (333, 100), (90, 640)]
CASES = [
    {"id": "text", "text": "A cat and a dog"},
    {"id": "text-long", "text": "a dog and a cat, " * 12, "instruction": "Find an image that matches the text"},
    *({"id": f"picture-{w}x{h}", "images": [{"synthetic": [w, h]}]} for w, h in PICTURES),
    {"id": "both", "text": "What is this?", "images": ["images/rocket.png"]},
    {"id": "two-pictures", "text": "two", "images": ["images/coffee.png", {"synthetic": [64, 96]}]},
]


def model_of(options: dict) -> Qwen3VLForConditionalGeneration:
    given = {key: value for key, value in options.items() if key not in ("seed", "patch", "merge", "later")}
    settings = config(**given)
    settings.vision_config.patch_size = options.get("patch", 16)
    settings.vision_config.spatial_merge_size = options.get("merge", 2)
    model = Qwen3VLForConditionalGeneration._from_config(settings, attn_implementation="eager")
    return drawn.fill(model, options["seed"])


def written(model, options: dict) -> dict:
    """config.json; `later`: rotary settings as transformers 5 writes them."""
    whole = {**json.loads(model.config.to_json_string(use_diff=True)), "architectures": ["Qwen3VLForConditionalGeneration"]}
    if options.get("later"):
        text = whole["text_config"]
        text["rope_parameters"] = {**text.pop("rope_scaling"), "rope_theta": text.pop("rope_theta")}
    return whole


def processor_of(options: dict) -> tuple[Qwen2VLImageProcessor, dict]:
    sizes = {"patch_size": options.get("patch", 16), "merge_size": options.get("merge", 2), "temporal_patch_size": 2,
             "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    return Qwen2VLImageProcessor(**sizes, **PIXELS), {
        **sizes, "processor_class": "Qwen3VLProcessor", "image_processor_type": "Qwen2VLImageProcessorFast",
        "size": {"shortest_edge": 4096, "longest_edge": 1310720}}


@torch.no_grad()
def answer(model, tokenizer, processor, case: dict) -> dict:
    pad = model.config.image_token_id
    ids, more = tokenizer(string(case))["input_ids"], {}
    if "images" in case:
        # As the processor squeezes them; bytes, by Pillow's bicubic filter.
        seen = processor([open_picture(each) for each in case["images"]], return_tensors="pt")
        more = {"pixel_values": seen["pixel_values"], "image_grid_thw": seen["image_grid_thw"]}
        counts = [int(grid.prod()) // processor.merge_size ** 2 for grid in seen["image_grid_thw"]]
        it = iter(counts)
        ids = [part for id in ids for part in ([pad] * next(it) if id == pad else [id])]
    hidden = model.model(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), **more)[0]
    return {**case, "ids": ids, "embedding": b64(unit(hidden[0]))}


def main() -> None:
    assert transformers.__version__ == "4.57.3"
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    variants = []
    for name, options in VARIANTS.items():
        model = model_of(options)
        processor, preprocessor = processor_of(options)
        state = {key: value for key, value in model.state_dict().items() if options.get("tied", True) is False or "lm_head" not in key}
        variants.append({"name": name, "config": written(model, options), "preprocessor": preprocessor,
                         "weights": drawn.described(state, options["seed"]), "cases": []})
        for case in CASES:
            variants[-1]["cases"].append(answer(model, tokenizer, processor, case))
            print(name, case["id"], len(variants[-1]["cases"][-1]["ids"]), flush=True)
    write_json(FILE, {"architecture": "qwen3-vl", "transformers": "4.57.3", "files": NAME, "variants": variants}, depth=4)


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    main()
