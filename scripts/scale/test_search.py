"""Search over vectors by LanceDB's IVF-PQ, against exact search. `VLM2VEC_SCALE_ROWS` is how many captions there are."""

from __future__ import annotations

import itertools
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet
from conftest import ROOT, embed_here

ROWS = int(os.environ.get("VLM2VEC_SCALE_ROWS", "3000"))
COLOURS = "red green blue yellow white black brown grey orange pink".split()
THINGS = "dog cat kite boat car house tree bird horse train bicycle apple guitar umbrella fish elephant".split()
PLACES = "on a beach|in a city at night|under a tree|in the snow|by a river|on a table|in front of a farm|in a street".split("|")
OTHERS = [f"a {thing}" for thing in THINGS] + ["two people", "a child", "nobody"]


def test_recall(tmp_path: Path) -> None:
    every = [" ".join(parts) for parts in itertools.product(["a"], COLOURS, THINGS, ["and"], OTHERS, PLACES)]
    texts = random.Random(16).sample(every, ROWS)
    rows = [{"id": str(i), "text": text, "image": None} for i, text in enumerate(texts)]
    vectors = [line["embedding"] for line in embed_here(rows, "nano")]
    table = pyarrow.table({"id": [row["id"] for row in rows], "text": texts, "embedding": vectors})
    pyarrow.parquet.write_table(table, tmp_path / "vectors.parquet")
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples/python/search.py"), str(tmp_path / "vectors.parquet"), "--database", str(tmp_path / "db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    plain, refined = (float(share) for share in re.findall(r"recall@10 ([\d.]+)", done.stdout))
    assert 0.3 < plain < 1  # quantized: were it exact, no index would have been used
    assert refined > 0.98
