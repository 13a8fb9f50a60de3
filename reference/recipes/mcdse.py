"""Golden vectors of mcdse (marco/mcdse-2b-v1): the card's steps in transformers 4.46.3.

The card hands (height, width) to a function that wants (width, height): a picture's sides change places.
"""

import math

import torch
from PIL import Image

from . import checkpoint, plain, screens
from .golden import Golden
from .pictures import COFFEE, DOT, LINE, PAGE, PHOTO, ROCKET, SMALLEST, STRIP, open_picture
from .prompts import END, MARKER, SHORT_END, turn
from .screens import Screens

LIMITS = (1, 960)
STEPS = [plain.fit(*LIMITS, ratio="any", swap=True), plain.fit(*LIMITS)]
QUESTION = "Quali erano le passività totali al 31 dicembre?"
CASES = [
    {"id": "text", "role": "query", "text": QUESTION},
    {"id": "text-space", "role": "query", "text": "  two\nlines "},
    {"id": "text-document", "role": "document", "text": "A cat sits on a wooden table."},
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
    """Texts as documents are the training code's, the rest the card's."""
    if "images" in case:
        return turn(MARKER + "What is shown in this image?", SHORT_END)
    return turn(f"{MARKER}{'Query' if case['role'] == 'query' else 'Document'}: {case['text']}", SHORT_END)


def card_size(height: int, width: int, limits: tuple[int, int] = LIMITS) -> tuple[int, int]:
    """The card's size of a picture: (height, width), which it then takes for (width, height)."""
    low, high = (limit * 28 * 28 for limit in limits)
    rows, columns = (max(1, round(side / 28)) for side in (height, width))
    if rows * columns * 784 > high:
        shrink = math.sqrt(height * width / high)
        rows, columns = (math.floor(side / shrink / 28) for side in (height, width))
    elif rows * columns * 784 < low:
        enlarge = math.sqrt(low / (height * width))
        rows, columns = (math.ceil(side * enlarge / 28) for side in (height, width))
    return rows * 28, columns * 28


def main() -> None:
    checkpoint.quiet()
    model = checkpoint.load(attention="sdpa")
    prepare = screens.processor(*LIMITS)
    golden = Golden("mcdse", model, positions="mrope", code={
        "repository": "marco/mcdse-2b-v1", "file": "README.md", "card": "Usage",
        "training": "Marplex/mcdse 81a9a94 training/src/collator.py (texts as documents)",
    })

    def run(case: dict) -> torch.Tensor:
        image = Image.new("RGB", (56, 56))
        if "images" in case:
            image = open_picture(case["images"][0])
            image = image.resize(card_size(image.height, image.width))
        return screens.authors_embed(model, prepare, string(case), [image], case.get("dims"))

    runner = Screens(golden, model, run, string, STEPS)
    runner.add(CASES)
    runner.blanks("text")
    upright = [plain.fit(*LIMITS, ratio="any"), plain.fit(*LIMITS)]
    runner.mistakes([
        ("text", "no end token", {"string": string(CASES[0]).removesuffix("<|endoftext|>")}),
        ("text", "assistant turn of dse", {"string": turn(f"{MARKER}Query: {QUESTION}", END)}),
        ("text", "no prefix", {"string": turn(MARKER + QUESTION, SHORT_END)}),
        ("text-space", "text trimmed", {"string": turn(MARKER + "Query: two\nlines", SHORT_END)}),
        ("picture", "sides not swapped", {"steps": upright}),
        ("picture-page", "sides not swapped", {"steps": upright}),
        ("picture-photo", "sides not swapped", {"steps": upright}),
        ("picture-1x2000", "sides not swapped", {"steps": upright}),
        ("picture", "1d positions", {"positions": "1d"}),
        ("picture-page", "1d positions", {"positions": "1d"}),
        ("picture-smallest", "limits of the file", {"steps": [plain.fit(4, 16384, swap=True)]}),
        ("picture-photo", "limits of vdr", {"steps": [plain.fit(1, 768, swap=True)]}),
    ])
    golden.write()


if __name__ == "__main__":
    main()
