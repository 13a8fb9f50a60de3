"""LLaVA-NeXT with Mistral. Run with transformers 4.47.1: python -m reference.backbones.llava_next"""

import shutil
import types

import torch
from PIL import Image
from transformers import (
    LlavaNextConfig, LlavaNextForConditionalGeneration, LlavaNextImageProcessor, LlavaNextProcessor, LlamaTokenizerFast
)

from ..oracle.checkpoints import CHECKPOINTS
from ..oracle.encoding import FIXTURES, b64, sha256, write_json, write_pretty
from ..recipes.pictures import open_picture
from . import tokenizer, weights

NAME = "tiny-llava-next"
FOLDER = CHECKPOINTS / NAME
PINS = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
IMAGE_ID = tokenizer.PLAIN
REPRESENT = "<image>\nRepresent the given image.\n"


def config(image: int, rows: int) -> LlavaNextConfig:
    return LlavaNextConfig(
        vision_config={"model_type": "clip_vision_model", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3,
                       "num_attention_heads": 1, "image_size": 336, "patch_size": 14, "projection_dim": 64,
                       "vocab_size": 32},
        text_config={"model_type": "mistral", "hidden_size": 128, "intermediate_size": 160, "num_hidden_layers": 2,
                     "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32768,
                     "rms_norm_eps": 1e-5, "rope_theta": 1000000.0, "sliding_window": None, "vocab_size": rows},
        image_grid_pinpoints=PINS, image_token_index=image, projector_hidden_act="gelu",
        vision_feature_layer=-2, vision_feature_select_strategy="default", tie_word_embeddings=False,
    )


def write_checkpoint() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    ids = tokenizer.write(FOLDER, [("<image>", False), ("<pad>", False)], padding_side="left", pad="<pad>")
    assert ids["<image>"] == IMAGE_ID
    model = weights.fill(LlavaNextForConditionalGeneration(config(ids["<image>"], 400)), seed=11)
    model.to(torch.bfloat16).save_pretrained(FOLDER)
    LlavaNextImageProcessor(image_grid_pinpoints=PINS, size={"shortest_edge": 336},
                            crop_size={"height": 336, "width": 336}).save_pretrained(FOLDER)
    write_pretty(FOLDER / "processor_config.json", {
        "image_token": "<image>", "num_additional_image_tokens": 1, "patch_size": 14, "processor_class": "LlavaNextProcessor",
        "vision_feature_select_strategy": "default"})


def cases() -> list[dict]:
    synthetic = [(336, 336), (672, 672), (1344, 1344), (800, 599), (599, 800), (450, 5), (20, 300), (7, 5), (55, 88),
                 (301, 200), (200, 301), (337, 335), (1000, 333), (333, 1000), (28, 500), (2, 2), (640, 481), (100, 75), (200, 305),
                 (1, 1), (900, 1), (1, 900), (3, 2), (2, 3), (2000, 3), (671, 337), (1345, 1343)]
    files = ["images/cat.png", "images/rocket.png", "images/wide.png", "images/tall.png"]
    result = [{"id": f"picture-{w}x{h}", "text": REPRESENT, "images": [{"synthetic": [w, h]}]} for w, h in synthetic]
    result += [{"id": path[7:-4], "text": REPRESENT, "images": [path]} for path in files]
    question = "<image> Represent the given image with the following question: What is in the image"
    result.append({"id": "question", "text": question, "images": [files[0]]})
    for id, text in [("text", "A cat and a dog"), ("text-empty", ""), ("text-line", "Find an image.\n"),
                     ("text-long", "a cat and a dog " * 60), ("text-emoji", "😀 two  spaces\tand 猫"),
                     ("text-literal-marker", "<image>\nFind an image that answers this question: What?\n")]:
        result.append({"id": id, "text": text})
    return result


@torch.no_grad()
def states(model, batch: dict) -> torch.Tensor:
    """Last states after the final norm; text alone runs the language model, as 4.47.1 raises on it. // [tokens, hidden]"""
    if "pixel_values" in batch:
        return model(**batch, output_hidden_states=True, use_cache=False).hidden_states[-1][0]
    return model.language_model(input_ids=batch["input_ids"], output_hidden_states=True, use_cache=False).hidden_states[-1][0]


