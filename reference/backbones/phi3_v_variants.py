"""More checkpoints of Phi-3-Vision's kind: other seeds, KV heads, a window as long as the positions, no extended context.

Run as `phi3_v` is: RECIPE_CODE=… python -O -m reference.backbones.phi3_v_variants
"""

import base64
import json

import torch
from transformers import CLIPVisionConfig, LlamaTokenizerFast

from ..oracle.encoding import FIXTURES, b64, write_json
from . import drawn, tokenizer
from .phi3_v import CLIP, FOLDER, NAME, REPRESENT, Phi3VConfig, Phi3VForCausalLM, embed, ids_of, image_embedding_phi3_v, prepare, text_of

# The switch is between a picture of one crop (326 tokens) and the texts around it; `mha`'s window ends with its positions.
VARIANTS = {
    "mha": dict(seed=22, kv=2, positions=640, original=320, window=640, tower=3, tower_heads=2, tied=False),
    "gqa-tied": dict(seed=23, kv=1, positions=800, original=800, window=None, tower=4, tower_heads=1, tied=True),
}
TEXTS = [("text", "A cat and a dog"), ("text-empty", ""), ("text-literal-marker", "<|image_1|>\nFind an image.\n")]
# To the last position, and around the switch of either.
COUNTS = {"mha": (320, 321, 640), "gqa-tied": (321, 800)}
PICTURES = [(336, 336, 1), (301, 200, 1), (300, 20, 4), (56, 50, 2)]


def config(*, kv: int, positions: int, original: int, window: int | None, tower: int, tower_heads: int, tied: bool,
           **_) -> Phi3VConfig:
    clip = {**CLIP, "intermediate_size": 96, "num_hidden_layers": tower, "num_attention_heads": tower_heads}
    image_embedding_phi3_v.CLIP_VIT_LARGE_PATCH14_336_CONFIG = CLIPVisionConfig(**clip)
    return Phi3VConfig(
        vocab_size=392, hidden_size=192, intermediate_size=96, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=kv, max_position_embeddings=positions, original_max_position_embeddings=original, rope_theta=10000.0,
        rope_scaling={"type": "su", "short_factor": [1 + i / 64 for i in range(48)],
                      "long_factor": [1.25 + i * i / 150 for i in range(48)]},
        sliding_window=window, eos_token_id=2, pad_token_id=tokenizer.PLAIN, tie_word_embeddings=tied,
        embd_layer={"embedding_cls": "image", "hd_transform_order": "sub_glb", "projection_cls": "mlp",
                    "use_hd_transform": True, "with_learnable_separator": True},
        img_processor={"image_dim_out": 64, "name": "clip_vision_model", "num_img_tokens": 144,
                       "model_name": "openai/clip-vit-large-patch14-336", "clip_config": clip},
        attn_implementation="eager")


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    tokens = LlamaTokenizerFast.from_pretrained(FOLDER)
    pictures = [{"id": f"picture-{w}x{h}-{crops}", "text": REPRESENT, "images": [{"synthetic": [w, h]}], "numCrops": crops}
                for w, h, crops in PICTURES]
    texts = [{"id": id, "text": text} for id, text in TEXTS]
    variants = []
    for name, options in VARIANTS.items():
        # The token table is there again below the picture's embedding, which a test adds. Tied: without an output layer.
        model = drawn.fill(Phi3VForCausalLM(config(**options)), options["seed"],
                           lambda key: key.replace("vision_embed_tokens.wte", "embed_tokens"))
        state = model.state_dict()
        if not torch.equal(state["model.vision_embed_tokens.wte.weight"], state["model.embed_tokens.weight"]):
            raise ValueError("wte is another table")
        unneeded = (".wte.", "lm_head") if options["tied"] else (".wte.",)
        stored = {key: value for key, value in state.items() if not any(part in key for part in unneeded)}
        rows = []
        for case in pictures + texts + [text_of(tokens, count) for count in COUNTS[name]]:
            batch = prepare(tokens, case)
            if batch["input_ids"].shape[1] > options["positions"]:
                continue
            rows.append({**case, "ids": ids_of(case, batch), "embedding": b64(embed(model, batch))})
            print(name, case["id"], batch["input_ids"].shape[1], flush=True)
        mistakes = []
        if options["window"]:
            # What refusing a shorter window spares us from.
            model.config.sliding_window = model.model.config.sliding_window = options["window"] // 2
            case = text_of(tokens, options["positions"])
            vector = embed(model, prepare(tokens, case))
            right = torch.frombuffer(bytearray(base64.b64decode(rows[-1]["embedding"])), dtype=torch.float32)
            mistakes.append({"case": case["id"], "name": "half the window", "cosine": round(float(vector @ right), 6)})
            print(mistakes)
        saved = json.loads(model.config.to_json_string(use_diff=True)) | {"sliding_window": options["window"]}
        variants.append({"name": name, "config": saved,
                         "weights": drawn.described(stored, options["seed"]), "cases": rows, "mistakes": mistakes})
    write_json(FIXTURES / "backbones" / "phi3-v-variants.json", {
        "architecture": "phi3_v", "transformers": "4.47.1", "files": NAME, "variants": variants}, depth=4)


if __name__ == "__main__":
    main()
