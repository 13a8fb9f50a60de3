"""MMEB as the official code evaluates it: HF transformers, one input at a time, argmax over the query's own candidates.

A query counts where candidate 0 has the largest dot product with it; of equal ones the first wins (numpy's argmax).
Unique (text, picture) pairs are embedded once.
"""

import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from peft import PeftModel
from PIL import Image
from transformers import Qwen2TokenizerFast, Qwen2VLForConditionalGeneration, Qwen2VLImageProcessor, Qwen2VLProcessor

from reference.oracle.embed import embed

from .strings import IMAGE

V1_SIDE = 1344
V2_LIMITS = {'min_pixels': 3136, 'max_pixels': 1_003_520}
REGIMES = ('native', 'v1', 'v2')


class Evaluator:
    """A model in float32 with its own tokenizer and picture limits, but for what the regime changes."""

    def __init__(self, checkpoint: Path, model: Qwen2VLForConditionalGeneration, regime: str):
        self.model, self.regime = model, regime
        limits = V2_LIMITS if regime == 'v2' else {}
        pictures = Qwen2VLImageProcessor.from_pretrained(checkpoint, **limits)
        self.processor = Qwen2VLProcessor(pictures, Qwen2TokenizerFast.from_pretrained(checkpoint))
        self.token = '<|image_pad|>'

    def vector(self, text: str, picture: Image.Image | None) -> np.ndarray:
        """float32 [H], of unit length."""
        arguments = {'text': [text.replace(IMAGE, self.token)], 'return_tensors': 'pt'}
        if picture is not None:
            if self.regime == 'v1':
                picture = picture.resize((V1_SIDE, V1_SIDE))  # square, bicubic: what the V1 evaluation does first
            arguments['images'] = [picture]
        return embed(self.model, dict(self.processor(**arguments))).numpy()


def evaluate(root: Path, evaluator: Evaluator, sets: list[str] | None = None) -> dict[str, dict]:
    """By set: correct, queries, the index of the best candidate per query, its lead over the next one, and the level of chance."""
    results = {}
    archive = zipfile.ZipFile(root / 'images.zip')
    for table in sorted(root.glob('*/test-*.parquet')):
        name = table.parent.name
        if sets and name not in sets:
            continue
        known: dict[tuple[str, str], np.ndarray] = {}

        def vector(text: str, path: str) -> np.ndarray:
            if (text, path) not in known:
                picture = Image.open(io.BytesIO(archive.read(path))).convert('RGB') if path else None
                known[text, path] = evaluator.vector(text, picture)
            return known[text, path]

        predictions, leads, chances = [], [], []
        for row in pq.read_table(table).to_pylist():
            query = vector(row['qry_text'], row['qry_img_path'])
            pairs = list(zip(row['tgt_text'], row['tgt_img_path'], strict=True))
            scores = np.stack([vector(*pair) for pair in pairs]) @ query
            best = int(np.argmax(scores))
            predictions.append(best)
            chances.append(1 / len(pairs))
            # Equal pairs have equal scores in any arithmetic; only different ones can change places.
            others = [score for pair, score in zip(pairs, scores) if pair != pairs[best]]
            leads.append(float(scores[best] - max(others)))
        results[name] = {'correct': predictions.count(0), 'queries': len(predictions), 'predictions': predictions,
                         'leads': leads, 'chance': float(np.mean(chances)), 'encoded': len(known)}
    return results


def load(checkpoint: Path, adapter: Path | None = None) -> Qwen2VLForConditionalGeneration:
    """The stored weights in float32, an adapter merged into them by PEFT."""
    torch.set_num_threads(1)
    model = Qwen2VLForConditionalGeneration.from_pretrained(
        checkpoint, torch_dtype=torch.float32, attn_implementation='eager')
    if adapter is not None:
        model = PeftModel.from_pretrained(model, adapter).float().merge_and_unload()
    return model.eval()
