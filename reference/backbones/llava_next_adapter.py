"""A DoRA adapter on tiny-llava-next with VLM2Vec's targets, which the CLIP tower's q, k, v and out have names of too.

Run with transformers 4.47.1, after `llava_next`: python -m reference.backbones.llava_next_adapter
"""

import shutil

import torch
from peft import LoraConfig, get_peft_model

from ..oracle.adapters import ADAPTERS, randomize, tidy_config
from ..oracle.encoding import FIXTURES, b64, write_json
from ..recipes.pictures import open_picture
from .llava_next import NAME, Oracle, cases, states, unit

ADAPTER = "llava-next-dora"
TARGETS = ["down_proj", "gate_up_proj", "k_proj", "o_proj", "out_proj", "q_proj", "qkv_proj", "v_proj"]
IDS = ("text", "text-long", "picture-200x305", "picture-450x5", "cat")


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    oracle = Oracle()
    bare = oracle.model
    chosen = [case for case in cases() if case["id"] in IDS]

    def embed(case: dict) -> torch.Tensor:
        image = open_picture(case["images"][0]) if "images" in case else None
        return unit(states(oracle.model, oracle.batch(case["text"], image)))

    without = {case["id"]: embed(case) for case in chosen}
    model = get_peft_model(bare, LoraConfig(r=4, lora_alpha=16, target_modules=TARGETS, use_dora=True, lora_dropout=0.1,
                                            init_lora_weights="gaussian", inference_mode=True))
    model.peft_config["default"].base_model_name_or_path = f"vlm2vec-web/{NAME}"
    randomize(model, seed=300)
    folder = ADAPTERS / ADAPTER
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    tidy_config(folder)
    oracle.model = model.merge_and_unload().float().eval()
    rows = []
    for case in chosen:
        vector = embed(case)
        cosine = float(vector @ without[case["id"]])
        print(case["id"], cosine)
        assert cosine < 0.999
        rows.append({"id": case["id"], "embedding": b64(vector), "cosineToBase": round(cosine, 6)})
    write_json(FIXTURES / "backbones" / "llava-next+dora.json", {
        "architecture": "llava_next", "transformers": "4.47.1", "checkpoint": NAME, "adapter": ADAPTER, "cases": rows}, depth=2)


if __name__ == "__main__":
    main()
