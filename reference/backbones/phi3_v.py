"""Phi-3.5-V. Run with transformers 4.47.1: RECIPE_CODE=… python -O -m reference.backbones.phi3_v

-O, as the authors' code asserts that the tower is 1024 wide (and uses the number nowhere else).
`RECIPE_CODE/TIGER-AI-Lab+VLM2Vec-v1` is a clone of that repository at its branch v1, whose own copy of the model runs.
"""

import os
import shutil
import sys
from functools import partial
from unittest.mock import patch

import numpy as np
import torch
from safetensors.torch import save_file
from torchvision.transforms import InterpolationMode, functional as transforms
from transformers import CLIPVisionConfig, LlamaTokenizerFast

from ..oracle.checkpoints import CHECKPOINTS
from ..oracle.encoding import FIXTURES, b64, sha256, write_json, write_pretty
from ..recipes.pictures import open_picture
from . import tokenizer, weights

sys.path.insert(0, os.path.join(os.environ["RECIPE_CODE"], "TIGER-AI-Lab+VLM2Vec-v1", "src", "vlm_backbone"))
from phi3_v import image_embedding_phi3_v  # noqa: E402
from phi3_v.configuration_phi3_v import Phi3VConfig  # noqa: E402
from phi3_v.image_processing_phi3_v import Phi3VImageProcessor  # noqa: E402
from phi3_v.modeling_phi3_v import Phi3VForCausalLM  # noqa: E402
from phi3_v.processing_phi3_v import Phi3VProcessor  # noqa: E402

NAME = "tiny-phi3-v"
FOLDER = CHECKPOINTS / NAME
REPRESENT = "<|image_1|>\nRepresent the given image.\n"
TOKENS = [("<|endoftext|>", False), ("<|assistant|>", True), ("<|placeholder1|>", True), ("<|system|>", False),
          ("<|end|>", False), ("<|user|>", False), ("<|image|>", True)]
CLIP = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 1, "image_size": 336,
        "patch_size": 14, "projection_dim": 64, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5}
# The switch between the factors is at 600 tokens, so that small inputs reach both sides.
SWITCH = 600
# Of a global view's numbers, every so-manieth is kept, row by row of each channel.
VIEW_STEP = 1323
INTERPOLATE = torch.nn.functional.interpolate


def box_average(values, size, mode):
    return INTERPOLATE(values, size=size, mode="area")



def config() -> Phi3VConfig:
    short = [1 + i / 96 for i in range(48)]
    return Phi3VConfig(
        vocab_size=392, hidden_size=192, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=SWITCH * 16, original_max_position_embeddings=SWITCH,
        rope_scaling={"type": "su", "short_factor": short, "long_factor": [1.5 + i * i / 200 for i in range(48)]},
        sliding_window=SWITCH * 16, eos_token_id=2, pad_token_id=tokenizer.PLAIN,
        embd_layer={"embedding_cls": "image", "hd_transform_order": "sub_glb", "projection_cls": "mlp",
                    "use_hd_transform": True, "with_learnable_separator": True},
        # clip_config is ours: in the published file the tower's sizes are constants of the code.
        img_processor={"image_dim_out": 64, "name": "clip_vision_model", "num_img_tokens": 144,
                       "model_name": "openai/clip-vit-large-patch14-336", "clip_config": CLIP},
        attn_implementation="eager",
    )


def write_checkpoint() -> Phi3VForCausalLM:
    """→ the model in float32, with the numbers that were stored"""
    image_embedding_phi3_v.CLIP_VIT_LARGE_PATCH14_336_CONFIG = CLIPVisionConfig(**CLIP)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    ids = tokenizer.write(FOLDER, TOKENS, padding_side="right", pad="<|endoftext|>")
    model = weights.fill(Phi3VForCausalLM(config()), seed=21)
    model.config.architectures = ["Phi3VForCausalLM"]
    model.config.torch_dtype = torch.bfloat16
    model.config.save_pretrained(FOLDER)
    # As the published safetensors: the table once, not again below the picture's embedding.
    state = {name: value.bfloat16().contiguous() for name, value in model.state_dict().items() if ".wte." not in name}
    save_file(state, FOLDER / "model.safetensors", metadata={"format": "pt"})
    write_pretty(FOLDER / "preprocessor_config.json", {
        "num_crops": 16, "num_img_tokens": 144, "do_convert_rgb": True, "image_processor_type": "Phi3VImageProcessor",
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]})
    return model.float().eval()


