"""The sets of the miniature MMEB: each a function that asks for so many rows and gives queries with own candidates.

Candidate 0 is right. Text candidates come from all labels of the set, image candidates from the right answers of its
other rows, so that no picture is drawn that is never right.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from .scenes import COLOURS, THINGS, Item, Placed, Scene, World, alone, pair, several, somewhere

NUMBERS = ('one', 'two', 'three', 'four')
LIGHT = ('white', 'yellow', 'pink', 'orange', 'green', 'blue', 'grey')
# Everyday things, as VOC2007 has twenty: emojibase's names.
VOC = ('airplane', 'bicycle', 'eagle', 'sailboat', 'baby bottle', 'bus', 'automobile', 'cat', 'chair', 'cow',
       'potted plant', 'dog', 'horse', 'motorcycle', 'tree', 'ewe', 'couch and lamp', 'locomotive', 'television',
       'umbrella')


@dataclass(frozen=True)
class Side:
    """One thing to embed: the row's own text (None where the template has no place for one) and a picture."""
    text: str | None = None
    scene: Scene | None = None


@dataclass(frozen=True)
class Row:
    query: Side
    targets: tuple[Side, ...]


def _labels(rng: random.Random, right: str, labels: list[str], count: int) -> tuple[Side, ...]:
    wrong = [label for label in labels if label != right]
    return tuple(Side(label) for label in [right, *rng.sample(wrong, min(count - 1, len(wrong)))])


def _pool(rng: random.Random, queries: list[Side], rights: list[Side], extras: list[tuple[Side, ...]], count: int) -> list[Row]:
    """Rows whose wrong candidates are the row's own `extras` and right answers of other rows."""
    rows = []
    for at, query in enumerate(queries):
        others = list(dict.fromkeys(each for each in rights if each != rights[at] and each not in extras[at]))
        wrong = [*extras[at], *rng.sample(others, min(count - 1 - len(extras[at]), len(others)))]
        rng.shuffle(wrong)
        rows.append(Row(query, (rights[at], *wrong)))
    return rows


def _pick(rng: random.Random, items: list[Item], count: int) -> list[Item]:
    """`count` different items, or each again where there are fewer."""
    picked: list[Item] = []
    while len(picked) < count:
        picked += rng.sample(items, min(count - len(picked), len(items)))
    return picked


def imagenet(world: World, rng: random.Random, count: int) -> list[Row]:
    names = sorted({item.name for item in world.emoji})
    return [Row(Side(scene=alone(item)), _labels(rng, item.name, names, 100))
            for item in _pick(rng, world.emoji, count)]


def imagenet_a(world: World, rng: random.Random, count: int) -> list[Row]:
    names = sorted({item.name for item in world.things})
    return [Row(Side(scene=somewhere(rng, item, rng.choice(list(COLOURS)))), _labels(rng, item.name, names, 50))
            for item in _pick(rng, world.things, count)]


def imagenet_r(world: World, rng: random.Random, count: int) -> list[Row]:
    names = sorted({item.name.replace(' ', '_') for item in world.drawings})
    return [Row(Side(scene=alone(item)), _labels(rng, item.name.replace(' ', '_'), names, 50))
            for item in _pick(rng, world.drawings, count)]


def voc(world: World, rng: random.Random, count: int) -> list[Row]:
    things = [item for item in world.emoji if item.name in VOC]
    names = sorted({item.name for item in things})
    return [Row(Side(scene=somewhere(rng, item, rng.choice(LIGHT))), _labels(rng, item.name, names, 20))
            for item in _pick(rng, things, count)]


def country(world: World, rng: random.Random, count: int) -> list[Row]:
    def name(item: Item) -> str:
        return item.name.removeprefix('flag of ')
    names = sorted({name(item) for item in world.flags})
    return [Row(Side(scene=alone(item)), _labels(rng, name(item), names, 50))
            for item in _pick(rng, world.flags, count)]


def news(world: World, rng: random.Random, count: int) -> list[Row]:
    tagged = [item for item in world.things if item.tags]
    return [Row(Side(', '.join(item.tags[:4]), alone(item)),
                _labels(rng, THINGS[world.group[item.concept]], list(THINGS.values()), len(THINGS)))
            for item in _pick(rng, tagged, count)]


