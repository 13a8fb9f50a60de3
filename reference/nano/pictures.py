"""Pictures as the model sees them: drawings from the cache put on backgrounds."""

import json
from pathlib import Path

import numpy as np
import torch

from model import MEAN, STD, patches

SIZES = (76, 60)
# Canvas height and width in pixels, and how often: what smart_resize makes of square, landscape and portrait pictures.
CANVASES = {(84, 84): 0.7, (84, 112): 0.15, (112, 84): 0.15}


class Catalogue:
    """The items of `catalogue.jsonl` and their pictures."""

    def __init__(self, cache: Path):
        self.items = [json.loads(line) for line in (cache / 'catalogue.jsonl').open()]
        self.pictures = {size: np.load(cache / f'pictures-{size}.npy', mmap_mode='r') for size in SIZES}

    def rows(self, split: str) -> list[int]:
        return [row for row, item in enumerate(self.items) if item['split'] == split]


def backgrounds(rng: np.random.Generator, count: int, height: int, width: int) -> np.ndarray:
    """float32 [count, height, width, 3] in 0..255: plain white, plain colours, gradients, blurred blotches."""
    out = np.full((count, height, width, 3), 255, np.float32)
    kind = rng.random(count)
    for row in range(count):
        if kind[row] < 0.4:
            continue
        first, second = rng.uniform(0, 255, (2, 3)).astype(np.float32)
        if kind[row] < 0.7:
            out[row] = first if rng.random() < 0.5 else 255 - (255 - first) * 0.35
        elif kind[row] < 0.85:
            ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
            out[row] = first * ramp + second * (1 - ramp)
        else:
            blotches = rng.uniform(0, 255, (height // 28 + 1, width // 28 + 1, 3)).astype(np.float32)
            out[row] = np.repeat(np.repeat(blotches, 28, 0), 28, 1)[:height, :width] * 0.5 + first * 0.5
    return out


def compose(catalogue: Catalogue, rows: list[int], rng: np.random.Generator, height: int, width: int) -> torch.Tensor:
    """Each drawing at a random size and place on a background of its own → pixels float32 [B, P, 588]."""
    canvas = backgrounds(rng, len(rows), height, width)
    for place, row in enumerate(rows):
        size = SIZES[0] if rng.random() < 0.6 else SIZES[1]
        drawing = catalogue.pictures[size][row].astype(np.float32)
        if rng.random() < 0.3 and catalogue.items[row]['source'] in ('openclipart', 'tuxpaint'):
            drawing = drawing[:, ::-1]
        top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
        spot = canvas[place, top:top + size, left:left + size]
        alpha = drawing[..., 3:] / 255
        spot += (drawing[..., :3] - spot) * alpha
    canvas *= rng.uniform(0.85, 1.0, (len(rows), 1, 1, 1)).astype(np.float32)
    return pixels(canvas)


def on_white(catalogue: Catalogue, rows: list[int]) -> torch.Tensor:
    """Each drawing in the middle of a white 84 x 84 picture → pixels float32 [B, 36, 588]."""
    canvas = np.full((len(rows), 84, 84, 3), 255, np.float32)
    for place, row in enumerate(rows):
        drawing = catalogue.pictures[76][row].astype(np.float32)
        spot = canvas[place, 4:80, 4:80]
        spot += (drawing[..., :3] - spot) * (drawing[..., 3:] / 255)
    return pixels(canvas)


def pixels(canvas: np.ndarray) -> torch.Tensor:
    """uint8-ranged [B, height, width, 3] → normalised patches [B, P, 588], as HF's processor does."""
    canvas = (np.rint(canvas) / 255 - np.float32(MEAN)) / np.float32(STD)
    return patches(torch.from_numpy(canvas.astype(np.float32)).permute(0, 3, 1, 2).contiguous())
