"""Parquet of texts and pictures → Parquet with vectors, on Spark.

    spark-submit embed.py photos.parquet vectors.parquet --model nano

In: `id`, `text` (string) and `image` (binary: a file's bytes), either of which may be null or missing.
Out: `id`, `text`, `embedding` (array<float>), `error`: why a row has none. A bad row fails no job.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas
from pyspark.sql import DataFrame, SparkSession, functions

CLIENT = Path(__file__).parent.parent / "python" / "vlm2vec_pipe.py"
SCHEMA = "id string, text string, embedding array<float>, error string"


def embedding(options: list[str], command: list[str]) -> Callable[[Iterator[pandas.DataFrame]], Iterator[pandas.DataFrame]]:
    """What each task runs over its batches. All tasks of a Python worker share one model."""

    def embed(batches: Iterator[pandas.DataFrame]) -> Iterator[pandas.DataFrame]:
        from vlm2vec_pipe import row, shared_embedder  # there through addPyFile

        model = shared_embedder(options, command)
        for batch in batches:
            # What is null comes as None or NaN.
            texts = [text if isinstance(text, str) else None for text in batch["text"]]
            images = [bytes(image) if isinstance(image, (bytes, bytearray)) else None for image in batch["image"]]
            answers = model.embed(row(text, image) for text, image in zip(texts, images))
            yield pandas.DataFrame(
                {
                    "id": batch["id"],
                    "text": texts,
                    "embedding": [answer.embedding for answer in answers],
                    "error": [answer.error for answer in answers],
                }
            )

    return embed


def with_columns(frame: DataFrame) -> DataFrame:
    """`id`, `text` and `image` alone; those that are not there are null."""
    kinds = {"id": "string", "text": "string", "image": "binary"}
    if "id" not in frame.columns:
        raise SystemExit("The input has no column id.")
    column = lambda name: functions.col(name) if name in frame.columns else functions.lit(None)  # noqa: E731
    return frame.select(*(column(name).cast(kind).alias(name) for name, kind in kinds.items()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--model", default="nano", help="folder of a bundle, at the same place on every machine")
    parser.add_argument("--options", default="", help="more options of vlm2vec embed, as one string")
    parser.add_argument("--command", default="npx vlm2vec", help="how vlm2vec is started on a worker")
    parser.add_argument("--batch", type=int, default=256, help="rows given to the model at once")
    arguments = parser.parse_args()

    spark = SparkSession.builder.appName("vlm2vec").getOrCreate()
    # Rows of one Arrow batch are one call of the model; pictures count with their bytes.
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", arguments.batch)
    spark.sparkContext.addPyFile(str(CLIENT))
    options = ["--model", arguments.model, *shlex.split(arguments.options)]
    rows = with_columns(spark.read.parquet(arguments.source))
    vectors = rows.mapInPandas(embedding(options, shlex.split(arguments.command)), SCHEMA)
    vectors.write.mode("overwrite").parquet(arguments.target)
    spark.stop()


if __name__ == "__main__":
    main()
