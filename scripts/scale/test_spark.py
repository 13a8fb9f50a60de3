"""Spark on a cluster of two executors, each a process with Python workers of its own."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from conftest import COMMAND, ROOT, expect_same, run_and_kill

SUBMIT = Path(sys.executable).parent / "spark-submit"


def test_equals_one_machine(source: Path, model: Path, expected: list[dict[str, object]], tmp_path: Path) -> None:
    command = [
        *[str(SUBMIT), "--master", "local-cluster[2,1,1024]"],
        *["--conf", "spark.ui.enabled=false", "--conf", "spark.driver.host=127.0.0.1"],
        *["--conf", "spark.sql.files.maxPartitionBytes=200k"],  # more tasks than executors
        *[str(ROOT / "examples/spark/embed.py"), str(source), str(tmp_path / "vectors.parquet")],
        *["--model", str(model), "--options", "--batching single --threads 1"],
        *["--command", shlex.join(COMMAND), "--batch", "50"],
    ]
    python = {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    killed = run_and_kill(command, model, python, tmp_path)
    assert killed.later, "Nothing was started in the place of what was killed."
    assert len(killed.models) <= 5, "Models are kept from task to task: two, and one more for each that was killed."
    expect_same(tmp_path / "vectors.parquet", expected)