def what(world: World, rng: random.Random, count: int) -> list[Row]:
    names = sorted({item.name for item in world.things})
    return [Row(Side('What is in the picture?', alone(item, rng.choice(LIGHT))), _labels(rng, item.name, names, 20))
            for item in _pick(rng, world.things, count)]


def ground_colour(world: World, rng: random.Random, count: int) -> list[Row]:
    rows = []
    for item in _pick(rng, world.things, count):
        colour = rng.choice(list(COLOURS))
        question = Side(f'What colour is the background behind the {item.name}?', alone(item, colour, 56))
        rows.append(Row(question, _labels(rng, colour, list(COLOURS), len(COLOURS))))
    return rows


def plural(name: str) -> str:
    if name.endswith(('s', 'x', 'ch', 'sh')):
        return f'{name}es'
    if name.endswith('y') and name[-2:-1] not in 'aeiou':
        return f'{name[:-1]}ies'
    return f'{name}s'


def counting(world: World, rng: random.Random, count: int) -> list[Row]:
    rows = []
    for item in _pick(rng, world.things, count):
        number = rng.randint(1, 4)
        question = Side(f'How many {plural(item.name)} are there?', several(item, number, rng.choice(LIGHT)))
        rows.append(Row(question, _labels(rng, NUMBERS[number - 1], list(NUMBERS), 4)))
    return rows


def _pairs(world: World, rng: random.Random, count: int) -> list[tuple[Item, Item]]:
    return [tuple(rng.sample(world.things, 2)) for _ in range(count)]


def beside(world: World, rng: random.Random, count: int) -> list[Row]:
    names = sorted({item.name for item in world.things})
    rows = []
    for left, right in _pairs(world, rng, count):
        asked, answer, side = rng.choice(((left, right, 'right'), (right, left, 'left')))
        question = Side(f'What is to the {side} of the {asked.name}?', pair(left, right, rng.choice(LIGHT)))
        wrong = [asked.name, *rng.sample([name for name in names if name not in (asked.name, answer.name)], 8)]
        rows.append(Row(question, tuple(Side(name) for name in [answer.name, *wrong])))
    return rows


def dialogue(world: World, rng: random.Random, count: int) -> list[Row]:
    queries, rights = [], []
    for left, right in _pairs(world, rng, count):
        colour = rng.choice(LIGHT)
        queries.append(Side(f'Q:what is on the left\nA:a {left.name}\nQ:what is on the right\nA:a {right.name}\n'
                            f'Q:what colour is the background\nA:{colour}'))
        rights.append(Side(scene=pair(left, right, colour)))
    return _pool(rng, queries, rights, [()] * count, 20)


def changed(world: World, rng: random.Random, count: int) -> list[Row]:
    """The picture before the change is among the wrong ones."""
    queries, rights, extras = [], [], []
    for left, right in _pairs(world, rng, count):
        colour = rng.choice(LIGHT)
        new = rng.choice([item for item in world.things if item.name not in (left.name, right.name)])
        before = pair(left, right, colour)
        queries.append(Side(f'replace the {right.name} with a {new.name}', before))
        rights.append(Side(scene=pair(left, new, colour)))
        extras.append((Side(scene=before),))
    return _pool(rng, queries, rights, extras, 20)


def recoloured(world: World, rng: random.Random, count: int) -> list[Row]:
    queries, rights, extras = [], [], []
    for item in _pick(rng, world.things, count):
        old, new = rng.sample(LIGHT, 2)
        queries.append(Side(f'has a {new} background', alone(item, old, 60)))
        rights.append(Side(scene=alone(item, new, 60)))
        extras.append((Side(scene=alone(item, old, 60)),))
    return _pool(rng, queries, rights, extras, 20)


def _caption(item: Item) -> str:
    return f'{"An" if item.name[0] in "aeiou" else "A"} {item.name}.'


def picture_to_text(world: World, rng: random.Random, count: int) -> list[Row]:
    captions = sorted({_caption(item) for item in world.things})
    return [Row(Side(scene=alone(item, rng.choice(('white', *LIGHT)))), _labels(rng, _caption(item), captions, 50))
            for item in _pick(rng, world.things, count)]


