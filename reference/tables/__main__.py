"""Tables as others write them, for the command line's inputs and outputs to be held against.

    python -m reference.tables            (numpy and pyarrow of reference/requirements.txt)

writes `reference/fixtures/tables`: `vectors.<precision>.npy` by `numpy.save`, of numbers that are hard to round; `inputs.parquet`
by pyarrow, with the column types that data sets have; `inputs.csv` by Python's csv.
"""

import csv
import datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FIXTURES = Path(__file__).parents[1] / 'fixtures'
OUT = FIXTURES / 'tables'
ROWS, DIMS = 5, 16
# Halves: ties to even up and down, the least normal and subnormal ones, half of that, and what rounds up to a new exponent.
HARD = [1 + 2**-11, 1 + 3 * 2**-11, 2**-14, 2**-24, 2**-25, 1.5 * 2**-25, 2 - 2**-12, -0.0, 0.0, -(2**-15)]


def vectors() -> None:
    rows = np.random.default_rng(1).normal(size=(ROWS, DIMS)).astype(np.float32)
    rows[0, : len(HARD)] = HARD
    rows[1] = 0
    largest = np.abs(rows.astype(np.float64)).max(1, keepdims=True)
    whole = np.floor(np.divide(rows, largest, out=np.zeros((ROWS, DIMS)), where=largest > 0) * 127 + 0.5)
    kinds = {
        'float32': rows,
        'float16': rows.astype(np.float16),
        'int8': whole.astype(np.int8),
        'binary': np.packbits(rows > 0, axis=-1),
    }
    for name, array in kinds.items():
        np.save(OUT / f'vectors.{name}.npy', array)


TEXTS = ['a red kite', None, 'ein grüner Würfel — 立方体', 'said twice', 'said twice']


def table() -> None:
    tiny, cat = ((FIXTURES / f'images/{name}.png').read_bytes() for name in ('tiny', 'cat'))
    hub = pa.struct([('bytes', pa.binary()), ('path', pa.string())])
    columns = {
        'id': pa.array([7, 8, None, 9007199254740993, -1], pa.int64()),
        'text': pa.array(TEXTS).dictionary_encode(),
        # Strings that are not marked as such, as Spark's older writers leave them.
        'raw': pa.array([text and text.encode() for text in TEXTS], pa.binary()),
        'large': pa.array(TEXTS, pa.large_string()),
        'picture': pa.array([tiny, cat, None, tiny, b'no picture'], pa.binary()),
        'hub': pa.array(
            [{'bytes': tiny, 'path': 'x.png'}, {'bytes': None, 'path': '../images/cat.png'}, None, None, None], hub
        ),
        'paths': pa.array(
            [['../images/tiny.png'], ['../images/tiny.png', '../images/cat.png'], None, [], ['nowhere.png']],
            pa.list_(pa.string()),
        ),
        'role': pa.array(['query', 'document', None, 'query', 'judge']),
        'instruction': pa.array([None, None, 'Find it.', None, None]),
        'label': pa.array([1, 2, 3, None, 5], pa.int32()),
        'price': pa.array([Decimal('1.50'), None, Decimal('3.25'), None, None], pa.decimal128(9, 2)),
        'score': pa.array([0.5, None, float('nan'), 1e300, -0.25], pa.float64()),
        'good': pa.array([True, False, None, True, False]),
        'day': pa.array([datetime.date(2021, 2, 3)] + [None] * 4, pa.date32()),
    }
    for version, compression in (('1.0', 'snappy'), ('2.0', 'zstd')):
        name = {'snappy': 'inputs.parquet', 'zstd': 'inputs-v2.parquet'}[compression]
        pq.write_table(
            pa.table(columns), OUT / name, row_group_size=2, compression=compression, data_page_version=version
        )


def lines() -> None:
    with open(OUT / 'inputs.csv', 'w', newline='', encoding='utf-8-sig') as file:
        writer = csv.writer(file)
        writer.writerow(['name', 'words', 'file', 'label'])
        writer.writerow(['a', 'one, "two"\nthree', '', '007'])
        writer.writerow(['b', '', '../images/tiny.png', ''])
        writer.writerow(['c', 'ein grüner Würfel', '../images/tiny.png', 'x'])


if __name__ == '__main__':
    OUT.mkdir(exist_ok=True)
    vectors()
    table()
    lines()