def cases() -> list[dict]:
    sizes = {16: [(336, 336), (800, 599), (2, 2), (300, 20)],
             4: [(336, 336), (800, 599), (599, 800), (7, 5), (20, 300), (300, 20), (1000, 333), (333, 1000), (56, 50),
                 (1, 1), (672, 671), (1344, 1344), (100, 75), (640, 481), (200, 305), (500, 28)],
             1: [(336, 336), (200, 301), (301, 200), (1, 1)], 2: [(800, 300), (300, 800)], 6: [(900, 600)]}
    result = [{"id": f"picture-{w}x{h}-{crops}", "text": REPRESENT, "images": [{"synthetic": [w, h]}], "numCrops": crops}
              for crops, pairs in sizes.items() for w, h in pairs]
    result += [{"id": f"{name}-4", "text": REPRESENT, "images": [f"images/{name}.png"], "numCrops": 4}
               for name in ("cat", "rocket", "wide", "tall")]
    for id, text in [("inside", "Look at this: <|image_1|> and say what it is."), ("tail", "Represent <|image_1|>")]:
        result.append({"id": f"marker-{id}", "text": text, "images": ["images/cat.png"], "numCrops": 1})
    texts = [("text", "A cat and a dog"), ("text-empty", ""), ("text-line", "Find an image.\n"),
             ("text-emoji", "😀 two  spaces\tand 猫"), ("text-added-tokens", "<|user|> a cat <|assistant|>  a dog</s> b<|end|>"),
             ("text-literal-marker", "<|image_1|>\nFind an image that answers this question: What?\n")]
    return result + [{"id": id, "text": text} for id, text in texts]


def prepare(tokens: LlamaTokenizerFast, case: dict) -> dict:
    processor = Phi3VProcessor(Phi3VImageProcessor.from_pretrained(FOLDER, num_crops=case.get("numCrops", 16)), tokens)
    images = [open_picture(image) for image in case["images"]] if "images" in case else None
    return dict(processor(case["text"], images, return_tensors="pt"))


@torch.no_grad()
def embed(model: torch.nn.Module, batch: dict) -> torch.Tensor:
    given = {"input_ids": batch["input_ids"].long(), "attention_mask": batch["attention_mask"].long()}
    if "pixel_values" in batch:
        given |= {"pixel_values": [batch["pixel_values"].numpy()], "image_sizes": [batch["image_sizes"].numpy()]}
    else:
        given |= {"pixel_values": torch.zeros(1, 1), "image_sizes": torch.ones(1, 1)}
    state = model(**given, output_hidden_states=True, use_cache=False, return_dict=True).hidden_states[-1][0, -1]
    return torch.nn.functional.normalize(state, dim=-1)


def text_of(tokens: LlamaTokenizerFast, count: int) -> dict:
    """A text of exactly so many tokens."""
    words = "a cat and a dog " * 200
    text = next(words[:n] for n in range(len(words)) if len(tokens(words[:n]).input_ids) == count)
    return {"id": f"text-{count}-tokens", "text": text}


def ids_of(case: dict, batch: dict) -> list:
    ids = batch["input_ids"][0].long().tolist()
    if "images" not in case:
        return ids
    start, count = ids.index(-1), ids.count(-1)
    return [ids[:start], count, ids[start + count:]]


