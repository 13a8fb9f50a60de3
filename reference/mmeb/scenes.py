"""The pictures of the miniature MMEB: drawings of nano's catalogue, alone or composed, and crops of what was composed."""

import json
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

COLOURS = {
    'red': (214, 48, 49), 'green': (76, 175, 80), 'blue': (52, 110, 219), 'yellow': (250, 218, 80),
    'orange': (244, 143, 48), 'purple': (142, 68, 173), 'pink': (250, 170, 200), 'brown': (131, 86, 53),
    'grey': (150, 150, 150), 'white': (255, 255, 255), 'black': (20, 20, 20),
}
# emojibase's groups of things that can stand in a scene
THINGS = {3: 'animals and nature', 4: 'food and drink', 5: 'travel and places', 6: 'activities', 7: 'objects'}
FLAGS = 9


@dataclass(frozen=True)
class Item:
    """A drawing of nano's catalogue."""
    source: str
    split: str
    concept: str
    name: str
    # Where the catalogue lies is no part of what a scene shows.
    id: str = field(repr=False)
    tags: tuple[str, ...] = field(repr=False)
    png: str = field(repr=False)


class World:
    """What pictures are made of: the held-out style (OpenMoji), another style of the same emoji, held-out drawings."""

    def __init__(self, cache: Path):
        items = [_item(json.loads(line)) for line in (cache / 'catalogue.jsonl').open()]
        self.group = _groups(cache)
        held_out = [item for item in items if item.source == 'openmoji' and item.concept in self.group]
        held_out.sort(key=lambda item: item.concept)
        self.emoji = [item for item in held_out if self.group[item.concept] != FLAGS]
        self.flags = [item for item in held_out if item.name.startswith('flag of ')]
        self.things = [item for item in self.emoji if self.group[item.concept] in THINGS and _plain(item.name)]
        self.other_style = {item.concept: item for item in items if item.source == 'twemoji'}
        drawings = [item for item in items if item.split == 'drawing' and _plain(item.name)]
        self.drawings = list({item.name: item for item in sorted(drawings, key=lambda item: item.concept)}.values())
        self._loaded: dict[str, Image.Image] = {}

    def drawing(self, item: Item) -> Image.Image:
        """RGBA, cropped to what is drawn."""
        if item.id not in self._loaded:
            image = Image.open(item.png).convert('RGBA')
            self._loaded[item.id] = image.crop(image.getbbox(alpha_only=True))
        return self._loaded[item.id]


def _groups(cache: Path) -> dict[str, int]:
    data = json.loads((cache / 'npm/node_modules/emojibase-data/en/data.json').read_text())
    plain = {'-'.join(part for part in entry['hexcode'].lower().split('-') if part != 'fe0f'): entry for entry in data}
    return {code: entry['group'] for code, entry in plain.items() if entry.get('group') not in (None, 2)}


def _plain(name: str) -> bool:
    """A name of one or two words that can be counted."""
    return bool(re.fullmatch(r'[a-z]+( [a-z]+)?', name)) and not re.search(r'[^s]s$|button|face|o’clock', name)


def _item(line: dict) -> Item:
    return Item(**{key: line[key] for key in ('id', 'source', 'split', 'concept', 'name', 'png')}, tags=tuple(line['tags']))


@dataclass(frozen=True)
class Placed:
    """A drawing in a scene: longest side and centre, in 84ths of the canvas's shorter side."""
    item: Item
    side: float
    x: float
    y: float
    turn: int = 0


@dataclass(frozen=True)
class Scene:
    """Drawings on a ground. `width` and `height` in 84ths of the shorter side."""
    ground: str
    placed: tuple[Placed, ...]
    width: int = 84
    height: int = 84

    def draw(self, world: World, unit: float) -> Image.Image:
        """RGB; `unit` pixels for one 84th."""
        size = (round(self.width * unit), round(self.height * unit))
        canvas = Image.new('RGBA', size, COLOURS[self.ground] + (255,))
        for part in self.placed:
            picture = world.drawing(part.item)
            scale = part.side * unit / max(picture.size)
            picture = picture.resize([max(1, round(side * scale)) for side in picture.size], Image.Resampling.BICUBIC)
            if part.turn:
                picture = picture.rotate(part.turn, expand=True)
            corner = (round(part.x * unit - picture.width / 2), round(part.y * unit - picture.height / 2))
            layer = Image.new('RGBA', size)
            layer.paste(picture, corner)
            canvas.alpha_composite(layer)
        return canvas.convert('RGB')

    def crop(self, index: int) -> 'Scene':
        """The same scene, seen through a square around one drawing."""
        part = self.placed[index]
        side = part.side * 1.1
        zoom = 84 / side
        left, top = part.x - side / 2, part.y - side / 2
        placed = tuple(Placed(each.item, each.side * zoom, (each.x - left) * zoom, (each.y - top) * zoom, each.turn)
                       for each in self.placed)
        return Scene(self.ground, placed)


def alone(item: Item, ground: str = 'white', side: float = 76) -> Scene:
    return Scene(ground, (Placed(item, side, 42, 42),))


def somewhere(rng: random.Random, item: Item, ground: str) -> Scene:
    """Smaller, turned, off the centre."""
    side = rng.uniform(40, 56)
    margin = side / 2 + 4
    turn = rng.choice((0, 0, 15, -15, 90))
    return Scene(ground, (Placed(item, side, rng.uniform(margin, 84 - margin), rng.uniform(margin, 84 - margin), turn),))


def pair(left: Item, right: Item, ground: str) -> Scene:
    return Scene(ground, (Placed(left, 48, 28, 44), Placed(right, 48, 84, 44)), width=112)


def several(item: Item, count: int, ground: str) -> Scene:
    """One to four of the same in two rows."""
    places = {1: [(42, 42)], 2: [(22, 42), (62, 42)], 3: [(22, 22), (62, 22), (42, 62)],
              4: [(22, 22), (62, 22), (22, 62), (62, 62)]}[count]
    return Scene(ground, tuple(Placed(item, 36, x, y) for x, y in places))
