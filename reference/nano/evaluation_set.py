"""The pictures and inputs that `eval.py` measures on: drawn from what training never sees, the same in every run."""

import json
import random
from pathlib import Path

import prompts
import scenes as sc
from pictures import Catalogue, draw_crop, draw_item, draw_scene

GROUPS = 100
# Label of a set of scenes: what its groups differ in, whose concepts, which drawing style (None: those of training).
SCENE_SETS = {
    **{f'{kind}, concepts never composed': (kind, 'kept back', None) for kind in sc.KINDS},
    **{
        f'{kind}, the same in the held-out style': (kind, 'kept back', 'openmoji')
        for kind in ('count', 'position', 'objects')
    },
}


def build(cache: Path) -> list[dict]:
    """Draws the pictures and lists the inputs: {set, role, unit, key, text?, image?}.

    `unit` is one drawing or one group of scenes; `key` says which inputs of two roles belong together. Units of all
    sets are mixed: any first part of the list is a fair sample. Written to <cache>/eval/inputs.jsonl for
    `vlm2vec embed`.
    """
    folder = cache / 'eval'
    (folder / 'pictures').mkdir(parents=True, exist_ok=True)
    catalogue = Catalogue(cache)
    inputs = [*drawings(catalogue, folder), *scenes(catalogue, folder)]
    units: dict[str, dict] = {}
    for entry in inputs:
        units.setdefault(entry['set'], {}).setdefault(entry['unit'], len(units[entry['set']]))
    inputs.sort(key=lambda entry: units[entry['set']][entry['unit']] / len(units[entry['set']]))
    with (folder / 'inputs.jsonl').open('w') as out:
        for entry in inputs:
            out.write(
                json.dumps({key: entry[key] for key in ('text', 'image') if key in entry}, ensure_ascii=False) + '\n'
            )
    return inputs


def drawings(catalogue: Catalogue, folder: Path):
    """Single drawings of the style kept back and of the drawings kept back."""
    rng = random.Random(2)

    def picture(item: dict, ground: tuple[int, int, int], suffix: str) -> str:
        name = f'pictures/{item["id"]}{suffix}.png'
        if not (folder / name).exists():
            draw_item(item, ground).save(folder / name)
        return name

    others = {item['concept']: item for item in catalogue.items if item['source'] == 'twemoji'}
    for split in ('style', 'drawing'):
        rows = catalogue.rows(split)
        rng.shuffle(rows)
        for row in rows:
            item = catalogue.items[row]
            white = picture(item, (255, 255, 255), '')

            def entry(role: str, **content: str) -> dict:
                return {'set': split, 'role': role, 'unit': row, 'key': item['name'].lower(), **content}

            yield entry('image', image=white, text=prompts.CAPTION_SEARCH)
            yield entry('caption', text=item['name'])
            yield entry('image-target', image=white, text=prompts.REPRESENT)
            yield entry('text-query', text=prompts.image_search(item['name']))
            if split == 'style':
                ground = tuple(rng.randrange(128, 256) for _ in range(3))
                yield entry('image-coloured', image=picture(item, ground, '-coloured'), text=prompts.CAPTION_SEARCH)
                if item['concept'] in others:
                    yield entry(
                        'other-style',
                        image=picture(others[item['concept']], (255, 255, 255), ''),
                        text=prompts.REPRESENT,
                    )


def scenes(catalogue: Catalogue, folder: Path):
    """Groups of four scenes: captions and pictures of each; pictures with a change that leads to another of the group;
    names of things with their crops."""
    for label, (kind, split, style) in SCENE_SETS.items():
        source, rng = sc.Scenes(catalogue.items, split, style), random.Random(label)
        for number in range(GROUPS):
            group = source.group(rng, kind)
            unit = f'{kind}-{split}-{style}-{number}'.replace(' ', '-')
            for place, scene in enumerate(group):
                again = sc.again(scene, rng)
                names = [f'pictures/{unit}-{place}{suffix}.png' for suffix in ('', '-again')]
                for name, shown in zip(names, (scene, again)):
                    if not (folder / name).exists():
                        draw_scene(catalogue, shown).save(folder / name)

                def entry(role: str, key: str = f'{unit}-{place}', **content: str) -> dict:
                    return {'set': label, 'role': role, 'unit': unit, 'key': key, **content}

                after = (place + rng.choice((1, 2, 3))) % 4
                yield entry('image', image=names[0], text=prompts.CAPTION_SEARCH)
                yield entry('caption', text=sc.caption(scene))
                yield entry('text-query', text=prompts.image_search(sc.caption(scene)))
                yield entry('image-target', image=names[0], text=prompts.REPRESENT)
                yield entry(
                    'change', f'{unit}-{after}', image=names[0], text=prompts.changed(sc.change(scene, group[after]))
                )
                yield entry('change-target', image=names[1], text=prompts.REPRESENT)
            if kind == 'objects':
                scene = group[3]
                for index, thing in enumerate(scene.things):
                    name = f'pictures/{unit}-crop-{index}.png'
                    if not (folder / name).exists():
                        draw_crop(catalogue, scene, index).save(folder / name)
                    shown = {'set': f'crops: {label}', 'unit': unit, 'key': f'{unit}-{thing.label}'}
                    yield {
                        **shown,
                        'role': 'thing',
                        'image': f'pictures/{unit}-3.png',
                        'text': prompts.isolate(thing.label),
                    }
                    yield {**shown, 'role': 'crop', 'image': name, 'text': prompts.CROP}
