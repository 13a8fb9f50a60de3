"""SigLIP 2 of one picture size. Run with transformers 4.57.3: GEMMA=…/tokenizer.json python -m reference.backbones.siglip"""

import json
import shutil

import numpy as np
import torch
import transformers
from PIL import Image
from transformers import GemmaTokenizerFast, SiglipConfig, SiglipImageProcessor, SiglipModel

from ..oracle.checkpoints import CHECKPOINTS
from ..oracle.encoding import FIXTURES, b64, sha256, write_json, write_pretty
from ..recipes.pictures import open_picture
from . import drawn, siglip_tokenizer
from .siglip_tokenizer import lower

NAME = "tiny-siglip2"
FOLDER = CHECKPOINTS / NAME
LENGTH = 64
SYNTHETIC = [(32, 32), (64, 64), (31, 33), (5, 7), (1, 1), (2, 2), (1, 300), (300, 1), (33, 32), (32, 100), (100, 32), (28, 28),
             (200, 305), (305, 200), (640, 481), (1000, 333), (333, 1000), (1700, 1300), (450, 5), (16, 16), (47, 95)]
TEXTS = {
    "empty": "", "photo": "a photo of 2 cats", "case": "A Photo of TWO Cats", "long": "a white cat and a brown dog lying in the grass. " * 12,
    "sigma": "ΟΔΥΣΣΕΥΣ ΣΑΣ", "accents": "Ánh SÁNG và BÓNG, Ünïcödé İstanbul", "cjk": "猫と犬、两只狗在海滩上", "emoji": "😀 two  spaces\tand 猫",
    "specials": "a <eos> b<pad>c <BOS>", "lines": "a cat\n\na dog\n", "spaces": "  leading and trailing  ", "punctuation": "I'm sure: it's \"red\", isn't it?!",
}
ONE = "cat"  # with a space before it one token

SIZES = {"tiny": {"text": (32, 2, 48), "vision": (32, 2, 48), "picture": (32, 8), "seed": 41}}
VARIANTS = {
    # Heads of 64 as the base's, and everything written.
    "base": {"text": (128, 2, 192), "vision": (128, 2, 192), "picture": (64, 16), "seed": 42},
    # Heads of 72, an MLP that is no multiple of 32, and pixels that no patch sees; the config leaves out what has defaults.
    "so-crop": {"text": (144, 2, 108), "vision": (144, 2, 108), "picture": (52, 14), "seed": 43, "sparse": True},
    # A narrower text tower with a projection, pictures by the bicubic filter.
    "giant": {"text": (144, 2, 108), "vision": (192, 2, 96), "picture": (48, 16), "seed": 44, "resample": 3},
}
DEFAULTS = ("layer_norm_eps", "hidden_act", "max_position_embeddings", "num_channels", "attention_dropout", "projection_size")


def config(size: dict, rows: int) -> SiglipConfig:
    tower = lambda width, heads, inner: {"hidden_size": width, "num_attention_heads": heads, "intermediate_size": inner,  # noqa: E731
                                         "num_hidden_layers": 2}
    side, patch = size["picture"]
    return SiglipConfig(text_config={**tower(*size["text"]), "vocab_size": rows, "projection_size": size["vision"][0]},
                        vision_config={**tower(*size["vision"]), "image_size": side, "patch_size": patch})


def written(size: dict, rows: int) -> dict:
    """config.json; `sparse`: as the published files are."""
    whole = json.loads(config(size, rows).to_json_string(use_diff=True))
    whole["architectures"] = ["SiglipModel"]
    if size.get("sparse"):
        for part in ("text_config", "vision_config"):
            whole[part] = {k: v for k, v in whole[part].items() if k not in DEFAULTS}
    return whole


def preprocessor(size: dict) -> dict:
    side = size["picture"][0]
    return {"do_convert_rgb": None, "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": [0.5, 0.5, 0.5],
            "image_processor_type": "SiglipImageProcessor", "image_std": [0.5, 0.5, 0.5], "processor_class": "SiglipProcessor",
            "resample": size.get("resample", 2), "rescale_factor": 1 / 255, "size": {"height": side, "width": side}}


