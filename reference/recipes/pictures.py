"""Pictures: files below reference/fixtures, and synthetic ones that both sides of a test compute for themselves."""

import numpy as np
from PIL import Image

from ..oracle.encoding import FIXTURES

TINY = "images/tiny.png"  # 56 x 56
SMALLEST = "images/smallest.png"  # 28 x 28
ASTRONAUT = "images/astronaut.png"  # 160 x 160
COFFEE = "images/coffee.png"  # 150 x 108
ROCKET = "images/rocket.png"  # 98 x 126
WIDE = "images/wide.png"  # 270 x 28

# [width, height]; the upper limits of a recipe show in the first two only.
PHOTO = {"synthetic": [1600, 1200]}
LARGE = {"synthetic": [1700, 1300]}  # more than 2,560 visual tokens
PAGE = {"synthetic": [595, 842]}
DOT = {"synthetic": [5, 7]}
LINE = {"synthetic": [1, 2000]}  # 2000 : 1 as it comes, 71 : 1 once its sides are multiples of 28
STRIP = {"synthetic": [28, 5629]}  # 201 : 1


def synthetic(width: int, height: int) -> Image.Image:
    """An RGB picture of integers only: rings, a weave of blocks and a fine texture. README.md gives the formula."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    red = (x * x + 3 * y * y) // 512 % 256
    green = (x // 16 * 37 + y // 16 * 91 + x * y // 256) % 256
    blue = (7 * x + 13 * y + 2 * (x * y % 97)) % 256
    return Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8), "RGB")


def open_picture(spec: str | dict) -> Image.Image:
    """The picture of an entry of `images`: a path below reference/fixtures, or {"synthetic": [width, height]}."""
    if isinstance(spec, dict):
        return synthetic(*spec["synthetic"])
    with Image.open(FIXTURES / spec) as image:
        return image.convert("RGB")
