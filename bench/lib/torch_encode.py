"""Texts of a file, one a line, to an .npy, with nano's published checkpoint in PyTorch: what `bench/embed-many.ts` measures.

    python torch_encode.py texts.txt vectors.npy [--batch 32] [--how transformers|fast]

As sentence-transformers' `encode`: sorted by length, so that a batch holds texts of about one length; padded on the right, the
last token pooled, scaled to unit length. `transformers` runs HF's own text model; `fast` the batched forward of
`reference/nano/model.py`, which computes the last layer for the pooled tokens alone. The adapter is merged before.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel
from transformers import Qwen2TokenizerFast, Qwen2VLForConditionalGeneration

NANO = Path(__file__).parents[2] / 'reference/nano'
sys.path.insert(0, str(NANO))
import model as nano  # noqa: E402

PAD = 0
# Texts tokenized at once: what lies in memory.
CHUNK = 1000


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('texts', type=Path)
    parser.add_argument('out', type=Path)
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--how', choices=('transformers', 'fast'), default='transformers')
    options = parser.parse_args()
    base, adapter = NANO / 'published/base', NANO / 'published/adapter'
    tokenizer = Qwen2TokenizerFast.from_pretrained(adapter)
    model = Qwen2VLForConditionalGeneration.from_pretrained(base, torch_dtype=torch.float32).eval()
    model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    fast = nano.Fast(model, torch.float32)
    lines = options.texts.read_text().split('\n')[:-1]
    tokens = []
    for start in range(0, len(lines), CHUNK):
        tokens += tokenizer(lines[start : start + CHUNK], add_special_tokens=False).input_ids
    order = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
    vectors = np.zeros((len(tokens), model.config.hidden_size), np.float32)  # [texts, H]
    for start in range(0, len(order), options.batch):
        rows = order[start : start + options.batch]
        lengths = torch.tensor([len(tokens[row]) for row in rows])
        ids = torch.full((len(rows), int(lengths.max())), PAD)
        for at, row in enumerate(rows):
            ids[at, : lengths[at]] = torch.tensor(tokens[row])
        if options.how == 'fast':
            vectors[rows] = fast.embed_texts(ids, lengths - 1).numpy()
            continue
        mask = torch.arange(ids.shape[1])[None] < lengths[:, None]
        # Not through the head of 8,192 words, which no embedding needs.
        hidden = model.model(input_ids=ids, attention_mask=mask.long(), use_cache=False).last_hidden_state
        pooled = hidden[torch.arange(len(rows)), lengths - 1]
        vectors[rows] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
    np.save(options.out, vectors)


if __name__ == '__main__':
    main()
