"""A DoRA adapter on tiny-phi3-v as VLM2Vec's: rank 8, alpha 64, its list of targets, of which CLIP's q, k, v and out have
the names of some.

Run as `phi3_v` is, and after it: RECIPE_CODE=… python -O -m reference.backbones.phi3_v_adapter
"""

import shutil

import torch
from peft import LoraConfig, get_peft_model
from transformers import CLIPVisionConfig, LlamaTokenizerFast

from ..oracle.adapters import ADAPTERS, randomize, tidy_config
from ..oracle.encoding import FIXTURES, b64, write_json
from .phi3_v import CLIP, FOLDER, NAME, Phi3VForCausalLM, cases, embed, image_embedding_phi3_v, prepare

ADAPTER = "phi3-v-dora"
TARGETS = "qkv_proj,o_proj,gate_up_proj,down_proj,k_proj,q_proj,out_proj,v_proj".split(",")
IDS = ("text", "text-empty", "picture-336x336-1", "picture-1x1-1", "picture-800x300-2", "cat-4")


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    image_embedding_phi3_v.CLIP_VIT_LARGE_PATCH14_336_CONFIG = CLIPVisionConfig(**CLIP)
    tokens = LlamaTokenizerFast.from_pretrained(FOLDER)
    base = Phi3VForCausalLM.from_pretrained(FOLDER, torch_dtype=torch.float32, attn_implementation="eager").eval()
    chosen = [case for case in cases() if case["id"] in IDS]
    batches = {case["id"]: prepare(tokens, case) for case in chosen}
    without = {id: embed(base, batch) for id, batch in batches.items()}
    model = get_peft_model(base, LoraConfig(r=8, lora_alpha=64, target_modules=TARGETS, use_dora=True, lora_dropout=0.1,
                                            init_lora_weights="gaussian", inference_mode=True))
    model.peft_config["default"].base_model_name_or_path = f"vlm2vec-web/{NAME}"
    randomize(model, seed=400)
    folder = ADAPTERS / ADAPTER
    shutil.rmtree(folder, ignore_errors=True)
    # As the published adapter is: torch's own format.
    model.save_pretrained(folder, save_embedding_layers=False, safe_serialization=False)
    (folder / "README.md").unlink(missing_ok=True)
    tidy_config(folder)
    merged = model.merge_and_unload().float().eval()
    rows = []
    for id, batch in batches.items():
        vector = embed(merged, batch)
        cosine = float(vector @ without[id])
        print(id, cosine)
        if cosine >= 0.999:
            raise ValueError(f"{id}: no different")
        rows.append({"id": id, "embedding": b64(vector), "cosineToBase": round(cosine, 6)})
    write_json(FIXTURES / "backbones" / "phi3-v+dora.json", {
        "architecture": "phi3_v", "transformers": "4.47.1", "checkpoint": NAME, "adapter": ADAPTER, "cases": rows}, depth=2)


if __name__ == "__main__":
    main()
