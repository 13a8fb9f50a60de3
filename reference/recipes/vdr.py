"""Golden vectors of vdr (llamaindex/vdr-2b-v1, vdr-2b-multi-v1) in transformers 4.46.3.

Its own module was not to be had: these are the steps that two third-party ports of it agree in (mteb's wrapper and
the FiftyOne plugin), with the model's limits.
"""

import torch
from PIL import Image

from . import checkpoint, plain, screens
from .golden import Golden
from .mcdse import card_size
from .pictures import COFFEE, DOT, LINE, PAGE, PHOTO, ROCKET, SMALLEST, STRIP, open_picture
from .prompts import END, MARKER, SHORT_END, turn
from .screens import Screens

LIMITS = (1, 768)
STEPS = [plain.fit(*LIMITS, ratio="any"), plain.fit(*LIMITS)]
QUESTION = "Quali erano le passività totali al 31 dicembre?"
CASES = [
    {"id": "text", "role": "query", "text": QUESTION},
    {"id": "text-dims", "role": "query", "text": QUESTION, "dims": 128},
    {"id": "picture", "role": "document", "images": [COFFEE]},
    {"id": "picture-dims", "role": "document", "images": [ROCKET], "dims": 64},
    {"id": "picture-smallest", "role": "document", "images": [SMALLEST]},
    {"id": "picture-photo", "role": "document", "images": [PHOTO]},
    {"id": "picture-page", "role": "document", "images": [PAGE]},
    {"id": "picture-5x7", "role": "document", "images": [DOT]},
    {"id": "picture-1x2000", "role": "document", "images": [LINE]},
    {"id": "picture-28x5629", "role": "document", "images": [STRIP], "refused": True},
]


def string(case: dict) -> str:
    question = "What is shown in this image?" if "images" in case else f"Query: {case['text']}"
    return turn(MARKER + question, SHORT_END)


def main() -> None:
    checkpoint.quiet()
    model = checkpoint.load(attention="sdpa")
    prepare = screens.processor(*LIMITS)
    golden = Golden("vdr", model, positions="mrope", code={
        "repository": "llamaindex/vdr-2b-multi-v1", "file": "custom_st.py",
        "commit": "as two third-party ports have it (mteb's VDRModel, FiftyOne's vdr plugin)",
    })

    def run(case: dict) -> torch.Tensor:
        image = Image.new("RGB", (56, 56))
        if "images" in case:
            image = open_picture(case["images"][0])
            height, width = card_size(image.height, image.width, LIMITS)
            image = image.resize((width, height))
        return screens.authors_embed(model, prepare, string(case), [image], case.get("dims"))

    runner = Screens(golden, model, run, string, STEPS)
    runner.add(CASES)
    runner.blanks("text")
    swapped = [plain.fit(*LIMITS, ratio="any", swap=True), plain.fit(*LIMITS)]
    runner.mistakes([
        ("text", "no end token", {"string": string(CASES[0]).removesuffix("<|endoftext|>")}),
        ("text", "assistant turn of dse", {"string": turn(f"{MARKER}Query: {QUESTION}", END)}),
        ("text", "no prefix", {"string": turn(MARKER + QUESTION, SHORT_END)}),
        ("picture", "sides swapped", {"steps": swapped}),
        ("picture-page", "sides swapped", {"steps": swapped}),
        ("picture", "1d positions", {"positions": "1d"}),
        ("picture-page", "1d positions", {"positions": "1d"}),
        ("picture-smallest", "limits of the file", {"steps": [plain.fit(4, 16384)]}),
        ("picture-photo", "limits of mcdse", {"steps": [plain.fit(1, 960)]}),
    ])
    golden.write()


if __name__ == "__main__":
    main()