def whole_of(tiles: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """[1 + rows·columns, 3, 336, 336], the view first → float64 [3, rows·336, columns·336]"""
    grid = tiles[1:].reshape(rows, columns, 3, 336, 336).transpose(2, 0, 3, 1, 4)
    return grid.reshape(3, rows * 336, columns * 336).astype(np.float64)


def shrunk(values: np.ndarray) -> np.ndarray:
    """Bicubic interpolation (a = -0.75, no antialiasing) of the last axis to 336, by its definition, in float64."""
    length, a = values.shape[-1], -0.75
    source = (np.arange(336) + 0.5) * (length / 336) - 0.5
    first = np.floor(source)
    result = 0
    for tap in (-1, 0, 1, 2):
        x = np.abs(source - first - tap)
        weight = np.where(x <= 1, ((a + 2) * x - (a + 3)) * x * x + 1, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a)
        result = result + weight * values[..., np.clip(first + tap, 0, length - 1).astype(int)]
    return result


def view_of(whole: np.ndarray) -> np.ndarray:
    return shrunk(shrunk(whole).swapaxes(1, 2)).swapaxes(1, 2)


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    model = write_checkpoint()
    tokens = LlamaTokenizerFast.from_pretrained(FOLDER)
    # On both sides of the switch.
    counted = [text_of(tokens, count) for count in (SWITCH - 1, SWITCH, SWITCH + 1, SWITCH + 50)]
    rows, vectors, batches = [], {}, {}
    for case in cases() + counted:
        batch = batches[case["id"]] = prepare(tokens, case)
        vectors[case["id"]] = embed(model, batch)
        row = {**case, "ids": ids_of(case, batch)}
        if "images" in case:
            height, width = batch["image_sizes"][0].tolist()
            tiles = 1 + height * width // 336**2
            # What follows are zero tiles up to the number of crops, which nothing reads.
            pixels = batch["pixel_values"][0, :tiles].contiguous().numpy().astype("<f4")
            grid = [height // 336, width // 336]
            error = float(np.abs(view_of(whole_of(pixels, *grid)) - pixels[0]).max())
            if error > 8e-7:
                raise ValueError(f"{case['id']}: the view is {error} from its definition")
            row |= {"grid": grid, "tileMeans": b64(pixels.reshape(tiles, -1).mean(axis=1)), "cropPixels": sha256(pixels[1:]),
                    "viewPixels": b64(pixels[0].reshape(-1)[::VIEW_STEP]), "viewError": error}
        rows.append({**row, "embedding": b64(vectors[case["id"]])})
        print(case["id"], row.get("grid"), row.get("viewError"), flush=True)

    mistakes = []

    def wrong(id: str, name: str, batch: dict) -> None:
        value = float(vectors[id] @ embed(model, batch))
        print(id, name, value)
        if value >= 0.99999:
            raise ValueError(f"{id}, {name}: no different")
        mistakes.append({"case": id, "name": name, "cosine": round(value, 6)})

    def without(batch: dict, index: int) -> dict:
        keep = [i for i in range(batch["input_ids"].shape[1]) if i != index]
        return {**batch, "input_ids": batch["input_ids"][:, keep], "attention_mask": batch["attention_mask"][:, keep]}

    for id in ("picture-800x599-4", "picture-20x300-4"):
        batch = batches[id]
        pad = batch["input_ids"][0].tolist()
        wrong(id, "no second <s>", without(batch, len(pad) - pad[::-1].index(-1)))
        tiles = batch["pixel_values"].clone()
        tiles[:, 0] = torch.nn.functional.interpolate(
            tiles[:, 1:2].flatten(0, 1), (336, 336)).reshape(tiles[:, 0].shape)
        wrong(id, "the first crop for the global view", {**batch, "pixel_values": tiles})
        case = next(case for case in cases() if case["id"] == id)
        with patch.object(torch.nn.functional, "interpolate", box_average):
            wrong(id, "box-averaged global view", prepare(tokens, case))
        with patch.object(transforms, "resize", partial(transforms.resize, interpolation=InterpolationMode.BICUBIC)):
            wrong(id, "bicubic instead of bilinear tiles", prepare(tokens, case))
        for layer in model.model.layers:
            layer.self_attn.rotary_emb.max_position_embeddings = SWITCH
        wrong(id, "m left out", batch)
        for layer in model.model.layers:
            layer.self_attn.rotary_emb.max_position_embeddings = SWITCH * 16
    for id in ("picture-800x599-4", f"text-{SWITCH + 1}-tokens"):
        for layer in model.model.layers:
            rotary = layer.self_attn.rotary_emb
            rotary.long_factor, kept = rotary.short_factor, rotary.long_factor
            layer.kept = kept
        wrong(id, "short factors beyond the switch", batches[id])
        for layer in model.model.layers:
            layer.self_attn.rotary_emb.long_factor = layer.kept
    write_json(FIXTURES / "backbones" / "phi3-v.json", {
        "architecture": "phi3_v", "code": {"repository": "TIGER-AI-Lab/VLM2Vec", "file": "src/vlm_backbone/phi3_v",
                                           "commit": "28fdbdd68a66374ec1b53207ad7a24b9979f1ab6"},
        "transformers": "4.47.1", "checkpoint": NAME, "cases": rows, "mistakes": mistakes}, depth=2)


if __name__ == "__main__":
    main()
