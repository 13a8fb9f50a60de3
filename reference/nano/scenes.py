"""Composed scenes: one to four objects on a ground, with captions, changes, questions and crops that are true of them.

Scenes come in groups of four that differ in one respect (`KINDS`): each is a hard negative of the others. Concepts of
`Scenes(..., 'kept back')` are never composed in training; `Scenes(..., 'train')` has all others.
"""

import hashlib
import random
import re
from dataclasses import dataclass, replace

# Recoloured drawings: name → RGB.
COLOURS = {
    'red': (215, 35, 40),
    'orange': (245, 135, 25),
    'yellow': (250, 215, 45),
    'green': (45, 160, 70),
    'blue': (40, 95, 215),
    'purple': (130, 60, 180),
    'pink': (245, 130, 185),
    'brown': (125, 75, 40),
    'black': (25, 25, 25),
    'white': (250, 250, 250),
    'grey': (140, 140, 140),
}
COLOUR_WORD = re.compile(rf'\b({"|".join(COLOURS)})\b')
NUMBERS = ('no', 'one', 'two', 'three', 'four')
# Where the first thing of a relation lies.
PLACES = {'left': 'on the left', 'right': 'on the right', 'above': 'at the top', 'below': 'at the bottom'}
OPPOSITE = {'left': 'right', 'right': 'left', 'above': 'below', 'below': 'above'}
KINDS = ('count', 'colour', 'position', 'binding', 'objects')
# Canvas height and width: what the model sees of square and of landscape pictures.
CANVASES = ((84, 84), (84, 112))

NOT_COUNTABLE = re.compile(
    r'\b(face|rice|bread|bacon|meat|salt|honey|butter|sushi|ice|oden|dango|tea|sake|globe|earth|moon|sun|mahjong'
    r'|clothes|cloud|fog|fire|water|wave|droplet|coral|food|noodle|pasta|style|leaf|herb|evergreen|deciduous|symbol|card'
    r'|flag|locked|unlocked|pick|lacrosse|cooking|cricket|hockey|mate|badminton|ping pong|custard|spaghetti|popcorn'
    r'|bowling|garlic|salad|ginger|thread|yarn|soap|lotion|memo|link|cinema|art|performing|level|postbox|mailbox|chart'
    r'|slider|knobs|film|folder|currency|dashing|collision)\b'
)


@dataclass(frozen=True)
class Thing:
    """A drawing (row of the catalogue) and how it is named; `colour` where it is recoloured."""

    row: int
    concept: str
    name: str
    colour: str | None = None

    @property
    def label(self) -> str:
        return f'{self.colour} {self.name}' if self.colour else self.name


@dataclass(frozen=True)
class Spot:
    """Where a thing lies: top left corner and longest side, in pixels of the canvas."""

    thing: Thing
    top: int
    left: int
    size: int


@dataclass(frozen=True)
class Scene:
    """`relation` is that of the first thing to the second; `ground` seeds the background."""

    kind: str
    things: tuple[Thing, ...]
    counts: tuple[int, ...]
    relation: str | None
    spots: tuple[Spot, ...]
    height: int
    width: int
    ground: int


def plural(name: str) -> str:
    """`box` → `boxes`, `butterfly` → `butterflies`; the last word alone changes."""
    if name.endswith(('sheep', 'fish', 'deer', 'shrimp', 'squid', 'bison')):
        return name
    for one, many in (
        ('mouse', 'mice'),
        ('goose', 'geese'),
        ('wolf', 'wolves'),
        ('knife', 'knives'),
        ('loaf', 'loaves'),
    ):
        if name.endswith(one):
            return name[: -len(one)] + many
    if re.search(r'(s|x|z|ch|sh|potato|tomato|mango)$', name):
        return f'{name}es'
    if re.search(r'[^aeiou]y$', name):
        return f'{name[:-1]}ies'
    return f'{name}s'


def phrase(thing: Thing, count: int) -> str:
    """`a red apple`, `two cats`."""
    if count == 1:
        return (
            'an ' if thing.label[0].lower() in 'aeiou' and not thing.label.startswith('uni') else 'a '
        ) + thing.label
    name = plural(thing.name)
    return f'{NUMBERS[count]} {thing.colour} {name}' if thing.colour else f'{NUMBERS[count]} {name}'


