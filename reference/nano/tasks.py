"""Batches of every task shape: MMEB's instruction strings on single drawings and on composed scenes."""

import random
from dataclasses import dataclass

import numpy as np
import torch

import captions
import prompts
import scenes as sc
from contrast import Side
from pictures import Catalogue, composed, crops, random_canvas, varied
from scenes import Scene, Scenes

# Shares of batches, of the base and of the adapter.
BASE = {
    'image-to-caption': 0.26,
    'caption-to-image': 0.17,
    'classification': 0.07,
    'image-to-image': 0.10,
    'scene-to-caption': 0.14,
    'caption-to-scene': 0.11,
    'change': 0.05,
    'grounding': 0.02,
    'question': 0.04,
    'paraphrase': 0.04,
}
ADAPTER = {
    'image-to-caption': 0.23,
    'caption-to-image': 0.15,
    'classification': 0.08,
    'image-to-image': 0.10,
    'scene-to-caption': 0.16,
    'caption-to-scene': 0.12,
    'change': 0.08,
    'grounding': 0.04,
    'question': 0.04,
    'paraphrase': 0.03,
}
EMOJI_SHARE = 0.72
KIND_SHARES = {'count': 0.18, 'colour': 0.12, 'position': 0.4, 'binding': 0.15, 'objects': 0.15}


@dataclass
class Batch:
    """A query and its target in each row, with what else the loss must know.

    `same` [B, B]: pairs off the diagonal that are no negatives. `bank`: the kind of negatives beyond the batch, if any;
    `names` [B]: what each row shows, by number, to leave out those that show the same.
    """

    query: Side
    target: Side
    same: torch.Tensor
    bank: str | None = None
    names: torch.Tensor | None = None


def alike(texts: list[str]) -> torch.Tensor:
    """Which texts are equal, the diagonal left out: bool [B, B]."""
    number = torch.tensor([texts.index(text) for text in texts])
    return (number[:, None] == number) & ~torch.eye(len(texts), dtype=torch.bool)