def model_of(size: dict, rows: int, **changes) -> SiglipModel:
    settings = config(size, rows)
    for part in (settings.text_config, settings.vision_config):
        part._attn_implementation = "eager"
        for key, value in changes.items():
            setattr(part, key, value)
    settings._attn_implementation = "eager"
    return drawn.fill(SiglipModel(settings), size["seed"])


def texts(tokenizer: GemmaTokenizerFast) -> dict[str, str]:
    """With three around the limit: 63, 64 and 65 tokens with the end token."""
    result = dict(TEXTS)
    for count in (2, LENGTH - 1, LENGTH, LENGTH + 1):
        result[f"{count}-tokens"] = " ".join([ONE] * (count - 1))
        assert len(tokenizer(result[f"{count}-tokens"])["input_ids"]) == count
    return result


def ids_of(tokenizer: GemmaTokenizerFast, text: str) -> list[int]:
    return tokenizer(lower(text), padding="max_length", truncation=True, max_length=LENGTH)["input_ids"]


def pixels_of(image: Image.Image, size: dict) -> torch.Tensor:
    """→ [1, 3, side, side]"""
    given = preprocessor(size)
    return SiglipImageProcessor(size=given["size"], resample=given["resample"])(image, return_tensors="pt", input_data_format="channels_last")["pixel_values"]


def patches(pixels: torch.Tensor, patch: int) -> np.ndarray:
    """What the tower sees of them, as rows of channel, row, column. → [patches, 3 patch²]"""
    n = pixels.shape[-1] // patch
    cut = pixels[0, :, :n * patch, :n * patch].reshape(3, n, patch, n, patch)
    return np.ascontiguousarray(cut.permute(1, 3, 0, 2, 4).reshape(n * n, -1).numpy(), dtype="<f4")


@torch.no_grad()
def text_vector(model: SiglipModel, ids: list[int], **more) -> torch.Tensor:
    return torch.nn.functional.normalize(model.get_text_features(input_ids=torch.tensor([ids]), **more)[0], dim=-1)


