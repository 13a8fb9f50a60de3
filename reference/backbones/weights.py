"""Random weights of a small model, as large as trained ones make the branches; they depend on name and seed alone."""

import zlib

import torch

from ..oracle.checkpoints import _values


def fill(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    """→ the model in float32, every number one that bf16 can hold"""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim < 2 or "position_embedding" in name or "_GN" in name:
                generator = torch.Generator().manual_seed(seed + zlib.crc32(name.encode()))
                noise = torch.randn(parameter.shape, generator=generator)
                values = 1 + 0.2 * noise if "norm" in name and name.endswith("weight") else 0.2 * noise
            else:
                values = _values(name, parameter.shape, seed)
            parameter.copy_(values.bfloat16())
    return model.float().eval()