def text_to_picture(world: World, rng: random.Random, count: int) -> list[Row]:
    items = _pick(rng, world.things, count)
    rights = [Side(scene=alone(item)) for item in items]
    return _pool(rng, [Side(_caption(item)) for item in items], rights, [()] * count, 50)


def other_style(world: World, rng: random.Random, count: int) -> list[Row]:
    items = _pick(rng, [item for item in world.things if item.concept in world.other_style], count)
    rights = [Side(scene=alone(world.other_style[item.concept])) for item in items]
    return _pool(rng, [Side(scene=alone(item)) for item in items], rights, [()] * count, 50)


def question(world: World, rng: random.Random, count: int) -> list[Row]:
    items = _pick(rng, [item for item in world.things if item.tags], count)
    rights = [Side(', '.join(item.tags[:3]), alone(item)) for item in items]
    return _pool(rng, [Side(f'What does a {item.name} look like?') for item in items], rights, [()] * count, 20)


def _crowd(world: World, rng: random.Random) -> Scene:
    """Three different things on one ground."""
    items = rng.sample(world.things, 3)
    places = [(24, 24), (88, 26), (54, 60)]
    rng.shuffle(places)
    return Scene(rng.choice(LIGHT), tuple(Placed(item, 40, x, y) for item, (x, y) in zip(items, places)), width=112)


def isolate(world: World, rng: random.Random, count: int) -> list[Row]:
    """The crops of the other things in the scene are among the wrong ones."""
    queries, rights, extras = [], [], []
    for _ in range(count):
        scene = _crowd(world, rng)
        queries.append(Side(scene.placed[0].item.name, scene))
        rights.append(Side(scene=scene.crop(0)))
        extras.append((Side(scene=scene.crop(1)), Side(scene=scene.crop(2))))
    return _pool(rng, queries, rights, extras, 10)


def refer(world: World, rng: random.Random, count: int) -> list[Row]:
    """Two of the same, told apart by where they are; turned differently, so that their crops differ."""
    queries, rights, extras = [], [], []
    for item in _pick(rng, world.things, count):
        other = rng.choice([each for each in world.things if each.name != item.name])
        left, right = rng.sample((0, 45, -45, 90, 180), 2)
        scene = Scene(rng.choice(LIGHT), (Placed(other, 36, 56, 22), Placed(item, 40, 24, 54, left),
                                          Placed(item, 34, 88, 54, right)), width=112)
        which = rng.choice((1, 2))
        queries.append(Side(f'{item.name} on the {("left", "right")[which - 1]}', scene))
        rights.append(Side(scene=scene.crop(which)))
        extras.append((Side(scene=scene.crop(3 - which)), Side(scene=scene.crop(0))))
    return _pool(rng, queries, rights, extras, 10)


def match(world: World, rng: random.Random, count: int) -> list[Row]:
    """The expression is on both sides."""
    queries, rights, extras = [], [], []
    for _ in range(count):
        scene = _crowd(world, rng)
        names = [part.item.name for part in scene.placed]
        queries.append(Side(f'the {names[0]}', scene))
        rights.append(Side(f'the {names[0]}', scene.crop(0)))
        extras.append((Side(f'the {names[1]}', scene.crop(1)), Side(f'the {names[2]}', scene.crop(2))))
    return _pool(rng, queries, rights, extras, 10)


TASKS: dict[str, Callable[[World, random.Random, int], list[Row]]] = {
    'ImageNet-1K': imagenet, 'N24News': news, 'VOC2007': voc, 'ImageNet-A': imagenet_a, 'ImageNet-R': imagenet_r,
    'Country211': country, 'OK-VQA': what, 'A-OKVQA': ground_colour, 'Visual7W': counting, 'GQA': beside,
    'VisDial': dialogue, 'CIRR': changed, 'MSCOCO_t2i': text_to_picture, 'MSCOCO_i2t': picture_to_text,
    'NIGHTS': other_style, 'WebQA': question, 'FashionIQ': recoloured, 'MSCOCO': isolate, 'RefCOCO': refer,
    'RefCOCO-Matching': match,
}
