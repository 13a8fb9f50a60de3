"""Weights that both sides compute for themselves, so that a checkpoint of any seed takes no room here: bf16 numbers of
eight bits, drawn by an integer hash of the tensor's name, the seed and the number's index. README.md gives the formula."""

import math
import zlib

import numpy as np
import torch

from ..oracle.encoding import sha256


def _integers(name: str, count: int, seed: int) -> np.ndarray:
    """→ int32 [count], -128 … 127"""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
        x += np.uint32(zlib.crc32(name.encode()) ^ (seed * 0x9E3779B1 & 0xFFFFFFFF))
        x = (x ^ x >> np.uint32(16)) * np.uint32(0x85EBCA6B)
        x = (x ^ x >> np.uint32(13)) * np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    return (x >> np.uint32(24)).astype(np.int32) - 128


def values(name: str, shape: torch.Size, seed: int) -> torch.Tensor:
    """float32, each one that bf16 holds exactly"""
    numbers = _integers(name, math.prod(shape), seed).astype(np.float32)
    if len(shape) == 1 and "norm" in name and name.endswith("weight"):
        numbers = 1 + np.floor(numbers / 4) / 128
    elif len(shape) < 2 or "position_embedding" in name or "_GN" in name:
        numbers = numbers / 512
    elif "embed_tokens" in name or "lm_head" in name or "token_embedding" in name or name.endswith("probe"):
        numbers = numbers / 128
    else:
        fan_in = math.prod(shape[1:])
        numbers = numbers / np.float32(2 ** math.floor(math.log2(74 * math.sqrt(fan_in)) + 0.5))
    return torch.from_numpy(numbers.reshape(tuple(shape)))


def fill(model: torch.nn.Module, seed: int, rename=lambda name: name) -> torch.nn.Module:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(values(rename(name), parameter.shape, seed))
    return model.float().eval()


def described(state: dict[str, torch.Tensor], seed: int) -> dict:
    """What a test needs to draw the same: names with shapes, and the SHA-256 of all numbers in bf16, one after another."""
    names = sorted(state)
    together = b"".join(state[name].bfloat16().contiguous().view(torch.int16).numpy().astype("<i2").tobytes() for name in names)
    return {"seed": seed, "tensors": {name: list(state[name].shape) for name in names}, "sha256": sha256(together)}
