"""More checkpoints of LLaVA-NeXT's kind: other seeds, heads, depths, tied and untied, and the names of both generations.

Run with transformers 4.47.1, then with 4.52.3, which adds what it calls the weights and compares its vectors:
python -m reference.backbones.llava_next_variants
"""

import base64
import json

import torch
import transformers
from transformers import (
    LlamaTokenizerFast, LlavaNextConfig, LlavaNextForConditionalGeneration, LlavaNextImageProcessor, LlavaNextProcessor
)

from ..oracle.encoding import FIXTURES, b64, write_json
from ..recipes.pictures import open_picture
from . import drawn
from .llava_next import FOLDER, IMAGE_ID, NAME, PINS, REPRESENT, states, unit

FILE = FIXTURES / "backbones" / "llava-next-variants.json"
VARIANTS = {
    "mha": dict(seed=12, heads=2, kv=2, head=64, layers=2, tower=3, tower_heads=2, tied=False),
    "gqa-tied": dict(seed=13, heads=4, kv=2, head=32, layers=3, tower=4, tower_heads=1, tied=True),
}
PICTURES = [(336, 336), (450, 5), (200, 305), (333, 1000), (640, 481)]
TEXTS = [("text", "A cat and a dog"), ("text-long", "a cat and a dog " * 60),
         ("text-literal-marker", "<image>\nFind an image.\n")]


def config(heads: int, kv: int, head: int, layers: int, tower: int, tower_heads: int, tied: bool, **_) -> LlavaNextConfig:
    return LlavaNextConfig(
        vision_config={"model_type": "clip_vision_model", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": tower,
                       "num_attention_heads": tower_heads, "image_size": 336, "patch_size": 14, "projection_dim": 64, "vocab_size": 32},
        text_config={"model_type": "mistral", "hidden_size": 128, "intermediate_size": 160, "num_hidden_layers": layers,
                     "num_attention_heads": heads, "num_key_value_heads": kv, "head_dim": head, "max_position_embeddings": 32768,
                     "rms_norm_eps": 1e-5, "rope_theta": 1000000.0, "sliding_window": None, "vocab_size": 400,
                     "tie_word_embeddings": tied},
        image_grid_pinpoints=PINS, image_token_index=IMAGE_ID, projector_hidden_act="gelu",
        vision_feature_layer=-2, vision_feature_select_strategy="default", tie_word_embeddings=tied)


def saved_config(model) -> dict:
    """As save_pretrained writes it, without what says nothing."""
    return json.loads(model.config.to_json_string(use_diff=True))


def processor() -> LlavaNextProcessor:
    return LlavaNextProcessor(
        LlavaNextImageProcessor.from_pretrained(FOLDER), LlamaTokenizerFast.from_pretrained(FOLDER),
        patch_size=14, vision_feature_select_strategy="default", num_additional_image_tokens=1)


def cases() -> list[dict]:
    pictures = [{"id": f"picture-{w}x{h}", "text": REPRESENT, "images": [{"synthetic": [w, h]}]} for w, h in PICTURES]
    return pictures + [{"id": id, "text": text} for id, text in TEXTS]


def batches() -> dict[str, dict]:
    prepare = processor()
    return {case["id"]: dict(prepare(images=[open_picture(case["images"][0])], text=[case["text"]], return_tensors="pt"))
            if "images" in case else dict(prepare.tokenizer([case["text"]], return_tensors="pt")) for case in cases()}


def write() -> None:
    given = batches()
    variants = []
    for name, options in VARIANTS.items():
        model = LlavaNextForConditionalGeneration._from_config(config(**options), attn_implementation="eager")
        drawn.fill(model, options["seed"])
        state = {key: value for key, value in model.state_dict().items() if not (options["tied"] and "lm_head" in key)}
        rows = []
        for case in cases():
            vector = unit(states(model, given[case["id"]]))
            ids = given[case["id"]]["input_ids"][0].tolist()
            if "images" in case:
                start, count = ids.index(IMAGE_ID), ids.count(IMAGE_ID)
                ids = [ids[:start], count, ids[start + count:]]
            rows.append({**case, "ids": ids, "embedding": b64(vector)})
            print(name, case["id"], flush=True)
        variants.append({"name": name, "config": saved_config(model), "weights": drawn.described(state, options["seed"]), "cases": rows})
    write_json(FILE, {"architecture": "llava_next", "transformers": "4.47.1", "files": NAME, "variants": variants}, depth=4)


def add_newer() -> None:
    """The newer release reads a checkpoint with the older names; which of its own weights is which is told by the numbers."""
    fixture = json.loads(FILE.read_text())
    given = batches()
    for variant in fixture["variants"]:
        options = VARIANTS[variant["name"]]
        weights = variant["weights"]
        older = {name: drawn.values(name, torch.Size(shape), options["seed"]) for name, shape in weights["tensors"].items()}
        model, report = LlavaNextForConditionalGeneration.from_pretrained(
            None, config=config(**options), state_dict=dict(older), attn_implementation="eager", torch_dtype=torch.float32,
            output_loading_info=True)
        assert not report["unexpected_keys"] and not report["mismatched_keys"], report
        newer = {}
        for name, value in model.state_dict().items():
            same = [key for key, number in older.items() if number.shape == value.shape and torch.equal(number, value)]
            if options["tied"] and name.startswith("lm_head"):
                continue
            assert len(same) == 1, (name, same)
            newer[same[0]] = name
        assert len(newer) == len(older)
        variant["newerNames"] = newer
        model.eval()
        for case in variant["cases"]:
            if case["id"] in ("picture-200x305", "picture-640x481"):
                continue  # odd padding, which is put elsewhere from 4.48 on
            with torch.no_grad():
                state = model(**given[case["id"]], output_hidden_states=True, use_cache=False).hidden_states[-1][0]
            older_vector = torch.frombuffer(bytearray(base64.b64decode(case["embedding"])), dtype=torch.float32)
            cosine = float(unit(state) @ older_vector)
            print(variant["name"], case["id"], 1 - cosine, flush=True)
            assert 1 - cosine < 1e-6
    write_json(FILE, {**fixture, "newer": transformers.__version__}, depth=4)


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    write() if transformers.__version__ == "4.47.1" else add_newer()
