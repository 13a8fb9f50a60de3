"""Parquet with vectors → a table of LanceDB with an IVF-PQ index, and what the index loses against exact search.

    python search.py vectors.parquet --database photos.lance

A sample of rows is asked for its ten nearest others. Recall@10 is the share of the exact ten that the index finds.
`--refine` fetches so many times ten by the index and sorts them by the whole vectors.
"""

from __future__ import annotations

import argparse
import math

import lancedb
import numpy
import pyarrow
import pyarrow.dataset
from lancedb.index import IvfPq

TOP = 10


def read(source: str) -> pyarrow.Table:
    """Rows that have a vector, as LanceDB wants them: `vector` is a list of one fixed length. // [rows][dims]"""
    table = pyarrow.dataset.dataset(source, format="parquet").to_table(["id", "text", "embedding"])
    table = table.filter(table["embedding"].is_valid()).combine_chunks()
    lists = table["embedding"].combine_chunks()
    dims = len(lists[0])
    vectors = pyarrow.FixedSizeListArray.from_arrays(lists.flatten().cast(pyarrow.float32()), dims)
    if len(vectors) != table.num_rows:
        raise SystemExit("The vectors are not all of one length.")
    return table.drop(["embedding"]).append_column("vector", vectors)


def exact(vectors: numpy.ndarray, queries: numpy.ndarray) -> numpy.ndarray:
    """The nearest others by scalar product of unit vectors. // [rows, dims], [queries] → [queries, TOP]"""
    scores = vectors[queries] @ vectors.T
    scores[numpy.arange(len(queries)), queries] = -numpy.inf  # itself
    return numpy.argsort(-scores, axis=1, kind="stable")[:, :TOP]


def recall(table: lancedb.table.Table, vectors: numpy.ndarray, queries: numpy.ndarray, probes: int, refine: int) -> float:
    """Share of the exact nearest that the index finds, of at most so many partitions."""
    found = 0
    for query, wanted in zip(queries, exact(vectors, queries)):
        search = table.search(vectors[query]).distance_type("dot").nprobes(probes).limit(TOP + 1).select(["row"])
        if refine > 1:
            search = search.refine_factor(refine)
        rows = [hit["row"] for hit in search.to_list() if hit["row"] != query][:TOP]
        found += len(set(rows) & set(wanted.tolist()))
    return found / (len(queries) * TOP)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("--database", default="vectors.lance")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--probes", type=int, default=20, help="partitions that a search looks into")
    parser.add_argument("--refine", type=int, default=20)
    arguments = parser.parse_args()

    rows = read(arguments.source)
    rows = rows.append_column("row", pyarrow.array(range(rows.num_rows)))
    vectors = numpy.asarray(rows["vector"].combine_chunks().flatten()).reshape(rows.num_rows, -1)
    dims = vectors.shape[1]
    table = lancedb.connect(arguments.database).create_table("vectors", rows, mode="overwrite")
    index = IvfPq(
        distance_type="dot",  # vectors are of unit length: the order is that of cosine
        num_partitions=max(1, round(math.sqrt(rows.num_rows))),
        num_sub_vectors=dims // 8,  # 8 numbers become one byte
    )
    table.create_index("vector", config=index)
    queries = numpy.random.default_rng(0).choice(rows.num_rows, min(arguments.queries, rows.num_rows), replace=False)
    for refine in (1, arguments.refine):
        share = recall(table, vectors, queries, arguments.probes, refine)
        print(f"{rows.num_rows} vectors of {dims}: recall@{TOP} {share:.3f} with {arguments.probes} probes, refined × {refine}")


if __name__ == "__main__":
    main()
