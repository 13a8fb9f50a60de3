"""Measures `nano` on what it was never trained on, in PyTorch and from vectors that our CLI wrote for the same inputs.

    python eval.py --checkpoint <cache>/checkpoint            PyTorch (float32)
    vlm2vec embed --model <bundle> --jsonl <cache>/eval/inputs.jsonl > vectors.jsonl
    python eval.py --vectors vectors.jsonl                    the same figures from the CLI's vectors, and their agreement
                                                              (of the first inputs alone, where there are fewer vectors)

The first form also writes <cache>/eval: pictures (256 x 256 PNG, white or coloured ground), inputs.jsonl, and
reference.npy (its own vectors, in the order of inputs.jsonl).
"""

import argparse
import json
import random
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import Qwen2TokenizerFast, Qwen2VLForConditionalGeneration, Qwen2VLImageProcessor

import model as nano
import prompts
from pictures import Catalogue

SIDE, MARGIN = 256, 16


def draw(item: dict, path: Path, ground: tuple[int, int, int]) -> None:
    """The drawing in the middle of a square picture."""
    drawing = Image.open(item['png']).convert('RGBA')
    drawing = drawing.crop(drawing.getbbox(alpha_only=True))
    scale = (SIDE - 2 * MARGIN) / max(drawing.size)
    drawing = drawing.resize([max(1, round(side * scale)) for side in drawing.size], Image.Resampling.BICUBIC)
    picture = Image.new('RGBA', (SIDE, SIDE), ground + (255,))
    picture.alpha_composite(drawing, ((SIDE - drawing.width) // 2, (SIDE - drawing.height) // 2))
    picture.convert('RGB').save(path)


def build(cache: Path) -> list[dict]:
    """Draws the pictures and lists the inputs: {set, role, item, text?, image?}. Same result in every run."""
    folder = cache / 'eval'
    (folder / 'pictures').mkdir(parents=True, exist_ok=True)
    catalogue = Catalogue(cache)
    rng = random.Random(2)
    inputs = []

    def picture(item: dict, ground: tuple[int, int, int], suffix: str) -> str:
        name = f'pictures/{item["id"]}{suffix}.png'
        if not (folder / name).exists():
            draw(item, folder / name, ground)
        return name

    def add(where: str, role: str, item: dict, **content: str) -> None:
        inputs.append({'set': where, 'role': role, 'concept': item['concept'], 'name': item['name'], **content})

    for split in ('style', 'drawing'):
        rows = catalogue.rows(split)
        rng.shuffle(rows)  # any first part of the inputs is a fair sample
        for row in rows:
            item = catalogue.items[row]
            white = picture(item, (255, 255, 255), '')
            add(split, 'image', item, image=white, text=prompts.CAPTION_SEARCH)
            add(split, 'caption', item, text=item['name'])
            add(split, 'image-target', item, image=white, text=prompts.REPRESENT)
            add(split, 'text-query', item, text=prompts.image_search(item['name']))
            if split == 'style':
                ground = tuple(rng.randrange(128, 256) for _ in range(3))
                add(split, 'image-coloured', item, image=picture(item, ground, '-coloured'), text=prompts.CAPTION_SEARCH)
    for item in catalogue.items:
        if item['source'] == 'twemoji':
            add('style', 'other-style', item, image=picture(item, (255, 255, 255), ''), text=prompts.REPRESENT)
    with (folder / 'inputs.jsonl').open('w') as out:
        for entry in inputs:
            out.write(json.dumps({key: entry[key] for key in ('text', 'image') if key in entry}, ensure_ascii=False) + '\n')
    return inputs


@torch.no_grad()
def embed(inputs: list[dict], checkpoint: Path, folder: Path) -> np.ndarray:
    """Vectors [inputs, H] in float32 through the checkpoint's own processor and tokenizer."""
    tokenizer = Qwen2TokenizerFast.from_pretrained(checkpoint)
    processor = Qwen2VLImageProcessor.from_pretrained(checkpoint)
    model = Qwen2VLForConditionalGeneration.from_pretrained(checkpoint, torch_dtype=torch.float32).eval()
    fast = nano.Fast(model, torch.float32)
    vectors = np.zeros((len(inputs), model.config.hidden_size), np.float32)
    seen: dict[str, torch.Tensor] = {}
    checked = {'image': 0, 'text': 0}
    for row, entry in enumerate(inputs):
        ids = torch.tensor(tokenizer(entry['text'], add_special_tokens=False).input_ids)
        if 'image' not in entry:
            vector = fast.embed_texts(ids[None], torch.tensor([len(ids) - 1]))
            arguments = {'input_ids': ids[None]}
        else:
            patch = nano.PATCH**2
            if entry['image'] not in seen or checked['image'] < 4:
                image = Image.open(folder / entry['image']).convert('RGB')
                processed = processor(images=image, return_tensors='pt')
                _, rows, columns = processed['image_grid_thw'][0].tolist()
                slices = processed['pixel_values'].view(-1, 3, 2, patch)
                seen[entry['image']] = fast.vision(slices[:, :, 0].reshape(1, -1, 3 * patch), rows, columns)
            features = seen[entry['image']]
            vector = fast.embed_pictures(features, ids[1:])
            repeated = torch.cat((ids[:1].repeat(features.shape[1]), ids[1:]))[None]
            arguments = {'input_ids': repeated, **processed}
        kind = 'image' if 'image' in entry else 'text'
        if checked[kind] < 4:  # the batched forward is HF's own
            arguments['attention_mask'] = torch.ones_like(arguments['input_ids'])
            hidden = model(**arguments, output_hidden_states=True).hidden_states[-1][0, -1]
            assert (torch.nn.functional.normalize(hidden, dim=0) - vector[0]).abs().max() < 1e-4
            checked[kind] += 1
        vectors[row] = vector[0].numpy()
    return vectors


def retrieval(queries: np.ndarray, targets: np.ndarray, query_keys: list[str], target_keys: list[str]) -> dict[str, float]:
    """R@1, R@5 in the whole pool, and the choice among 10 with nine wrong targets drawn by a fixed seed. Percent."""
    scores = queries @ targets.T
    right = {key: column for column, key in reversed(list(enumerate(target_keys)))}
    rng = np.random.default_rng(3)
    first = fifth = choice = 0
    for row, key in enumerate(query_keys):
        wrong = np.array([column for column, other in enumerate(target_keys) if other != key])
        best = scores[row, [column for column, other in enumerate(target_keys) if other == key]].max()
        beaten = (scores[row, wrong] >= best).sum()
        first += beaten == 0
        fifth += beaten < 5
        choice += (scores[row, rng.choice(wrong, 9, replace=False)] < best).all()
    count = len(query_keys)
    return {'pool': len(right), 'of 10': 100 * choice / count, 'R@1': 100 * first / count, 'R@5': 100 * fifth / count}


def report(inputs: list[dict], vectors: np.ndarray) -> None:
    """The table of the model card."""
    def part(where: str, role: str) -> tuple[np.ndarray, list[str], list[str]]:
        rows = [row for row, entry in enumerate(inputs) if entry['set'] == where and entry['role'] == role]
        return vectors[rows], [inputs[row]['name'].lower() for row in rows], [inputs[row]['concept'] for row in rows]

    print('| task | pool | choice of 10 (chance 10) | R@1 | R@5 | chance R@1 |\n|---|---|---|---|---|---|')
    for label, where, query, target, by in (
        ('held-out style: picture → caption', 'style', 'image', 'caption', 1),
        ('the same on coloured grounds', 'style', 'image-coloured', 'caption', 1),
        ('held-out style: caption → picture', 'style', 'text-query', 'image-target', 1),
        ('held-out style → picture of another style', 'style', 'image-target', 'other-style', 2),
        ('held-out drawings: picture → caption', 'drawing', 'image', 'caption', 1),
        ('held-out drawings: caption → picture', 'drawing', 'text-query', 'image-target', 1),
    ):
        queries, targets = part(where, query), part(where, target)
        if len(queries[0]) and len(targets[0]) > 9:
            found = retrieval(queries[0], targets[0], queries[by], targets[by])
            print(f'| {label} | {found["pool"]} | {found["of 10"]:.1f} % | {found["R@1"]:.1f} % | {found["R@5"]:.1f} % '
                  f'| {100 / found["pool"]:.2f} % |')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cache', type=Path, default=Path.home() / '.cache/vlm2vec-nano')
    parser.add_argument('--checkpoint', type=Path)
    parser.add_argument('--vectors', type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = options.cache / 'eval'
    inputs = build(options.cache)
    if options.vectors:
        vectors = np.array([json.loads(line)['embedding'] for line in options.vectors.open()], np.float32)
        inputs = inputs[:len(vectors)]
        reference = np.load(folder / 'reference.npy')[:len(vectors)]
        cosines = (vectors * reference).sum(1)
        print(f'{len(vectors)} inputs; cosine with PyTorch: mean {cosines.mean():.6f}, least {cosines.min():.6f}')
        print('\nPyTorch on these inputs:\n')
        report(inputs, reference)
        print('\nThe vectors given:\n')
    else:
        vectors = embed(inputs, options.checkpoint or options.cache / 'checkpoint', folder)
        np.save(folder / 'reference.npy', vectors)
    report(inputs, vectors)


if __name__ == '__main__':
    main()
