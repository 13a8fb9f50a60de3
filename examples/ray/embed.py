"""Parquet of texts and pictures → Parquet with vectors, on Ray Data.

    python embed.py photos.parquet vectors.parquet --model nano --actors 2

In: `id`, `text` (string) and `image` (binary: a file's bytes), either of which may be null or missing.
Out: `id`, `text`, `embedding` (list<float>), `error`: why a row has none. A bad row fails no job.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

import pyarrow
import ray

CLIENT = Path(__file__).parent.parent / "python"
sys.path.append(str(CLIENT))


class Embed:
    """An actor that holds a model; Ray starts another where it dies, and asks that what was not answered."""

    def __init__(self, options: list[str], command: list[str]) -> None:
        from vlm2vec_pipe import Embedder  # there through runtime_env

        self._model = Embedder(options, command)

    def __call__(self, batch: pyarrow.Table) -> pyarrow.Table:
        from vlm2vec_pipe import row

        nothing = pyarrow.nulls(batch.num_rows)
        columns = {name: batch[name] if name in batch.column_names else nothing for name in ("id", "text", "image")}
        texts, images = columns["text"].to_pylist(), columns["image"].to_pylist()
        answers = self._model.embed(row(text, image) for text, image in zip(texts, images))
        return pyarrow.table(
            {
                "id": columns["id"].cast(pyarrow.string()),
                "text": columns["text"].cast(pyarrow.string()),
                "embedding": pyarrow.array([answer.embedding for answer in answers], pyarrow.list_(pyarrow.float32())),
                "error": pyarrow.array([answer.error for answer in answers], pyarrow.string()),
            }
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--model", default="nano", help="folder of a bundle, at the same place on every machine")
    parser.add_argument("--options", default="", help="more options of vlm2vec embed, as one string")
    parser.add_argument("--command", default="npx vlm2vec", help="how vlm2vec is started on a worker")
    parser.add_argument("--batch", type=int, default=256, help="rows given to the model at once")
    parser.add_argument("--actors", type=int, default=2, help="models, each in a process of its own")
    parser.add_argument("--cpus", type=int, default=1, help="cores of a model")
    arguments = parser.parse_args()

    ray.init(runtime_env={"py_modules": [str(CLIENT / "vlm2vec_pipe.py")]})
    cores = ray.cluster_resources().get("CPU", 0)
    if arguments.actors * arguments.cpus >= cores:  # it would wait for ever
        raise SystemExit(f"The cluster has {cores:g} cores: {arguments.actors} actors of {arguments.cpus} leave none to read and write.")
    options = ["--model", arguments.model, "--threads", str(arguments.cpus), *shlex.split(arguments.options)]
    vectors = ray.data.read_parquet(arguments.source).map_batches(
        Embed,
        fn_constructor_kwargs={"options": options, "command": shlex.split(arguments.command)},
        compute=ray.data.ActorPoolStrategy(size=arguments.actors),
        num_cpus=arguments.cpus,
        batch_size=arguments.batch,
        batch_format="pyarrow",
    )
    vectors.write_parquet(arguments.target, mode=ray.data.SaveMode.OVERWRITE)


if __name__ == "__main__":
    main()