def listed(parts: list[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f'{", ".join(parts[:-1])} and {parts[-1]}'


def caption(scene: Scene, rng: random.Random | None = None, whole: bool = False) -> str:
    """What the scene shows. Without `rng`, in its plainest words; with it, sometimes only where one of two things lies,
    unless it shall be `whole`."""
    pick = rng.choice if rng else lambda options: options[0]
    if scene.relation:
        a, b = (phrase(thing, 1) for thing in scene.things)
        relation = scene.relation
        if rng and not whole and rng.random() < 0.3:
            return rng.choice((f'{a} {PLACES[relation]}', f'{b} {PLACES[OPPOSITE[relation]]}'))
        if rng and rng.random() < 0.4:
            a, b, relation = b, a, OPPOSITE[relation]
        said = pick(
            {
                'left': (
                    f'{a} to the left of {b}',
                    f'{a} left of {b}',
                    f'{a} on the left of {b}',
                    f'{a} on the left and {b} on the right',
                ),
                'right': (
                    f'{a} to the right of {b}',
                    f'{a} right of {b}',
                    f'{a} on the right of {b}',
                    f'{a} on the right and {b} on the left',
                ),
                'above': (f'{a} above {b}', f'{a} over {b}', f'{a} at the top and {b} at the bottom'),
                'below': (f'{a} below {b}', f'{a} under {b}', f'{a} at the bottom and {b} at the top'),
            }[relation]
        )
    else:
        parts = [phrase(thing, count) for thing, count in zip(scene.things, scene.counts)]
        if rng:
            rng.shuffle(parts)
        said = listed(parts)
    if not rng or rng.random() < 0.6:
        return said
    return rng.choice(
        (
            f'{said[0].upper()}{said[1:]}.',
            f'a picture of {said}',
            f'A picture with {said}.',
            f'an image of {said}',
            f'This picture shows {said}.',
        )
    )


def change(before: Scene, after: Scene, rng: random.Random | None = None) -> str:
    """What turns one scene of a group into another of it, as one would ask for it."""
    pick = rng.choice if rng else lambda options: options[0]
    thing = after.things[0]
    if after.kind == 'count':
        number = NUMBERS[after.counts[0]]
        return pick(
            (
                f'make it {number} instead of {NUMBERS[before.counts[0]]}',
                f'show {phrase(thing, after.counts[0])}',
                f'there should be {number}',
                f'{phrase(thing, after.counts[0])}',
            )
        )
    if after.kind == 'position':
        a, b = (f'the {each.name}' for each in after.things)
        where = {'left': 'to the left of', 'right': 'to the right of', 'above': 'above', 'below': 'below'}[
            after.relation
        ]
        swapped = before.relation == OPPOSITE[after.relation]
        return pick((f'put {a} {where} {b}', f'{a} is {where} {b}', *((f'swap {a} and {b}',) if swapped else ())))
    if after.kind in ('colour', 'binding'):
        changed = [new for old, new in zip(before.things, after.things) if old != new]
        return listed(
            [pick((f'make the {new.name} {new.colour}', f'the {new.name} should be {new.colour}')) for new in changed]
        )
    gone = [each for each in before.things if each not in after.things]
    fresh = [each for each in after.things if each not in before.things]
    said = [f'replace the {old.label} with {phrase(new, 1)}' for old, new in zip(gone, fresh)]
    said += [f'add {phrase(new, 1)}' for new in fresh[len(gone) :]]
    said += [f'take away the {old.label}' for old in gone[len(fresh) :]]
    return listed(said)


def question(scene: Scene, rng: random.Random) -> tuple[str, str]:
    """A question about the scene and its answer."""
    place = rng.randrange(len(scene.things))
    thing, count = scene.things[place], scene.counts[place]
    if scene.relation:
        where = scene.relation if place == 1 else OPPOSITE[scene.relation]
        where = {'left': 'to the left of', 'right': 'to the right of'}.get(where, where)
        return f'What is {where} the {thing.name}?', scene.things[1 - place].name
    if thing.colour and rng.random() < 0.6:
        verb, name = ('is', thing.name) if count == 1 else ('are', plural(thing.name))
        return f'What color {verb} the {name}?', thing.colour
    if len(scene.things) > 1 and scene.kind == 'objects':
        return 'What is in the image?', listed(
            [phrase(each, number) for each, number in zip(scene.things, scene.counts)]
        )
    return f'How many {plural(thing.name)} are there?', NUMBERS[count]


class Scenes:
    """Draws scenes from the catalogue's countable emoji and shapes.

    `split`: 'train' or 'kept back' (one concept in ten, by a hash). `style`: a source such as 'openmoji'; None: those
    that training sees.
    """

    def __init__(self, items: list[dict], split: str, style: str | None = None):
        self.plain: dict[str, list[Thing]] = {}
        self.monotone: dict[str, list[Thing]] = {}
        self.shapes: dict[str, list[Thing]] = {}
        for row, item in enumerate(items):
            if item['source'] != 'shape' and not self.countable(item):
                continue
            kept_back = int(hashlib.sha256(f'scene {item["concept"]}'.encode()).hexdigest(), 16) % 10 == 0
            if item['source'] == 'shape':
                kept_back = False
            if kept_back != (split == 'kept back'):
                continue
            if item.get('monotone') and COLOUR_WORD.search(item['name'].lower()):
                continue
            thing = Thing(row, item['concept'], item['name'].lower())
            if item.get('monotone'):
                self.monotone.setdefault(item['concept'], []).append(thing)
                if item['source'] == 'shape':
                    self.shapes[item['concept']] = [thing]
            elif item['source'] == style if style else item['split'] == 'train':
                self.plain.setdefault(item['concept'], []).append(thing)

    @staticmethod
    def countable(item: dict) -> bool:
        name = item['name'].lower()
        vehicle = item.get('group') == 5 and 'vehicle' in item['tags']
        return (
            (item.get('group') in (3, 4, 6, 7) or vehicle)
            and len(name.split()) <= 2
            and name.isascii()
            and not NOT_COUNTABLE.search(name)
            and re.search(r'([^s]|glass|bus|octopus|cactus|compass)$', name) is not None
        )

    def draw(self, rng: random.Random, count: int, monotone: bool = False, shapes: bool = False) -> list[Thing]:
        """Things of different concepts; black ones may be plain shapes alone."""
        found = self.monotone if monotone else self.plain
        if monotone and shapes and self.shapes:
            found = self.shapes
        return [rng.choice(found[concept]) for concept in rng.sample(list(found), count)]

    def group(self, rng: random.Random, kind: str, canvas: tuple[int, int] | None = None) -> list[Scene]:
        """Four scenes of the same things that differ in `kind`."""
        height, width = canvas or rng.choice(CANVASES)
        size = 40 if rng.random() < 0.65 else 28
        colours = rng.sample(list(COLOURS), 4)

        def scene(things: list[Thing], counts: list[int], relation: str | None = None) -> Scene:
            spots = place(rng, things, counts, relation, height, width, size)
            return Scene(kind, tuple(things), tuple(counts), relation, spots, height, width, rng.getrandbits(30))

        if kind == 'count':
            (thing,) = self.draw(rng, 1, monotone := rng.random() < 0.4)
            if monotone:
                thing = replace(thing, colour=colours[0])
            return [scene([thing], [count]) for count in (1, 2, 3, 4)]
        if kind == 'colour':
            (thing,) = self.draw(rng, 1, True)
            count = rng.choice((1, 1, 1, 2, 3))
            return [scene([replace(thing, colour=colour)], [count]) for colour in colours]
        if kind == 'position':
            coloured = rng.random() < 0.5
            things = self.draw(rng, 2, coloured, shapes=rng.random() < 0.5)
            if coloured:
                things = [replace(thing, colour=colour) for thing, colour in zip(things, colours)]
            return [scene(things, [1, 1], relation) for relation in OPPOSITE]
        if kind == 'binding':
            a, b = self.draw(rng, 2, True, shapes=rng.random() < 0.5)
            x, y, z, _ = colours
            return [
                scene([replace(a, colour=first), replace(b, colour=second)], [1, 1])
                for first, second in ((x, y), (y, x), (x, z), (z, x))
            ]
        a, b, c = self.draw(rng, 3)
        return [scene(things, [1] * len(things)) for things in ([a, b], [a, c], [b, c], [a, b, c])]


def place(
    rng: random.Random, things: list[Thing], counts: list[int], relation: str | None, height: int, width: int, size: int
) -> tuple[Spot, ...]:
    """Every object in a cell of a 2 x 2 grid of its own, at random within it; a single one anywhere."""
    each = [thing for thing, count in zip(things, counts) for _ in range(count)]
    down, across = height // 2, width // 2
    if len(each) == 1:
        return (Spot(each[0], rng.randint(0, height - size), rng.randint(0, width - size), size),)
    if relation in ('left', 'right'):
        base = rng.randint(0, height - size)
        cells = [
            (min(max(base + rng.randint(-6, 6), 0), height - size), across * column + rng.randint(0, across - size))
            for column in ((0, 1) if relation == 'left' else (1, 0))
        ]
    elif relation:
        base = rng.randint(0, width - size)
        cells = [
            (down * row + rng.randint(0, down - size), min(max(base + rng.randint(-6, 6), 0), width - size))
            for row in ((0, 1) if relation == 'above' else (1, 0))
        ]
    else:
        free = rng.sample([(row, column) for row in (0, 1) for column in (0, 1)], len(each))
        cells = [
            (down * row + rng.randint(0, down - size), across * column + rng.randint(0, across - size))
            for row, column in free
        ]
    return tuple(Spot(thing, top, left, size) for thing, (top, left) in zip(each, cells))


def again(scene: Scene, rng: random.Random) -> Scene:
    """The same things in the same number and relation, placed anew on another ground."""
    size = scene.spots[0].size
    spots = place(rng, list(scene.things), list(scene.counts), scene.relation, scene.height, scene.width, size)
    return replace(scene, spots=spots, ground=rng.getrandbits(30))
