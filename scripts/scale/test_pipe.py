"""The client alone: a model that dies, one that cannot start, more than a pipe holds."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy
import pytest
from conftest import COMMAND, ROOT, embed_here, models_of

sys.path.append(str(ROOT / "examples/python"))
from vlm2vec_pipe import Embedder, ModelDied, row  # noqa: E402


def test_goes_on_after_its_model_died(model: Path) -> None:
    embedder = Embedder(["--model", str(model), "--batching", "single"], COMMAND)
    # Half a megabyte of answers and two of questions, of which most are bad, for speed: many times what a pipe holds.
    rows = [row(f"{i} a red kite") if i < 200 else row(image=b"no picture" * 500) for i in range(500)]
    first = embedder.embed(rows[:10])
    (process,) = models_of(model)
    process.kill()
    again = embedder.embed(rows)
    assert [answer.error is None for answer in again] == [i < 200 for i in range(500)]
    for one, other in zip(first, again):
        assert numpy.array_equal(one.embedding, other.embedding)
    embedder.close()
    assert models_of(model) == []


def test_says_what_the_process_said() -> None:
    with pytest.raises(ModelDied, match="There is no bundle at nowhere"):
        Embedder(["--model", "nowhere"], COMMAND, attempts=2).embed([row("a")])


def test_empties_stderr() -> None:
    """A process that says a megabyte before it answers: who does not listen waits for ever."""
    script = "import sys; sys.stderr.write('x' * 1000000 + '\\n'); sys.stdin.readline(); print('{\"error\": \"no\"}\\n', flush=True)"
    (answer,) = Embedder([], [sys.executable, "-c", script]).embed([row("a")])
    assert (answer.embedding, answer.error) == (None, "no")


def test_batching_is_what_makes_rows_equal(model: Path) -> None:
    """Without `--batching single` the last bits depend on the neighbours: by so much at most, with nano."""
    rows = [{"id": str(i), "text": f"{i} " + "two dogs on a beach " * 6, "image": None} for i in range(64)]
    vectors = lambda *flags: numpy.array([line["embedding"] for line in embed_here(rows, model, *flags)], dtype=numpy.float32)  # noqa: E731
    shared, single = vectors(), vectors("--batching", "single")
    assert not numpy.array_equal(shared, single)
    assert numpy.abs(shared - single).max() < 3e-5
