"""Pictures as the model sees them: drawings and scenes put on grounds, uint8 [B, height, width, 3]."""

import json
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from scenes import COLOUR_WORD, COLOURS, Scene

LARGE, SIZES = 76, (76, 40, 28)
# Canvas height and width in pixels, and how often: what smart_resize makes of square, landscape and portrait pictures.
CANVASES = {(84, 84): 0.76, (84, 112): 0.12, (112, 84): 0.12}


class Catalogue:
    """The items of `catalogue.jsonl`, their pictures, and pieces of photographs."""

    def __init__(self, cache: Path):
        self.items = [json.loads(line) for line in (cache / 'catalogue.jsonl').open()]
        self.pictures = {size: np.load(cache / f'pictures-{size}.npy', mmap_mode='r') for size in SIZES}
        self.grounds = np.load(cache / 'grounds.npy', mmap_mode='r')
        # Colours that a caption may rely on must stay: flags, symbols, names with a colour in them.
        self.keeps_colour = [
            item.get('group') in (8, 9) or COLOUR_WORD.search(item['name'].lower()) is not None for item in self.items
        ]

    def rows(self, split: str) -> list[int]:
        return [row for row, item in enumerate(self.items) if item['split'] == split]


def ground(
    noise: np.random.Generator, photographs: np.ndarray, height: int, width: int, avoid: list[tuple[int, int, int]] = ()
) -> np.ndarray:
    """White, a plain colour, a gradient or a piece of a photograph: float32 [height, width, 3] in 0..255.

    A ground keeps its distance from the colours of `avoid`.
    """
    kind = noise.random()
    if (
        kind < 0.4
        and (255, 255, 255) not in avoid
        and all(np.abs(np.subtract(255, each)).sum() > 150 for each in avoid)
    ):
        return np.full((height, width, 3), 255, np.float32)
    if kind > 0.82:
        piece = photographs[noise.integers(len(photographs)), :height, :width].astype(np.float32)
        if all(np.abs(piece.mean((0, 1)) - each).sum() > 200 for each in avoid):
            return piece
    while True:
        first, second = noise.uniform(0, 255, (2, 3)).astype(np.float32)
        if noise.random() < 0.5:
            first = 255 - (255 - first) * 0.35
        if all(np.abs(first - each).sum() > 180 for each in avoid):
            break
    if kind < 0.72:
        return np.broadcast_to(first, (height, width, 3))
    ramp = np.linspace(0, 0.5, height, dtype=np.float32)[:, None, None]
    return np.broadcast_to(first * (1 - ramp) + second * ramp, (height, width, 3))


def contours(drawings: torch.Tensor, thick: bool) -> torch.Tensor:
    """Dark lines where colour or outline changes, as in drawings with outlines. Premultiplied [B, 4, h, w] in 0..1."""
    edges = torch.zeros_like(drawings[:, :1])
    across = (drawings[..., 1:] - drawings[..., :-1]).abs().amax(1, keepdim=True)
    down = (drawings[..., 1:, :] - drawings[..., :-1, :]).abs().amax(1, keepdim=True)
    edges[..., 1:] = across
    edges[..., 1:, :] = torch.maximum(edges[..., 1:, :], down)
    edges = ((edges - 0.12) * 5).clamp(0, 1)
    if thick:
        edges = F.max_pool2d(edges, 3, 1, 1)
    return torch.cat((drawings[:, :3] * (1 - edges), torch.maximum(drawings[:, 3:], edges)), 1)


