"""Trains `nano` by VLM2Vec's recipe: MMEB task shapes, InfoNCE with temperature 0.02, a base and a DoRA adapter on it.

    python train.py base     [--minutes 70] [--batch 256] [--from CHECKPOINT]     → <cache>/base
    python train.py adapter  [--minutes 15] [--batch 512]                         → <cache>/adapter  (on <cache>/base)

Resumable: state goes to <cache>/train/<stage>.pt every few minutes, and the same command goes on from there; --from
starts a base from another's weights and tokenizer. The schedule follows the clock, so a slow machine takes fewer steps
over the same curve. With --chunk the batch goes through GradCache in chunks (the adapter's default: 128).
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
from peft import LoraConfig, get_peft_model
from transformers import Qwen2TokenizerFast, Qwen2VLForConditionalGeneration, Qwen2VLImageProcessor

import model as nano
import prompts
import tokenizer as bpe
from contrast import cached_step, info_nce, padded, plain_step, see
from optimizer import optimizers
from pictures import Catalogue, composed, on_white
from scenes import Scenes, caption
from tasks import ADAPTER, BASE, Batch, Tasks

# Smallest and largest picture in pixels: a square becomes 84 x 84 (9 visual tokens), 4:3 and 3:2 become 112 x 84.
PIXELS = {'min_pixels': 84 * 84, 'max_pixels': 84 * 140}
# As TIGER-Lab's adapters (alpha: the code's default).
DORA = {
    'r': 8,
    'lora_alpha': 64,
    'lora_dropout': 0.0,
    'use_dora': True,
    'init_lora_weights': 'gaussian',
    'target_modules': ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'down_proj'],
}
NAMES_EVERY, PICTURES_KEPT = 60, 2048


class Negatives:
    """Targets beyond the batch: vectors of all names, renewed every so often, and of the last pictures."""

    def __init__(self, tasks: Tasks, width: int):
        self.ids = tasks.ids(tasks.name_list)
        self.numbers = torch.arange(len(self.ids))
        self.names = torch.zeros(0, width)
        self.pictures, self.shown = torch.zeros(0, width), torch.zeros(0, dtype=torch.long)

    @torch.no_grad()
    def renew(self, fast: nano.Fast) -> None:
        order = sorted(range(len(self.ids)), key=lambda index: len(self.ids[index]))
        self.names = torch.zeros(len(self.ids), fast.config.hidden_size)
        fast.refresh()
        for start in range(0, len(order), 512):
            part = order[start : start + 512]
            self.names[part] = fast.embed_texts(*padded([self.ids[index] for index in part]))

    def of(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor] | tuple[None, None]:
        """The further negatives of a batch [N, H] and which of them are none [B, N]."""
        if batch.bank == 'names':
            return self.names, batch.names[:, None] == self.numbers
        if batch.bank == 'pictures' and len(self.pictures):
            return self.pictures, batch.names[:, None] == self.shown
        return None, None

    def keep(self, batch: Batch, targets: torch.Tensor) -> None:
        if batch.bank == 'pictures':
            self.pictures = torch.cat((targets, self.pictures))[:PICTURES_KEPT]
            self.shown = torch.cat((batch.names, self.shown))[:PICTURES_KEPT]


@torch.no_grad()
def progress_report(fast: nano.Fast, tasks: Tasks) -> dict[str, float]:
    """Caption choice on 512 pictures kept back, of each kind: R@1 among all 512 and the choice among 10; and the right
    one among the four captions of a group, of scenes of concepts that are never composed in training."""
    catalogue, found = tasks.catalogue, {}

    def vectors(texts: list[str], pictures: np.ndarray | None = None) -> torch.Tensor:
        side = tasks.side(texts, pictures)
        parts = range(0, len(texts), 128)
        if pictures is None:
            return torch.cat([fast.embed_texts(*padded(side.ids[at : at + 128])) for at in parts])
        return torch.cat(
            [fast.embed_pictures(see(fast, pictures[at : at + 128]), *padded(side.ids[at : at + 128])) for at in parts]
        )

    for split in ('style', 'drawing'):
        rows = random.Random(1).sample(catalogue.rows(split), min(512, len(catalogue.rows(split))))
        seen = vectors([prompts.CAPTION_SEARCH] * len(rows), on_white(catalogue, rows))
        scores = seen @ vectors([catalogue.items[row]['name'] for row in rows]).T
        beaten = (scores > scores.diagonal()[:, None]).float().sum(1)  # wrong captions above the right one
        found[f'{split} R@1'] = (beaten == 0).float().mean().item()
        found[f'{split} of 10'] = (1 - beaten / (len(rows) - 1)).pow(9).mean().item()
    held_out, rng = Scenes(catalogue.items, 'kept back'), random.Random(1)
    for kind in ('count', 'colour', 'position'):
        groups = [held_out.group(rng, kind, (84, 84)) for _ in range(64)]
        scenes = [scene for group in groups for scene in group]
        seen = vectors([prompts.CAPTION_SEARCH] * len(scenes), composed(catalogue, scenes)).view(64, 4, -1)
        said = vectors([caption(scene) for scene in scenes]).view(64, 4, -1)
        best = (seen @ said.transpose(1, 2)).argmax(2)
        found[f'{kind} of 4'] = (best == torch.arange(4)).float().mean().item()
    return found


def save_tokenizer(tokenizer: Qwen2TokenizerFast, folder: Path) -> None:
    tokenizer.save_pretrained(folder)
    Qwen2VLImageProcessor(**PIXELS).save_pretrained(folder)


def replace_folder(folder: Path, fill) -> None:
    """Replaces the folder as a whole: a reader may have its files mapped."""
    fresh, old = folder.with_suffix('.new'), folder.with_suffix('.old')
    shutil.rmtree(fresh, ignore_errors=True)
    fill(fresh)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('stage', choices=('base', 'adapter'))
    parser.add_argument('--cache', type=Path, default=Path.home() / '.cache/vlm2vec-nano')
    parser.add_argument('--minutes', type=float)
    parser.add_argument('--batch', type=int)
    parser.add_argument('--chunk', type=int, help='GradCache in chunks of so many')
    parser.add_argument('--from', dest='start', type=Path, help='a checkpoint to start the base from')
    parser.add_argument('--peak', type=float, default=1.0, help='factor on the learning rates')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--threads', type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    is_base = options.stage == 'base'
    minutes = options.minutes or (70 if is_base else 15)
    chunk = options.chunk or (None if is_base else 128)
    state_file = options.cache / 'train' / f'{options.stage}.pt'
    state_file.parent.mkdir(exist_ok=True)
    catalogue = Catalogue(options.cache)
    saved = torch.load(state_file, weights_only=True) if state_file.exists() else None
    step, spent = (saved['step'], saved['spent']) if saved else (0, 0.0)
    # Seeded by the step that is resumed from: no batch order is repeated.
    seed = options.seed * 2 + (0 if is_base else 1)
    rng, noise = random.Random(seed * 1_000_003 + step), np.random.default_rng((seed, step))
    torch.manual_seed(seed)

    source = options.cache / 'base' if not is_base else options.start
    tokenizer_folder = options.cache / 'train/tokenizer'
    if source and not tokenizer_folder.exists():
        Qwen2TokenizerFast.from_pretrained(source).save_pretrained(tokenizer_folder)
    if tokenizer_folder.exists():
        tokenizer = Qwen2TokenizerFast.from_pretrained(tokenizer_folder)
    else:
        tokenizer = bpe.build([catalogue.items[row] for row in catalogue.rows('train')], tokenizer_folder)
    tasks = Tasks(catalogue, tokenizer, options.batch or (256 if is_base else 512), rng, noise)
    if source:
        model = Qwen2VLForConditionalGeneration.from_pretrained(source, torch_dtype=torch.float32)
    else:
        model = nano.create(tokenizer, seed)
    if is_base:
        trained, shares = model, BASE
        fast = nano.Fast(model, torch.bfloat16)
        optimizer = optimizers(model)
    else:
        trained, shares = get_peft_model(model, LoraConfig(**DORA)), ADAPTER
        fast = nano.Fast(model, torch.bfloat16, trained)
        optimizer = [
            torch.optim.AdamW(
                [weight for weight in trained.parameters() if weight.requires_grad],
                lr=5e-4,
                betas=(0.9, 0.98),
                weight_decay=0.0,
            )
        ]
        optimizer[0].param_groups[0]['peak'] = 5e-4
    if saved:
        trained.load_state_dict(saved['model'], strict=False)
        for each, state in zip(optimizer, saved['optimizer']):
            each.load_state_dict(state)
    negatives = Negatives(tasks, model.config.hidden_size)
    started, saved_at, losses = time.time() - spent, time.time(), {}

    def save() -> None:
        kept = {name: weight.detach() for name, weight in trained.named_parameters() if weight.requires_grad}
        torch.save(
            {'model': kept, 'optimizer': [each.state_dict() for each in optimizer], 'step': step, 'spent': spent},
            state_file.with_suffix('.tmp'),
        )
        state_file.with_suffix('.tmp').rename(state_file)

        def fill(folder: Path) -> None:
            trained.save_pretrained(folder)
            save_tokenizer(tokenizer, folder)

        replace_folder(options.cache / options.stage, fill)
        fast.refresh()
        line = {
            'step': step,
            'minutes': round(spent / 60, 1),
            **{task: round(value, 3) for task, value in losses.items()},
            **{key: round(value, 3) for key, value in progress_report(fast, tasks).items()},
        }
        print(json.dumps(line), flush=True)

    while spent < minutes * 60:
        scale = min(1.0, (step + 1) / 60) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * spent / (minutes * 60))))
        (task,) = rng.choices(list(shares), list(shares.values()))
        if step % NAMES_EVERY == 0 or not len(negatives.names):
            negatives.renew(fast)
        batch = tasks.draw(task)
        more, more_same = negatives.of(batch)

        def loss(query: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return info_nce(query, target, batch.same, more, more_same)

        if chunk:
            value, _, targets = cached_step(fast, batch.query, batch.target, loss, chunk)
        else:
            value, _, targets = plain_step(fast, batch.query, batch.target, loss)
        negatives.keep(batch, targets)
        for each in optimizer:
            for group in each.param_groups:
                group['lr'] = group['peak'] * options.peak * scale
            each.step()
            each.zero_grad()
        losses[task] = losses.get(task, value) * 0.9 + value * 0.1
        step, spent = step + 1, time.time() - started
        if step % 25 == 0:
            print(
                f'{step} {spent:.0f}s {json.dumps({key: round(value, 2) for key, value in losses.items()})}', flush=True
            )
        if time.time() - saved_at > 300:
            save()
            saved_at = time.time()
    save()


if __name__ == '__main__':
    main()
