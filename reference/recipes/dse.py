"""Golden vectors of dse (MrLight/dse-qwen2-2b-mrl-v1): the card's steps, qwen-vl-utils 0.0.8, transformers 4.46.3."""

import torch
from PIL import Image
from qwen_vl_utils import process_vision_info

from . import checkpoint, plain, screens
from .golden import Golden
from .pictures import COFFEE, DOT, LARGE, LINE, PAGE, PHOTO, SMALLEST, STRIP, TINY, open_picture
from .prompts import MARKER, SHORT_END, turn
from .screens import Screens

STEPS = [plain.fit(4, 16384), plain.fit(1, 2560)]
QUESTION = "Where can we see a cat?"
CASES = [
    {"id": "text", "role": "query", "text": QUESTION},
    {"id": "text-space", "role": "query", "text": "  two\nlines "},
    {"id": "text-document", "role": "document", "text": "A cat sits on a wooden table."},
    {"id": "text-dims", "role": "query", "text": QUESTION, "dims": 128},
    {"id": "picture", "role": "document", "images": [COFFEE]},
    {"id": "picture-dims", "role": "document", "images": [COFFEE], "dims": 64},
    {"id": "picture-tiny", "role": "document", "images": [TINY]},
    {"id": "picture-smallest", "role": "document", "images": [SMALLEST]},
    {"id": "picture-photo", "role": "document", "images": [PHOTO]},
    {"id": "picture-large", "role": "document", "images": [LARGE]},
    {"id": "picture-page", "role": "document", "images": [PAGE]},
    {"id": "picture-5x7", "role": "document", "images": [DOT]},
    {"id": "picture-1x2000", "role": "document", "images": [LINE], "refused": True},
    {"id": "picture-28x5629", "role": "document", "images": [STRIP], "refused": True},
]


def user(case: dict) -> str:
    """The text of the only turn."""
    if "images" in case:
        return "What is shown in this image?"
    return f"{'Query' if case['role'] == 'query' else 'Document'}: {case['text']}"


def string(case: dict) -> str:
    return turn(MARKER + user(case))


def main() -> None:
    checkpoint.quiet()
    model = checkpoint.load(attention="sdpa")
    prepare = screens.processor(1, 2560)
    golden = Golden("dse", model, positions="mrope", code={
        "repository": "MrLight/dse-qwen2-2b-mrl-v1", "file": "README.md", "card": "How to Use the Model",
    })

    def run(case: dict) -> torch.Tensor:
        picture = {"type": "image", "image": Image.new("RGB", (28, 28)), "resized_height": 1, "resized_width": 1}
        if "images" in case:
            picture = {"type": "image", "image": open_picture(case["images"][0])}
        messages = [{"role": "user", "content": [picture, {"type": "text", "text": user(case)}]}]
        text = prepare.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) + "<|endoftext|>"
        images, _ = process_vision_info([messages])
        return screens.authors_embed(model, prepare, text, images, case.get("dims"))

    runner = Screens(golden, model, run, string, STEPS)
    runner.add(CASES)
    runner.blanks("text")
    runner.blanks("text-document")
    text, document = string(CASES[0]), string(runner.by_id["text-document"])
    runner.mistakes([
        ("text", "no end token", {"string": text.removesuffix("<|endoftext|>")}),
        ("text", "no assistant turn", {"string": turn(MARKER + user(CASES[0]), SHORT_END)}),
        ("text", "no prefix", {"string": text.replace("Query: ", "")}),
        ("text-document", "prefix of a query", {"string": document.replace("Document: ", "Query: ")}),
        ("text-space", "text trimmed", {"string": turn(MARKER + "Query: two\nlines")}),
        ("picture", "1d positions", {"positions": "1d"}),
        ("picture", "no system prompt", {"string": string(CASES[4]).split("<|im_end|>\n", 1)[1]}),
        ("picture", "no question", {"string": turn(MARKER)}),
        ("picture-photo", "1d positions", {"positions": "1d"}),
        ("picture-large", "one resize", {"steps": STEPS[1:]}),
        ("picture-smallest", "one resize", {"steps": STEPS[1:]}),
        ("picture-5x7", "one resize", {"steps": STEPS[1:]}),
    ])
    golden.write()


if __name__ == "__main__":
    main()
