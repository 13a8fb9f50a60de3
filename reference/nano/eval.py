"""Measures `nano` on what it was never trained on, in PyTorch and from vectors that our CLI wrote for the same inputs.

    python eval.py                                            base with adapter, merged by PEFT (float32)
    python eval.py --base-only                                the base alone
    vlm2vec embed --model <bundle> --jsonl <cache>/eval/inputs.jsonl > vectors.jsonl
    python eval.py --vectors vectors.jsonl                    the same figures from the CLI's vectors (of the first
                                                              inputs alone, where there are fewer), and their agreement

The first form also writes <cache>/eval: pictures, inputs.jsonl, and reference.npy (its own vectors, in that order).
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel
from PIL import Image
from transformers import Qwen2TokenizerFast, Qwen2VLForConditionalGeneration, Qwen2VLImageProcessor

import model as nano
from contrast import padded
from evaluation_set import SCENE_SETS, build

BATCH = 64


@torch.no_grad()
def embed(inputs: list[dict], base: Path, adapter: Path | None, folder: Path) -> np.ndarray:
    """Vectors [inputs, H] in float32 through the checkpoint's own processor and tokenizer; PEFT merges the adapter."""
    tokenizer = Qwen2TokenizerFast.from_pretrained(adapter or base)
    processor = Qwen2VLImageProcessor.from_pretrained(adapter or base)
    model = Qwen2VLForConditionalGeneration.from_pretrained(base, torch_dtype=torch.float32).eval()
    if adapter:
        model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    fast = nano.Fast(model, torch.float32)
    vectors = np.zeros((len(inputs), model.config.hidden_size), np.float32)

    def ids(rows: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """A picture's placeholder is left out: its visual tokens take the place."""
        return padded(
            [
                tokenizer(inputs[row]['text'], add_special_tokens=False).input_ids['image' in inputs[row] :]
                for row in rows
            ]
        )

    texts = [row for row, entry in enumerate(inputs) if 'image' not in entry]
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        vectors[part] = fast.embed_texts(*ids(part)).numpy()
    shown: dict[str, list[int]] = {}
    for row, entry in enumerate(inputs):
        if 'image' in entry:
            shown.setdefault(entry['image'], []).append(row)
    waiting: dict[tuple[int, int], list[tuple[list[int], torch.Tensor]]] = {}

    def flush(grid: tuple[int, int]) -> None:
        taken = waiting.pop(grid)
        features = fast.vision(torch.stack([pixels for _, pixels in taken]), *grid)
        rows = [row for found, _ in taken for row in found]
        place = [index for index, (found, _) in enumerate(taken) for _ in found]
        vectors[rows] = fast.embed_pictures(features[place], *ids(rows)).numpy()

    for name, rows in shown.items():
        processed = processor(images=Image.open(folder / name).convert('RGB'), return_tensors='pt')
        grid = tuple(processed['image_grid_thw'][0, 1:].tolist())
        pixels = processed['pixel_values'].view(-1, 3, 2, nano.PATCH**2)[:, :, 0].reshape(-1, 3 * nano.PATCH**2)
        waiting.setdefault(grid, []).append((rows, pixels))
        if len(waiting[grid]) == BATCH:
            flush(grid)
    for grid in list(waiting):
        flush(grid)
    agree(model, tokenizer, processor, inputs, vectors, folder)
    return vectors


def agree(model, tokenizer, processor, inputs: list[dict], vectors: np.ndarray, folder: Path) -> None:
    """Asserts that HF's own forward gives the same vectors for a dozen inputs."""
    for row in range(0, len(inputs), len(inputs) // 12):
        entry = inputs[row]
        ids = torch.tensor([tokenizer(entry['text'], add_special_tokens=False).input_ids])
        more = {}
        if 'image' in entry:
            more = processor(images=Image.open(folder / entry['image']).convert('RGB'), return_tensors='pt')
            tokens = int(more['image_grid_thw'].prod()) // nano.MERGE**2
            ids = torch.cat((ids[:, :1].repeat(1, tokens), ids[:, 1:]), 1)
        hidden = model(
            input_ids=ids, attention_mask=torch.ones_like(ids), **more, output_hidden_states=True
        ).hidden_states[-1][0, -1]
        assert (torch.nn.functional.normalize(hidden, dim=0) - torch.from_numpy(vectors[row])).abs().max() < 1e-4, entry


def retrieval(
    queries: np.ndarray, targets: np.ndarray, query_keys: list[str], target_keys: list[str]
) -> dict[str, float]:
    """R@1, R@5 in the whole pool, and the choice among 10 with nine wrong targets drawn by a fixed seed. Percent."""
    scores = queries @ targets.T
    keys = np.array(target_keys)
    rng = np.random.default_rng(3)
    first = fifth = choice = 0
    for row, key in enumerate(query_keys):
        right = keys == key
        wrong = np.flatnonzero(~right)
        best = scores[row, right].max()
        beaten = (scores[row, wrong] >= best).sum()
        first += beaten == 0
        fifth += beaten < 5
        choice += (scores[row, rng.choice(wrong, 9, replace=False)] < best).all()
    count = len(query_keys)
    return {
        'pool': len(set(target_keys)),
        'of 10': 100 * choice / count,
        'R@1': 100 * first / count,
        'R@5': 100 * fifth / count,
    }


class Measured:
    """Vectors by set and role."""

    def __init__(self, inputs: list[dict], vectors: np.ndarray):
        self.inputs, self.vectors = inputs, vectors
        self.rows: dict[tuple[str, str], list[int]] = {}
        for row, entry in enumerate(inputs):
            self.rows.setdefault((entry['set'], entry['role']), []).append(row)

    def whole(self, where: str, query: str, target: str) -> dict[str, float] | None:
        """Retrieval over the whole set."""
        targets = self.rows.get((where, target), [])
        known = {self.inputs[row]['key'] for row in targets}
        queries = [row for row in self.rows.get((where, query), []) if self.inputs[row]['key'] in known]
        if len(known) < 10:
            return None
        return retrieval(
            self.vectors[queries],
            self.vectors[targets],
            [self.inputs[row]['key'] for row in queries],
            [self.inputs[row]['key'] for row in targets],
        )

    def inside(self, where: str, query: str, target: str) -> float:
        """The choice among the candidates of the query's own unit: percent right (ties are wrong)."""
        right = []
        units: dict[str, list[int]] = {}
        for row in self.rows.get((where, target), []):
            units.setdefault(self.inputs[row]['unit'], []).append(row)
        for row in self.rows.get((where, query), []):
            entry = self.inputs[row]
            candidates = units.get(entry['unit'], [])
            scores = {self.inputs[other]['key']: float(self.vectors[row] @ self.vectors[other]) for other in candidates}
            if entry['key'] in scores:
                right.append(all(score < scores[entry['key']] for key, score in scores.items() if key != entry['key']))
        return 100 * float(np.mean(right)) if right else float('nan')


def report(inputs: list[dict], vectors: np.ndarray) -> None:
    """The tables of the model card."""
    measured = Measured(inputs, vectors)
    print('| task | pool | choice of 10 (chance 10 %) | R@1 | R@5 | chance of R@1 |\n|---|---|---|---|---|---|')
    for label, where, query, target in (
        ('held-out style: picture → caption', 'style', 'image', 'caption'),
        ('the same on coloured grounds', 'style', 'image-coloured', 'caption'),
        ('held-out style: caption → picture', 'style', 'text-query', 'image-target'),
        ("held-out style → the same emoji in Twemoji's style", 'style', 'image-target', 'other-style'),
        ('held-out drawings: picture → caption', 'drawing', 'image', 'caption'),
        ('held-out drawings: caption → picture', 'drawing', 'text-query', 'image-target'),
        *(
            (f'thing in a scene → its crop ({label.split(", ")[1]})', f'crops: {label}', 'thing', 'crop')
            for label in SCENE_SETS
            if label.startswith('objects')
        ),
    ):
        if found := measured.whole(where, query, target):
            print(
                f'| {label} | {found["pool"]} | {found["of 10"]:.1f} % | {found["R@1"]:.1f} % | {found["R@5"]:.1f} % '
                f'| {100 / found["pool"]:.2f} % |'
            )
    print(
        '\n| scenes that differ in | picture → caption | caption → picture | picture and change → picture '
        '| the last, R@1 in the pool '
        '|\n|---|---|---|---|---|'
    )
    for label in SCENE_SETS:
        pooled = measured.whole(label, 'change', 'change-target')
        print(
            f'| {label} | '
            + ' | '.join(
                f'{measured.inside(label, *roles):.1f} %'
                for roles in (('image', 'caption'), ('text-query', 'image-target'), ('change', 'change-target'))
            )
            + (f' | {pooled["R@1"]:.1f} % of {pooled["pool"]} |' if pooled else ' | |')
        )
    three = [label for label in SCENE_SETS if label.startswith(('count', 'colour', 'position')) and 'never' in label]
    for label, roles in (
        ('picture → caption', ('image', 'caption')),
        ('caption → picture', ('text-query', 'image-target')),
    ):
        mean = np.mean([measured.inside(each, *roles) for each in three])
        print(f'mean of counts, colours and positions, {label}: {mean:.1f} %')
    for label in SCENE_SETS:
        if label.startswith('objects'):
            right = measured.inside(f'crops: {label}', 'thing', 'crop')
            print(f'a name and a scene → its crop among the three of the scene, {label.split(", ")[1]}: {right:.1f} %')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cache', type=Path, default=Path.home() / '.cache/vlm2vec-nano')
    parser.add_argument('--base', type=Path)
    parser.add_argument('--adapter', type=Path)
    parser.add_argument('--base-only', action='store_true')
    parser.add_argument('--vectors', type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = options.cache / 'eval'
    inputs = build(options.cache)
    if options.vectors:
        vectors = np.array([json.loads(line)['embedding'] for line in options.vectors.open()], np.float32)
        inputs = inputs[: len(vectors)]
        reference = np.load(folder / 'reference.npy')[: len(vectors)]
        cosines = (vectors * reference).sum(1)
        print(f'{len(vectors)} inputs; cosine with PyTorch: mean {cosines.mean():.6f}, least {cosines.min():.6f}')
        print('\nPyTorch on these inputs:\n')
        report(inputs, reference)
        print('\nThe vectors given:\n')
    else:
        base = options.base or options.cache / 'base'
        adapter = None if options.base_only else options.adapter or options.cache / 'adapter'
        vectors = embed(inputs, base, adapter, folder)
        np.save(folder / ('base.npy' if options.base_only else 'reference.npy'), vectors)
    report(inputs, vectors)


if __name__ == '__main__':
    main()