class Tasks:
    def __init__(self, catalogue: Catalogue, tokenizer, batch: int, rng: random.Random, noise: np.random.Generator):
        self.catalogue, self.batch, self.rng, self.noise = catalogue, batch, rng, noise
        self.encode = tokenizer.backend_tokenizer.encode_batch
        self.styles: dict[str, list[int]] = {}
        for row in catalogue.rows('train'):
            self.styles.setdefault(catalogue.items[row]['concept'], []).append(row)
        items = catalogue.items
        self.emoji = [key for key, rows in self.styles.items() if 'group' in items[rows[0]] and len(rows) > 1]
        self.single = [key for key, rows in self.styles.items() if 'group' not in items[rows[0]]]
        self.scenes = Scenes(items, 'train')
        self.name_list = sorted({items[row]['name'] for row in catalogue.rows('train')})
        self.number = {name: index for index, name in enumerate(self.name_list)}

    def ids(self, texts: list[str]) -> list[list[int]]:
        """Token ids; a leading image placeholder is left out (the picture's tokens take its place)."""
        different = list(dict.fromkeys(texts))
        encoded = self.encode([text.removeprefix(prompts.IMAGE) for text in different], add_special_tokens=False)
        found = {text: encoding.ids for text, encoding in zip(different, encoded)}
        return [found[text] for text in texts]

    def side(self, texts: list[str], pictures: np.ndarray | None = None) -> Side:
        return Side(self.ids(texts), pictures)

    def style(self, concept: str) -> int:
        """A drawing of the concept; black ones less often."""
        rows = self.styles[concept]
        row = self.rng.choice(rows)
        return self.rng.choice(rows) if self.catalogue.items[row].get('monotone') else row

    def draw(self, task: str) -> Batch:
        if task in ('image-to-caption', 'caption-to-image', 'classification'):
            return self.single_drawings(task)
        if task == 'image-to-image':
            return self.two_styles()
        if task in ('scene-to-caption', 'caption-to-scene', 'change'):
            return self.groups(task)
        return {'grounding': self.grounding, 'question': self.questions, 'paraphrase': self.paraphrases}[task]()

    def single_drawings(self, task: str) -> Batch:
        rng, emoji = self.rng, int(self.batch * EMOJI_SHARE)
        concepts = rng.sample(self.emoji, emoji) + rng.sample(self.single, self.batch - emoji)
        rows = [self.style(concept) for concept in concepts]
        items = [self.catalogue.items[row] for row in rows]
        names = [item['name'] for item in items]
        if task == 'classification':
            said = names
            prompt = rng.choice((prompts.CLASSIFY, prompts.IDENTIFY, prompts.ask('What is in the image?')))
        else:
            said = [
                name if rng.random() < 0.4 else captions.caption(rng, name, item['tags'])
                for name, item in zip(names, items)
            ]
            prompt = prompts.CAPTION_SEARCH if task == 'image-to-caption' else prompts.REPRESENT
        height, width = random_canvas(rng)
        seen = self.side([prompt] * len(rows), varied(self.catalogue, rows, self.noise, height, width))
        same = alike([text.lower() for text in said]) | alike([name.lower() for name in names])
        numbers = torch.tensor([self.number[name] for name in names])
        if task == 'caption-to-image':
            return Batch(self.side([prompts.image_search(text) for text in said]), seen, same, 'pictures', numbers)
        return Batch(seen, self.side(said), same, 'names', numbers)

    def two_styles(self) -> Batch:
        """The same concept drawn in two styles."""
        rng = self.rng
        concepts = rng.sample(self.emoji, self.batch)
        pairs = [rng.sample(self.styles[concept], 2) for concept in concepts]
        height, width = random_canvas(rng)
        query, target = (
            varied(self.catalogue, [pair[side] for pair in pairs], self.noise, height, width) for side in (0, 1)
        )
        prompt = rng.choice((prompts.SIMILAR, prompts.REPRESENT))
        names = [self.catalogue.items[first]['name'] for first, _ in pairs]
        return Batch(
            self.side([prompt] * len(pairs), query),
            self.side([prompts.REPRESENT] * len(pairs), target),
            alike(names),
            'pictures',
            torch.tensor([self.number[name] for name in names]),
        )

    def some_groups(self, count: int) -> list[list[Scene]]:
        rng, canvas = self.rng, self.rng.choice(sc.CANVASES)
        return [
            self.scenes.group(rng, kind, canvas)
            for kind in rng.choices(list(KIND_SHARES), list(KIND_SHARES.values()), k=count)
        ]

    def groups(self, task: str) -> Batch:
        """Scenes beside those that differ from them in one respect."""
        rng = self.rng
        groups = self.some_groups(self.batch // 4)
        scenes = [scene for group in groups for scene in group]
        plain = [sc.caption(scene).lower() for scene in scenes]
        if task == 'change':
            after = [
                group[(place + step) % 4] for group in groups for step in (rng.choice((1, 2, 3)),) for place in range(4)
            ]
            query = self.side(
                [prompts.changed(sc.change(one, other, rng)) for one, other in zip(scenes, after)],
                composed(self.catalogue, scenes),
            )
            # other places and grounds than the pictures that the queries show
            fresh = [sc.again(scene, rng) for scene in after]
            target = self.side([prompts.REPRESENT] * len(after), composed(self.catalogue, fresh))
            return Batch(query, target, alike([sc.caption(scene).lower() for scene in after]))
        said = [sc.caption(scene, rng) for scene in scenes]
        prompt = prompts.CAPTION_SEARCH if task == 'scene-to-caption' else prompts.REPRESENT
        seen = self.side([prompt] * len(scenes), composed(self.catalogue, scenes))
        if task == 'scene-to-caption':
            return Batch(seen, self.side(said), alike(plain))
        return Batch(self.side([prompts.image_search(text) for text in said]), seen, alike(plain))

    def grounding(self) -> Batch:
        """A scene and the name of a thing in it → the crop of that thing; its neighbour's crop is in the batch too."""
        rng, canvas = self.rng, self.rng.choice(sc.CANVASES)
        groups = [
            self.scenes.group(rng, rng.choice(('position', 'objects', 'binding')), canvas)
            for _ in range(self.batch // 2)
        ]
        cut = [(scene, index) for scene in (rng.choice(group) for group in groups) for index in (0, 1)]
        labels = [scene.things[index].label for scene, index in cut]
        query = self.side(
            [prompts.isolate(label) for label in labels], composed(self.catalogue, [scene for scene, _ in cut])
        )
        return Batch(query, self.side([prompts.CROP] * len(cut), crops(self.catalogue, cut)), alike(labels))

    def questions(self) -> Batch:
        scenes = [self.rng.choice(group) for group in self.some_groups(self.batch)]
        asked = [sc.question(scene, self.rng) for scene in scenes]
        query = self.side([prompts.ask(question) for question, _ in asked], composed(self.catalogue, scenes))
        answers = [answer for _, answer in asked]
        return Batch(query, self.side(answers), alike(answers))

    def paraphrases(self) -> Batch:
        """Two captions of a scene: `a left of b` is `b right of a`, and not `b left of a`."""
        scenes = [scene for group in self.some_groups(self.batch // 4) for scene in group]
        first, second = ([sc.caption(scene, self.rng, whole=True) for scene in scenes] for _ in range(2))
        return Batch(self.side(first), self.side(second), alike([sc.caption(scene).lower() for scene in scenes]))
