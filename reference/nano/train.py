"""Trains `nano` by VLM2Vec's recipe: MMEB task shapes, InfoNCE with in-batch negatives, temperature 0.02.

Resumable: state goes to <cache>/train/state.pt every few minutes; the same command goes on from there. The schedule
follows the clock, so a slow machine takes fewer steps over the same curve. A checkpoint in HF's layout is written
beside it. Usage: python train.py [--minutes 70] [--batch 128] [--seed 0] [--cache DIR]
"""

import argparse
import json
import math
import random
import shutil
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import Qwen2TokenizerFast, Qwen2VLImageProcessor

import captions
import model as nano
import prompts
import tokenizer as bpe
from optimizer import optimizers
from pictures import CANVASES, Catalogue, compose, on_white

TEMPERATURE = 0.02
# Task shapes and their share of batches.
TASKS = {'image-to-caption': 0.45, 'caption-to-image': 0.3, 'classification': 0.1, 'image-to-image': 0.15}
# Smallest and largest picture in pixels: a square becomes 84 x 84 (9 visual tokens), 4:3 and 3:2 become 112 x 84.
PIXELS = {'min_pixels': 84 * 84, 'max_pixels': 84 * 140}


class Sampler:
    """Draws batches without two pictures of one concept; emoji concepts come in several styles."""

    def __init__(self, catalogue: Catalogue, batch: int):
        self.styles: dict[str, list[int]] = {}
        for row in catalogue.rows('train'):
            self.styles.setdefault(catalogue.items[row]['concept'], []).append(row)
        self.emoji = [key for key, rows in self.styles.items() if len(rows) > 1]
        self.single = [key for key, rows in self.styles.items() if len(rows) == 1]
        self.batch = batch

    def concepts(self, rng: random.Random) -> list[str]:
        emoji = int(self.batch * 0.62)
        return rng.sample(self.emoji, emoji) + rng.sample(self.single, self.batch - emoji)

    def pairs(self, rng: random.Random) -> list[list[int]]:
        """Two styles of each concept."""
        return [rng.sample(self.styles[key], 2) for key in rng.sample(self.emoji, self.batch // 2)]


class Texts:
    def __init__(self, tokenizer: Qwen2TokenizerFast):
        self.encode = tokenizer.backend_tokenizer.encode_batch

    def __call__(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids right-padded [B, S], index of the last token [B]."""
        ids = [encoding.ids for encoding in self.encode(texts, add_special_tokens=False)]
        padded = torch.zeros(len(ids), max(map(len, ids)), dtype=torch.long)
        for row, tokens in enumerate(ids):
            padded[row, :len(tokens)] = torch.tensor(tokens)
        return padded, torch.tensor([len(tokens) - 1 for tokens in ids])

    def prompt(self, text: str) -> torch.Tensor:
        """Ids after the image placeholder."""
        return self([text.removeprefix(prompts.IMAGE)])[0][0]


def info_nce(query: torch.Tensor, target: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """InfoNCE in both directions. `same` [B, B] marks pairs off the diagonal that are no negatives."""
    logits = (query @ target.T / TEMPERATURE).masked_fill(same, -1e4)
    labels = torch.arange(len(query))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


def alike(texts: list[str]) -> torch.Tensor:
    """Which texts are equal, the diagonal left out: bool [B, B]."""
    number = torch.tensor([texts.index(text) for text in texts])
    return (number[:, None] == number) & ~torch.eye(len(texts), dtype=torch.bool)


def loss_of(task: str, fast: nano.Fast, catalogue: Catalogue, sampler: Sampler, texts: Texts,
            rng: random.Random, noise: np.random.Generator) -> torch.Tensor:
    """One batch of one task shape."""
    (height, width), = rng.choices(list(CANVASES), list(CANVASES.values()))

    def see(rows: list[int]) -> torch.Tensor:
        return fast.vision(compose(catalogue, rows, noise, height, width), height // nano.PATCH, width // nano.PATCH)

    if task == 'image-to-image':
        pairs = sampler.pairs(rng)
        features = see([row for pair in pairs for row in pair])
        query = texts.prompt(rng.choice((prompts.SIMILAR, prompts.REPRESENT)))
        return info_nce(fast.embed_pictures(features[0::2], query),
                        fast.embed_pictures(features[1::2], texts.prompt(prompts.REPRESENT)),
                        torch.zeros(len(pairs), len(pairs), dtype=torch.bool))

    rows = [rng.choice(sampler.styles[key]) for key in sampler.concepts(rng)]
    items = [catalogue.items[row] for row in rows]
    if task == 'classification':
        said = [item['name'] for item in items]
        prompt = rng.choice((prompts.CLASSIFY, prompts.IDENTIFY))
    else:
        said = [captions.caption(rng, item['name'], item['tags']) for item in items]
        prompt = prompts.CAPTION_SEARCH if task == 'image-to-caption' else prompts.REPRESENT
    seen = fast.embed_pictures(see(rows), texts.prompt(prompt))
    sent = [prompts.image_search(text) for text in said] if task == 'caption-to-image' else said
    same = alike([text.lower() for text in said]) | alike([item['name'].lower() for item in items])
    return info_nce(seen, fast.embed_texts(*texts(sent)), same)


@torch.no_grad()
def progress_report(fast: nano.Fast, catalogue: Catalogue, texts: Texts) -> dict[str, float]:
    """Caption choice on 512 pictures kept back, of each kind: R@1 among all 512 and the choice among 10."""
    report = {}
    for split in ('style', 'drawing'):
        rows = random.Random(1).sample(catalogue.rows(split), min(512, len(catalogue.rows(split))))
        seen = torch.cat([
            fast.embed_pictures(fast.vision(on_white(catalogue, rows[at:at + 128]), 6, 6), texts.prompt(prompts.CAPTION_SEARCH))
            for at in range(0, len(rows), 128)])
        scores = seen @ fast.embed_texts(*texts([catalogue.items[row]['name'] for row in rows])).T
        right = scores.diagonal()[:, None]
        beaten = (scores > right).float().sum(1)  # wrong captions above the right one
        report[f'{split} R@1'] = (beaten == 0).float().mean().item()
        # 9 wrong captions drawn at random: none above the right one
        share = beaten / (len(rows) - 1)
        report[f'{split} of 10'] = (1 - share).pow(9).mean().item()
    return report


def save_checkpoint(model, tokenizer: Qwen2TokenizerFast, folder: Path) -> None:
    """Replaces the folder as a whole: a reader may have its files mapped."""
    fresh, old = folder.with_suffix('.new'), folder.with_suffix('.old')
    model.save_pretrained(fresh)
    tokenizer.save_pretrained(fresh)
    Qwen2VLImageProcessor(**PIXELS).save_pretrained(fresh)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cache', type=Path, default=Path.home() / '.cache/vlm2vec-nano')
    parser.add_argument('--minutes', type=float, default=70)
    parser.add_argument('--batch', type=int, default=128)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--threads', type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    folder = options.cache / 'train'
    folder.mkdir(exist_ok=True)
    catalogue = Catalogue(options.cache)
    state_file = folder / 'state.pt'
    if (folder / 'tokenizer.json').exists():
        tokenizer = Qwen2TokenizerFast.from_pretrained(folder)
    else:
        tokenizer = bpe.build([catalogue.items[row] for row in catalogue.rows('train')], folder)
    model = nano.create(tokenizer, options.seed)
    fast = nano.Fast(model, torch.bfloat16)
    optimizer = optimizers(model)
    sampler, texts = Sampler(catalogue, options.batch), Texts(tokenizer)
    step, spent = 0, 0.0
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        model.load_state_dict(state['model'])
        for each, saved in zip(optimizer, state['optimizer']):
            each.load_state_dict(saved)
        step, spent = state['step'], state['spent']
    # Seeded by the step that is resumed from: no batch order is repeated.
    rng, noise = random.Random(options.seed * 1_000_003 + step), np.random.default_rng((options.seed, step))
    started, saved_at, losses = time.time() - spent, time.time(), {}

    def save() -> None:
        torch.save({'model': model.state_dict(), 'optimizer': [each.state_dict() for each in optimizer],
                    'step': step, 'spent': spent}, folder / 'state.tmp')
        (folder / 'state.tmp').rename(state_file)
        save_checkpoint(model, tokenizer, options.cache / 'checkpoint')
        fast.refresh()
        line = {'step': step, 'minutes': round(spent / 60, 1), **{task: round(value, 3) for task, value in losses.items()},
                **{key: round(value, 3) for key, value in progress_report(fast, catalogue, texts).items()}}
        print(json.dumps(line), flush=True)

    while spent < options.minutes * 60:
        done = spent / (options.minutes * 60)
        scale = min(1.0, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        task, = rng.choices(list(TASKS), list(TASKS.values()))
        fast.refresh()
        loss = loss_of(task, fast, catalogue, sampler, texts, rng, noise)
        loss.backward()
        for each in optimizer:
            for group in each.param_groups:
                group['lr'] = group['peak'] * scale
            each.step()
            each.zero_grad()
        losses[task] = losses.get(task, loss.item()) * 0.9 + loss.item() * 0.1
        step, spent = step + 1, time.time() - started
        if step % 50 == 0:
            print(f'{step} {spent:.0f}s {json.dumps({key: round(value, 2) for key, value in losses.items()})}', flush=True)
        if time.time() - saved_at > 240:
            save()
            saved_at = time.time()
    save()


if __name__ == '__main__':
    main()