def unit(states: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(states[-1], dim=-1)


def pad_as_later(processor, image, target_resolution, input_data_format):
    """Later releases put an odd pixel of padding to the right and below; 4.47.1 leaves it out."""
    from transformers.models.llava_next.image_processing_llava_next import _get_patch_output_size

    height, width = target_resolution
    rows, columns = _get_patch_output_size(image, target_resolution, input_data_format)
    top, left = (height - rows) // 2, (width - columns) // 2
    padding = ((top, height - rows - top), (left, width - columns - left))
    return processor.pad(image, padding=padding, data_format=input_data_format, input_data_format=input_data_format)


class Oracle:
    def __init__(self) -> None:
        self.model = LlavaNextForConditionalGeneration.from_pretrained(
            FOLDER, torch_dtype=torch.float32, attn_implementation="eager").eval()
        self.processor = LlavaNextProcessor(
            LlavaNextImageProcessor.from_pretrained(FOLDER), LlamaTokenizerFast.from_pretrained(FOLDER),
            patch_size=14, vision_feature_select_strategy="default", num_additional_image_tokens=1)

    def batch(self, text: str, image: Image.Image | None) -> dict:
        if image is None:
            return dict(self.processor.tokenizer([text], return_tensors="pt"))
        # Told, as a height of 1 or 3 is taken for the channels otherwise, and raises.
        return dict(self.processor(images=[image], text=[text], input_data_format="channels_last", return_tensors="pt"))


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    write_checkpoint()
    oracle = Oracle()
    rows, mistakes, vectors = [], [], {}
    for case in cases():
        image = open_picture(case["images"][0]) if "images" in case else None
        batch = oracle.batch(case["text"], image)
        vectors[case["id"]] = unit(states(oracle.model, batch))
        ids = batch["input_ids"][0].tolist()
        row = {**case, "ids": ids}
        if image:
            start, count = ids.index(IMAGE_ID), ids.count(IMAGE_ID)
            row["ids"] = [ids[:start], count, ids[start + count:]]
            pixels = batch["pixel_values"][0].contiguous().numpy()
            row |= {"tiles": pixels.shape[0], "pixels": sha256(pixels.astype("<f4"))}
        rows.append({**row, "embedding": b64(vectors[case["id"]])})
        print(case["id"], len(ids), row.get("tiles"))

    def wrong(id: str, name: str, batch: dict) -> None:
        value = float(vectors[id] @ unit(states(oracle.model, batch)))
        print(id, name, value)
        assert value < 0.99999, (id, name)
        mistakes.append({"case": id, "name": name, "cosine": round(value, 6)})

    text = oracle.batch("A cat and a dog", None)
    wrong("text", "no <s>", {"input_ids": text["input_ids"][:, 1:]})
    for id in ("picture-200x305", "cat"):
        case = next(case for case in cases() if case["id"] == id)
        image = open_picture(case["images"][0])
        processor = oracle.processor.image_processor
        processor.resample = Image.Resampling.BILINEAR
        wrong(id, "bilinear", oracle.batch(case["text"], image))
        processor.resample = Image.Resampling.BICUBIC
        processor._pad_for_patching = types.MethodType(pad_as_later, processor)
        wrong(id, "padding of later releases", oracle.batch(case["text"], image))
        del processor._pad_for_patching
        wrong(id, "a space for the line break", oracle.batch(case["text"].replace("\n", " "), image))
        wrong(id, "squeezed to 1344 x 1344 first", oracle.batch(case["text"], image.resize((1344, 1344))))
    write_json(FIXTURES / "backbones" / "llava-next.json", {
        "architecture": "llava_next", "code": {"repository": "huggingface/transformers", "file": "models/llava_next", "commit": "v4.47.1"},
        "transformers": "4.47.1", "checkpoint": NAME, "cases": rows, "mistakes": mistakes}, depth=2)


if __name__ == "__main__":
    main()
