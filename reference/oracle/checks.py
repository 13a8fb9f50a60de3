"""Looks at the embeddings just written: fixtures whose vectors are all alike would test nothing."""

import torch


def _cosines(vectors: dict[str, torch.Tensor]) -> torch.Tensor:
    stacked = torch.stack(list(vectors.values()))
    return stacked @ stacked.T


def report(results: dict[str, dict[str, torch.Tensor]]) -> None:
    """Prints how far apart inputs and models are, and stops where they are not clearly different."""
    for name, vectors in results.items():
        # Dropping alpha makes grey-alpha the same picture as grey, on purpose.
        vectors = {key: value for key, value in vectors.items() if key != "image-grey-alpha"}
        off = _cosines(vectors) - 2 * torch.eye(len(vectors))
        row, column = divmod(int(off.argmax()), len(vectors))
        keys = list(vectors)
        print(f"{name}: {len(keys)} inputs, mean cosine {(off.sum() + len(keys)) / (len(keys) ** 2 - len(keys)):.3f}, "
              f"closest {keys[row]} / {keys[column]} {off.max():.4f}")
    base, names = results["tiny-tied"], [name for name in results if "+" in name]
    for name in names:
        nearest = max(float(base[key] @ results[name][key]) for key in base)
        print(f"{name}: nearest to the bare base {nearest:.4f}")
        assert nearest < 0.98, name
    nearest = max(float(results["tiny-tied+dora"][key] @ results["forgotten"][key]) for key in base)
    print(f"dora without its magnitude: nearest {nearest:.4f}")
    assert nearest < 0.99
