"""How fixtures are written: base64 of little-endian float32, SHA-256 in lower-case hex, JSON with one entry a line."""

import base64
import hashlib
import json
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "reference" / "fixtures"


def f32(array) -> np.ndarray:
    """A contiguous little-endian float32 copy of a tensor or array."""
    if hasattr(array, "detach"):
        array = array.detach().cpu().numpy()
    return np.ascontiguousarray(array, dtype="<f4")


def b64(data) -> str:
    raw = data if isinstance(data, bytes) else f32(data).tobytes()
    return base64.b64encode(raw).decode("ascii")


def sha256(data) -> str:
    raw = data if isinstance(data, bytes) else np.ascontiguousarray(data).tobytes()
    return hashlib.sha256(raw).hexdigest()


def _lines(value, depth: int, indent: str) -> str:
    """JSON whose containers down to `depth` are spread over lines, and all below stay on one."""
    if depth == 0 or not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = indent + "  "
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(k, ensure_ascii=False)}: {_lines(v, depth - 1, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    rows = [inner + _lines(v, depth - 1, inner) for v in value]
    return "[\n" + ",\n".join(rows) + f"\n{indent}]"


def write_json(path: Path, value, depth: int = 2) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_lines(value, depth, "") + "\n", encoding="utf-8", newline="\n")


def write_pretty(path: Path, value) -> None:
    """As transformers writes its configuration files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