def varied(catalogue: Catalogue, rows: list[int], noise: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Each drawing at a random size, place and slight turn, in varied colours, some outlined or grey, on a ground."""
    count = len(rows)
    items = [catalogue.items[row] for row in rows]
    raw = torch.empty(count, LARGE, LARGE, 4, dtype=torch.uint8)
    for place, row in enumerate(rows):
        raw[place] = torch.from_numpy(catalogue.pictures[LARGE][row].copy())
    drawings = raw.permute(0, 3, 1, 2).float()  # [B, 4, 76, 76]

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return torch.from_numpy(noise.uniform(low, high, (count, *shape)).astype(np.float32))

    # Saturation, contrast and tint are one affine map of the colours of each drawing.
    plain = torch.tensor([catalogue.keeps_colour[row] for row in rows])
    monotone = torch.tensor([bool(item.get('monotone')) for item in items])
    saturation = uniform(0.6, 1.35)
    saturation[(uniform(0, 1) < 0.06) & ~plain] = 0
    contrast = uniform(0.75, 1.2)
    tint = torch.where(plain[:, None], uniform(0.93, 1.05, 1), uniform(0.85, 1.12, 3))
    mix = torch.eye(3) * saturation[:, None, None] + (1 - saturation)[:, None, None] / 3
    mix = mix * (contrast[:, None] * tint)[:, :, None]
    mix[monotone] = 0
    shift = torch.where(monotone[:, None], uniform(0, 0.55, 3), (1 - contrast)[:, None] * 0.5 * tint)
    colours = torch.baddbmm(shift[:, :, None], mix, drawings[:, :3].flatten(2), alpha=1 / 255).clamp_(0, 1)
    alpha = drawings[:, 3:].div_(255)
    drawings[:, :3] = colours.view(count, 3, LARGE, LARGE).mul_(alpha)

    side = min(height, width)
    size = uniform(0.5, 1.02) * side
    turn = uniform(-0.22, 0.22) * (uniform(0, 1) < 0.5)
    stretch = uniform(0.9, 1.1)
    mirrored = torch.tensor([item['source'] in ('openclipart', 'tuxpaint') for item in items]) & (uniform(0, 1) < 0.3)
    slack_y, slack_x = (height - size).clamp(min=0), (width - size).clamp(min=0)
    middle_y = height / 2 + (uniform(0, 1) - 0.5) * slack_y
    middle_x = width / 2 + (uniform(0, 1) - 0.5) * slack_x
    y = torch.arange(height)[None] + 0.5 - middle_y[:, None]  # [B, height]
    x = torch.arange(width)[None] + 0.5 - middle_x[:, None]
    scale_x = 2 / (size * stretch) * torch.where(mirrored, -1.0, 1.0)
    scale_y = 2 / size * stretch
    cos, sin = turn.cos(), turn.sin()
    grid = torch.stack(
        (
            (cos * scale_x)[:, None, None] * x[:, None] + (sin * scale_x)[:, None, None] * y[:, :, None],
            (cos * scale_y)[:, None, None] * y[:, :, None] - (sin * scale_y)[:, None, None] * x[:, None],
        ),
        -1,
    )
    placed = F.grid_sample(drawings, grid, align_corners=False)
    outlined = torch.from_numpy(noise.random(count)) < 0.3
    outlined &= ~monotone
    for thick in (False, True):
        chosen = (outlined & (torch.from_numpy(noise.random(count)) < 0.5)).nonzero()[:, 0]
        if len(chosen):
            placed[chosen] = contours(placed[chosen], thick)
            outlined[chosen] = False
    grounds = np.empty((count, height, width, 3), np.float32)
    for row, item in enumerate(items):
        grounds[row] = ground(noise, catalogue.grounds, height, width, [(70, 70, 70)] if item.get('monotone') else [])
    canvas = torch.from_numpy(grounds)
    canvas.mul_(1 - placed[:, 3, :, :, None]).add_(placed[:, :3].permute(0, 2, 3, 1), alpha=255)
    return canvas.mul_(uniform(0.88, 1, 1, 1, 1)).add_(0.5).clamp_(0, 255).to(torch.uint8).numpy()


def recolour(drawing: np.ndarray, colour: str | None, noise: np.random.Generator) -> np.ndarray:
    """The colours of a drawing: its own, or `colour` with a little variation. float32 [.., 3]."""
    if colour is None:
        return drawing[..., :3].astype(np.float32)
    return np.clip(np.add(COLOURS[colour], noise.uniform(-14, 14, 3)), 0, 255).astype(np.float32)


def avoided(scene: Scene, catalogue: Catalogue) -> list[tuple[int, int, int]]:
    """Colours that the ground must keep away from."""
    return [
        COLOURS[thing.colour] if thing.colour else (30, 30, 30)
        for thing in scene.things
        if thing.colour or catalogue.items[thing.row].get('monotone')
    ]


def composed(catalogue: Catalogue, scenes: list[Scene]) -> np.ndarray:
    """The scenes, which must share a canvas. The same scene gives the same picture."""
    canvas = np.empty((len(scenes), scenes[0].height, scenes[0].width, 3), np.float32)
    for place, scene in enumerate(scenes):
        noise = np.random.default_rng(scene.ground)
        canvas[place] = ground(noise, catalogue.grounds, scene.height, scene.width, avoided(scene, catalogue))
        for thing in scene.things:
            colour = recolour(np.zeros((1, 3)), thing.colour, noise)
            for spot in scene.spots:
                if spot.thing == thing:
                    drawing = catalogue.pictures[spot.size][thing.row].astype(np.float32)
                    area = canvas[place, spot.top : spot.top + spot.size, spot.left : spot.left + spot.size]
                    area += ((colour if thing.colour else drawing[..., :3]) - area) * (drawing[..., 3:] / 255)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)


def crops(catalogue: Catalogue, cut: list[tuple[Scene, int]]) -> np.ndarray:
    """What a crop around one thing of a scene shows: the drawing at full size on the scene's ground, 84 x 84."""
    canvas = np.empty((len(cut), 84, 84, 3), np.float32)
    for place, (scene, index) in enumerate(cut):
        noise = np.random.default_rng(scene.ground)
        canvas[place] = ground(noise, catalogue.grounds, scene.height, scene.width, avoided(scene, catalogue))[:84, :84]
        colours = [recolour(np.zeros((1, 3)), thing.colour, noise) for thing in scene.things]
        thing = scene.things[index]
        drawing = catalogue.pictures[LARGE][thing.row].astype(np.float32)
        area = canvas[place, 4:80, 4:80]
        area += ((colours[index] if thing.colour else drawing[..., :3]) - area) * (drawing[..., 3:] / 255)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)


