"""Modules of other people's code, read from the folder that the environment variable RECIPE_CODE names."""

import hashlib
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType


def folder() -> Path:
    if "RECIPE_CODE" not in os.environ:
        raise SystemExit("RECIPE_CODE: name the folder that holds the authors' code (reference/recipes/README.md)")
    return Path(os.environ["RECIPE_CODE"])


def module(file: str, sha256: str | None = None) -> ModuleType:
    """The module in `file` below that folder. With `sha256` it must be that version of it."""
    path = folder() / file
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if sha256 not in (None, found):
        raise SystemExit(f"{path} is another version: SHA-256 {found}, not {sha256}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    result = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = result
    spec.loader.exec_module(result)
    return result


def package(checkout: str, name: str) -> ModuleType:
    """The package or module `name` of a checkout below that folder."""
    sys.path.insert(0, str(folder() / checkout))
    return importlib.import_module(name)