@torch.no_grad()
def picture_vector(model: SiglipModel, pixels: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(model.get_image_features(pixel_values=pixels)[0], dim=-1)


def pictures() -> dict[str, str | dict]:
    files = {path: f"images/{path}.png" for path in ("cat", "rocket", "wide", "tall")}
    return {**{f"picture-{w}x{h}": {"synthetic": [w, h]} for w, h in SYNTHETIC}, **files}


def cases(model: SiglipModel, tokenizer: GemmaTokenizerFast, size: dict, only: set[str] | None = None) -> list[dict]:
    rows = []
    for id, text in texts(tokenizer).items():
        if only is None or id in only:
            ids = ids_of(tokenizer, text)
            rows.append({"id": f"text-{id}", "text": text, "ids": ids, "embedding": b64(text_vector(model, ids))})
    for id, picture in pictures().items():
        if only is None or id in only:
            pixels = pixels_of(open_picture(picture), size)
            rows.append({"id": id, "images": [picture], "ids": [], "pixels": sha256(patches(pixels, size["picture"][1])),
                         "embedding": b64(picture_vector(model, pixels))})
    return rows


def mistakes(model: SiglipModel, tokenizer: GemmaTokenizerFast, size: dict, rows: int) -> list[dict]:
    side = size["picture"][0]
    found = []

    def wrong(id: str, name: str, right: torch.Tensor, other: torch.Tensor) -> None:
        cosine = float(right @ other)
        difference = float((right - other).abs().max())
        print(id, name, 1 - cosine, difference)
        # What the tests of right vectors allow is 2e-5 of a component.
        assert difference > 5e-5, (id, name)
        found.append({"case": id, "name": name, "cosine": round(cosine, 6), "difference": float(f"{difference:.3g}")})

    for id in ("photo", "case"):
        text = TEXTS[id]
        ids = ids_of(tokenizer, text)
        right = text_vector(model, ids)
        count = ids.index(1) + 1
        mask = torch.tensor([[1] * count + [0] * (LENGTH - count)])
        wrong(f"text-{id}", "a mask on the padding", right, text_vector(model, ids, attention_mask=mask))
        wrong(f"text-{id}", "no padding", right, text_vector(model, ids[:count]))
        wrong(f"text-{id}", "no end token", right, text_vector(model, [*ids[:count - 1], *ids[count:], 0]))
        erf = model_of(size, rows, hidden_act="gelu")
        wrong(f"text-{id}", "the GELU of the error function", right, text_vector(erf, ids))
    raw = tokenizer(TEXTS["case"], padding="max_length", truncation=True, max_length=LENGTH)["input_ids"]
    wrong("text-case", "not lower-cased", text_vector(model, ids_of(tokenizer, TEXTS["case"])), text_vector(model, raw))

    for id in ("picture-200x305", "cat"):
        image = open_picture(pictures()[id])
        right = picture_vector(model, pixels_of(image, size))
        again = lambda picture: picture_vector(model, pixels_of(picture, size))  # noqa: E731
        wrong(id, "bicubic", right, again(image.resize((side, side), Image.Resampling.BICUBIC)))
        plain = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
        plain = torch.nn.functional.interpolate(plain, (side, side), mode="bilinear", align_corners=False, antialias=False)
        plain = Image.fromarray((plain[0] + 0.5).floor().clamp(0, 255).byte().permute(1, 2, 0).numpy(), "RGB")
        wrong(id, "bilinear without antialias", right, again(plain))
        short = min(image.size)
        left, top = (image.width - short) // 2, (image.height - short) // 2
        wrong(id, "the middle instead of all of it", right, again(image.crop((left, top, left + short, top + short))))
        erf = model_of(size, rows, hidden_act="gelu")
        wrong(id, "the GELU of the error function", right, picture_vector(erf, pixels_of(image, size)))
    return found


def main() -> None:
    assert transformers.__version__ == "4.57.3"
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    rows = siglip_tokenizer.write(FOLDER, [*TEXTS.values(), " ".join([ONE] * 3)])
    tokenizer = GemmaTokenizerFast.from_pretrained(FOLDER)
    size = SIZES["tiny"]
    model_of(size, rows).to(torch.bfloat16).save_pretrained(FOLDER)
    write_pretty(FOLDER / "config.json", written(size, rows))
    write_pretty(FOLDER / "preprocessor_config.json", preprocessor(size))
    model = SiglipModel.from_pretrained(FOLDER, torch_dtype=torch.float32, attn_implementation="eager").eval()
    logit = {"scale": float(model.logit_scale.exp()), "bias": float(model.logit_bias)}
    write_json(FIXTURES / "backbones" / "siglip.json", {
        "architecture": "siglip", "code": {"repository": "huggingface/transformers", "file": "models/siglip", "commit": "v4.57.3"},
        "transformers": "4.57.3", "checkpoint": NAME, "logit": logit, "cases": cases(model, tokenizer, size),
        "mistakes": mistakes(model, tokenizer, size, rows)}, depth=2)
    only = {"empty", "case", "long", "sigma", "specials", "64-tokens", "picture-64x64", "picture-5x7", "picture-640x481", "picture-1x300", "tall"}
    variants = []
    for name, each in VARIANTS.items():
        other = model_of(each, rows)
        variants.append({"name": name, "config": written(each, rows), "preprocessor": preprocessor(each),
                         "weights": drawn.described(other.state_dict(), each["seed"]), "cases": cases(other, tokenizer, each, only)})
        print(name)
    write_json(FIXTURES / "backbones" / "siglip-variants.json", {
        "architecture": "siglip", "transformers": "4.57.3", "files": NAME, "variants": variants}, depth=4)


if __name__ == "__main__":
    main()
