"""Runs an author's repository as it is, on a machine without a GPU and without the packages that embedding never uses.

`RECIPE_CODE` names a folder of clones, one per repository, called OWNER+NAME.
"""

import importlib.abc
import importlib.machinery
import sys
import types
from pathlib import Path

import torch
from transformers import PreTrainedModel

from . import code

# Imported by training, data and other models of these repositories; no path from an input to its vector enters them.
UNUSED = {"cv2", "datasets", "decord", "flash_attn", "hnswlib", "ray", "skimage", "sklearn", "timm", "wandb"}


class _Absent(types.ModuleType):
    """A module whose every name is a class that takes anything and does nothing."""

    __path__: list[str] = []

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": lambda self, *args, **options: None})


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname, path=None, target=None):
        if fullname.split(".")[0] in UNUSED:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec):
        return _Absent(spec.name)

    def exec_module(self, module) -> None:
        pass


def use(repository: str, inside: str = "") -> Path:
    """Makes the clone of `repository` (or its folder `inside`) importable, and every model load float32 and eager."""
    clone = code.folder() / repository.replace("/", "+")
    assert clone.is_dir(), f"clone https://github.com/{repository} to {clone}"
    sys.path.insert(0, str(clone / inside))
    # Last, so that an installed package always wins.
    sys.meta_path.append(_Finder())
    _load_as_float32()
    return clone


def _load_as_float32() -> None:
    original = PreTrainedModel.from_pretrained.__func__

    def load(cls, *args, config=None, **options):
        options |= {"torch_dtype": torch.float32, "attn_implementation": "eager"}
        if config is not None:
            config._attn_implementation = "eager"
            config.vision_config._attn_implementation = "eager"
            options["config"] = config
        return original(cls, *args, **options)

    PreTrainedModel.from_pretrained = classmethod(load)


def fields(role: str | None = None, **given) -> dict:
    """What a caller gave, as a case of a fixture holds it."""
    return {"role": role, **{name: value for name, value in given.items() if value is not None}}
