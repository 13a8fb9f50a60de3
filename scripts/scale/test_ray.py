"""Ray Data with two actors, each a process that holds a model."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from conftest import COMMAND, ROOT, expect_same, run_and_kill


def test_equals_one_machine(source: Path, model: Path, expected: list[dict[str, object]], tmp_path: Path) -> None:
    command = [
        *[sys.executable, str(ROOT / "examples/ray/embed.py"), str(source), str(tmp_path / "vectors.parquet")],
        *["--model", str(model), "--options", "--batching single", "--actors", "2"],
        *["--command", shlex.join(COMMAND), "--batch", "50"],
    ]
    ray = {
        "RAY_OVERRIDE_RESOURCES": '{"CPU": 4}',  # whatever this machine has: two for the actors, two for the files
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    killed = run_and_kill(command, model, ray, tmp_path)
    assert killed.later, "Nothing was started in the place of what was killed."
    assert len(killed.models) <= 5, "Models are kept from task to task: two, and one more for each that was killed."
    expect_same(tmp_path / "vectors.parquet", expected)