def on_white(catalogue: Catalogue, rows: list[int]) -> np.ndarray:
    """Each drawing in the middle of a white 84 x 84 picture."""
    canvas = np.full((len(rows), 84, 84, 3), 255, np.float32)
    for place, row in enumerate(rows):
        drawing = catalogue.pictures[LARGE][row].astype(np.float32)
        area = canvas[place, 4:80, 4:80]
        area += (drawing[..., :3] - area) * (drawing[..., 3:] / 255)
    return np.rint(canvas).astype(np.uint8)


def draw_item(item: dict, ground_colour: tuple[int, int, int], side: int = 256, margin: int = 16) -> Image.Image:
    """A drawing in the middle of a square picture, at full resolution: for evaluation."""
    drawing = Image.open(item['png']).convert('RGBA')
    drawing = drawing.crop(drawing.getbbox(alpha_only=True))
    scale = (side - 2 * margin) / max(drawing.size)
    drawing = drawing.resize([max(1, round(length * scale)) for length in drawing.size], Image.Resampling.BICUBIC)
    picture = Image.new('RGBA', (side, side), ground_colour + (255,))
    picture.alpha_composite(drawing, ((side - drawing.width) // 2, (side - drawing.height) // 2))
    return picture.convert('RGB')


def draw_scene(catalogue: Catalogue, scene: Scene, scale: int = 4) -> Image.Image:
    """The scene at `scale` times the canvas (336 x 336 or 448 x 336 pixels), of full-size drawings: for evaluation."""
    noise = np.random.default_rng(scene.ground)
    back = ground(noise, catalogue.grounds, scene.height, scene.width, avoided(scene, catalogue))
    back = Image.fromarray(np.clip(np.rint(back), 0, 255).astype(np.uint8))
    picture = back.resize((scene.width * scale, scene.height * scale), Image.Resampling.BICUBIC).convert('RGBA')
    for thing in scene.things:
        colour = recolour(np.zeros((1, 3)), thing.colour, noise)
        drawing = Image.open(catalogue.items[thing.row]['png']).convert('RGBA')
        drawing = drawing.crop(drawing.getbbox(alpha_only=True))
        if thing.colour:
            solid = Image.new('RGBA', drawing.size, tuple(int(value) for value in np.rint(colour)) + (0,))
            solid.putalpha(drawing.getchannel('A'))
            drawing = solid
        for spot in scene.spots:
            if spot.thing == thing:
                side = spot.size * scale
                factor = side / max(drawing.size)
                fitted = drawing.resize(
                    [max(1, round(length * factor)) for length in drawing.size], Image.Resampling.BICUBIC
                )
                picture.alpha_composite(
                    fitted,
                    (spot.left * scale + (side - fitted.width) // 2, spot.top * scale + (side - fitted.height) // 2),
                )
    return picture.convert('RGB')


def draw_crop(catalogue: Catalogue, scene: Scene, index: int, scale: int = 4) -> Image.Image:
    """The part of `draw_scene` around thing `index` (its first spot), with a margin of a tenth: for evaluation."""
    spot = next(spot for spot in scene.spots if spot.thing == scene.things[index])
    margin = spot.size // 10
    box = (
        max(0, spot.left - margin),
        max(0, spot.top - margin),
        min(scene.width, spot.left + spot.size + margin),
        min(scene.height, spot.top + spot.size + margin),
    )
    return draw_scene(catalogue, scene, scale).crop(tuple(edge * scale for edge in box))


def random_canvas(rng: random.Random) -> tuple[int, int]:
    return rng.choices(list(CANVASES), list(CANVASES.values()))[0]
