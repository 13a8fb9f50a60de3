"""A second implementation that knows a recipe only as data: resize steps, string, rule of positions, pooling, head.

It shows that the data is enough (its vectors equal the authors'), and it makes the vectors of near mistakes: the same
with one datum changed.
"""

import math
from collections.abc import Callable, Sequence

import torch
from PIL import Image

from . import checkpoint

IMAGE_PAD = "<|image_pad|>"
VISION_START = "<|vision_start|>"
K = 28 * 28

Step = Callable[[Image.Image], Image.Image]


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    """Of two vectors; of two tables of vectors the least of their rows'."""
    return float(torch.nn.functional.cosine_similarity(a.double(), b.double(), dim=-1).min())


class Refused(ValueError):
    """The recipe takes no such picture."""


def rounded(width: int, height: int, low: int, high: int, ratio: str = "refuse", small: str = "grow"):
    """(width, height) in multiples of 28 with an area from `low` to `high` pixels.

    `ratio`, of more than 200 : 1: 'refuse' (as the sides come), 'clamp' (on the result: the longer becomes 200 times
    the shorter) or 'any'. `small`, of a side below 28: 'grow' or 'refuse'.
    """
    if small == "refuse" and min(width, height) < 28:
        raise Refused(f"{width} x {height}: a side is shorter than 28")
    if ratio == "refuse" and max(width, height) / min(width, height) > 200:
        raise Refused(f"{width} x {height}: more than 200 : 1")
    w, h = (max(28, round(side / 28) * 28) for side in (width, height))
    if w * h > high:
        factor = math.sqrt(width * height / high)
        w, h = (math.floor(side / factor / 28) * 28 for side in (width, height))
    elif w * h < low:
        factor = math.sqrt(low / (width * height))
        w, h = (math.ceil(side * factor / 28) * 28 for side in (width, height))
    if ratio == "clamp" and max(w, h) / min(w, h) > 200:
        w, h = (w, w * 200) if h > w else (h * 200, h)
    return w, h


def resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)


def fit(low: int, high: int, ratio: str = "refuse", small: str = "grow", swap: bool = False) -> Step:
    """Limits in visual tokens (28 x 28 pixels each). `swap`: width and height of the result change places."""
    def step(image: Image.Image) -> Image.Image:
        w, h = rounded(*image.size, low * K, high * K, ratio, small)
        return resized(image, (h, w) if swap else (w, h))
    return step


def square(side: int) -> Step:
    return lambda image: resized(image, (side, side))


def grow(small: int, to: tuple[int, int]) -> Step:
    """Only where a side is shorter than `small`."""
    return lambda image: resized(image, to) if min(image.size) < small else image


def mrope(ids: Sequence[int], grids: Sequence[Sequence[int]], bare: bool = False) -> list[list[int]]:
    """Positions [3][tokens]. A picture whose marker follows <|vision_start|> counts in rows and columns.

    `bare`: every picture does, with or without it (the mistake of going by token types).
    """
    tokens = checkpoint.tokenizer()
    pad, start = (tokens.convert_tokens_to_ids(t) for t in (IMAGE_PAD, VISION_START))
    result, count, i, picture = [], 0, 0, 0
    while i < len(ids):
        if grids and ids[i] == pad and (bare or i > 0 and ids[i - 1] == start):
            h, w = (side // 2 for side in grids[picture])
            result += [(count, count + y, count + x) for y in range(h) for x in range(w)]
            count, i, picture = count + max(h, w), i + h * w, picture + 1
        else:
            result.append((count, count, count))
            count, i = count + 1, i + 1
    return [list(axis) for axis in zip(*result, strict=True)]


def patches(images: Sequence[Image.Image]) -> dict:
    """pixel_values [patches, 1176] and image_grid_thw [pictures, 3] of pictures that have their final size."""
    return dict(checkpoint.image_processor()(images=list(images), do_resize=False, return_tensors="pt"))


@torch.no_grad()
def states(model, string: str, images: Sequence[Image.Image] = (), *, steps: Sequence[Step] = (),
           positions: str = "1d", max_tokens: int | None = None) -> torch.Tensor:
    """Last states after the final norm. // [tokens, hidden]"""
    sized = []
    for image in images:
        for step in steps:
            image = step(image)
        sized.append(image)
    pixels = patches(sized) if sized else None
    grids = pixels["image_grid_thw"][:, 1:].tolist() if pixels else []
    before, *rest = string.split(IMAGE_PAD)
    assert len(rest) == len(grids) or not grids
    counts = [rows * columns // 4 for rows, columns in grids] or [1] * len(rest)
    text = before + "".join(IMAGE_PAD * n + part for n, part in zip(counts, rest, strict=True))
    ids = checkpoint.tokenizer()(text, add_special_tokens=False)["input_ids"][:max_tokens]

    inner = getattr(model, "model", model)
    decoder = getattr(inner, "language_model", inner)
    embeds = decoder.embed_tokens(torch.tensor([ids]))  # [1, tokens, hidden]
    if pixels:
        tower = model.visual if hasattr(model, "visual") else inner.visual  # releases differ
        features = tower(pixels["pixel_values"], grid_thw=pixels["image_grid_thw"])
        pad = checkpoint.tokenizer().convert_tokens_to_ids(IMAGE_PAD)
        embeds[torch.tensor([ids]) == pad] = features
    axes = mrope(ids, grids, positions == "mrope-bare") if positions != "1d" else [list(range(len(ids)))] * 3
    output = decoder(inputs_embeds=embeds, position_ids=torch.tensor(axes)[:, None], use_cache=False)
    return output[0][0]


def embed(model, string: str, images: Sequence[Image.Image] = (), *, token: int = -1, dims: int | None = None,
          **options) -> torch.Tensor:
    """The unit vector of one input: the state of `token`, cut to `dims`. Other options as for `states`."""
    return torch.nn.functional.normalize(states(model, string, images, **options)[token, :dims], dim=-1)
