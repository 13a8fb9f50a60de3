"""InfoNCE over large batches on small memory, with negatives beyond the batch.

`cached_step` is GradCache (Gao et al. 2021): representations of the whole batch are computed chunk by chunk without
gradients, the loss is differentiated with respect to them, and a second pass carries those gradients through the
encoder, one chunk at a time. The gradient is that of the plain large batch: `python contrast.py` checks it.
"""

from dataclasses import dataclass, field
from typing import Callable

import numpy as np
import torch
import torch.nn.functional as F

import model as nano

TEMPERATURE = 0.02
MEAN, STD = 255 * torch.tensor(nano.MEAN), 255 * torch.tensor(nano.STD)


@dataclass
class Side:
    """Queries or targets: pictures uint8 [B, h, w, 3] or none; the ids that follow the picture, or are the text."""

    ids: list[list[int]]
    pictures: np.ndarray | None = None
    features: list[torch.Tensor] | None = field(default=None)

    def __len__(self) -> int:
        return len(self.ids)


def padded(ids: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Right-padded [B, S] and the index of each last token [B]."""
    out = torch.zeros(len(ids), max(map(len, ids)), dtype=torch.long)
    for row, tokens in enumerate(ids):
        out[row, : len(tokens)] = torch.tensor(tokens)
    return out, torch.tensor([len(tokens) - 1 for tokens in ids])


def patches(pictures: np.ndarray) -> torch.Tensor:
    """uint8 [B, h, w, 3] → normalised patches float32 [B, P, 588], as HF's processor makes them."""
    return nano.patches(((torch.from_numpy(pictures).float() - MEAN) / STD).permute(0, 3, 1, 2).contiguous())


def see(fast: nano.Fast, pictures: np.ndarray) -> torch.Tensor:
    """uint8 [B, h, w, 3] → visual tokens [B, V, H]."""
    return fast.vision(patches(pictures), pictures.shape[1] // nano.PATCH, pictures.shape[2] // nano.PATCH)


def encode(fast: nano.Fast, side: Side, part: slice) -> torch.Tensor:
    """Unit vectors [b, H]. With an adapter the vision tower is frozen: its tokens are computed once and kept."""
    ids, last = padded(side.ids[part])
    if side.pictures is None:
        return fast.embed_texts(ids, last)
    if fast.adapter is None:
        return fast.embed_pictures(see(fast, side.pictures[part]), ids, last)
    side.features = side.features or {}
    if part.start not in side.features:
        with torch.no_grad():
            side.features[part.start] = see(fast, side.pictures[part])
    return fast.embed_pictures(side.features[part.start], ids, last)


def info_nce(
    query: torch.Tensor,
    target: torch.Tensor,
    same: torch.Tensor,
    more: torch.Tensor | None = None,
    more_same: torch.Tensor | None = None,
) -> torch.Tensor:
    """InfoNCE in both directions. `same` [B, B] marks pairs off the diagonal that are no negatives; `more` [N, H] are
    further targets that serve as negatives of the queries, except where `more_same` [B, N]."""
    logits = (query @ target.T / TEMPERATURE).masked_fill(same, -1e4)
    labels = torch.arange(len(query))
    backward = F.cross_entropy(logits.T, labels)
    if more is not None:
        logits = torch.cat((logits, (query @ more.T / TEMPERATURE).masked_fill(more_same, -1e4)), 1)
    return (F.cross_entropy(logits, labels) + backward) / 2


Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def plain_step(fast: nano.Fast, query: Side, target: Side, loss: Loss) -> tuple[float, torch.Tensor, torch.Tensor]:
    """Accumulates the gradient of the whole batch at once. Returns the loss and the detached representations."""
    fast.refresh()
    whole = slice(0, len(query))
    q, t = encode(fast, query, whole), encode(fast, target, whole)
    value = loss(q, t)
    value.backward()
    return value.item(), q.detach(), t.detach()


def cached_step(
    fast: nano.Fast, query: Side, target: Side, loss: Loss, chunk: int
) -> tuple[float, torch.Tensor, torch.Tensor]:
    """The same gradient in two passes over chunks."""
    parts = [slice(start, min(start + chunk, len(query))) for start in range(0, len(query), chunk)]
    with torch.no_grad():
        fast.refresh()
        found = [torch.cat([encode(fast, side, part) for part in parts]) for side in (query, target)]
    q, t = (each.requires_grad_() for each in found)
    value = loss(q, t)
    value.backward()
    for side, representations in ((query, q), (target, t)):
        for part in parts:
            fast.refresh()  # a graph of its own for every backward
            (encode(fast, side, part) * representations.grad[part]).sum().backward()
    return value.item(), q.detach(), t.detach()


def check() -> None:
    """Asserts, on a small random model in float32, that both steps give the same loss and the same gradients."""
    from transformers import Qwen2VLForConditionalGeneration, Qwen2VLConfig

    torch.manual_seed(0)
    small = Qwen2VLConfig(
        vocab_size=512,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=True,
        rope_scaling={'type': 'mrope', 'mrope_section': [2, 1, 1]},
        image_token_id=500,
        video_token_id=501,
        vision_start_token_id=502,
        vision_end_token_id=503,
        vision_config={
            'depth': 2,
            'embed_dim': 32,
            'hidden_size': 32,
            'num_heads': 4,
            'mlp_ratio': 2,
            'in_channels': 3,
            'patch_size': 14,
            'spatial_merge_size': 2,
            'temporal_patch_size': 2,
        },
    )
    model = Qwen2VLForConditionalGeneration(small).float()
    rng = np.random.default_rng(0)
    fast = nano.Fast(model, torch.float32)

    def side(pictures: bool) -> Side:
        ids = [rng.integers(0, 500, rng.integers(3, 9)).tolist() for _ in range(24)]
        return Side(ids, rng.integers(0, 256, (24, 56, 84, 3), np.uint8) if pictures else None)

    query, target = side(True), side(False)
    more = F.normalize(torch.randn(40, 32), dim=-1)

    def loss(q: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return info_nce(q, t, torch.zeros(24, 24, dtype=torch.bool), more, torch.zeros(24, 40, dtype=torch.bool))

    gradients = []
    for step in (lambda: plain_step(fast, query, target, loss), lambda: cached_step(fast, query, target, loss, 7)):
        model.zero_grad()
        value, *_ = step()
        gradients.append(
            (value, {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None})
        )
    (first, plain), (second, cached) = gradients
    assert abs(first - second) < 1e-5 * abs(first), (first, second)
    assert plain.keys() == cached.keys() and len(plain) > 20
    worst = max(((plain[name] - cached[name]).norm() / plain[name].norm().clamp(min=1e-8)).item() for name in plain)
    assert worst < 1e-4, worst
    print(
        f'GradCache in chunks of 7 equals the plain batch of 24: loss {first:.6f}, {len(plain)} gradients, '
        f'largest relative difference {worst:.1e}'
    )


if __name__ == '__main__':
    check()
