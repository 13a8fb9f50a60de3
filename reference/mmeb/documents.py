"""A miniature of MMEB-V2's visual-document sets, their evaluation by HF transformers, and NDCG@5 in numpy.

Three sets in the layout of the Hub's repositories, one of each kind that is published: numbers as ids, grades and
languages with pages in two files, names as ids in the Hub's converted layout. Pages are drawn words.

As TIGER-AI-Lab/VLM2Vec evaluates them (main 6e1e1d4: eval.py, src/data/eval_dataset/vidore_dataset.py): every page of
the corpus is a candidate of every query, those that are relevant to earlier queries first; of equal scores the earlier
candidate comes first; gains are the grades themselves (linear), discounted by log2(rank + 1), over the ideal of all
relevant pages, cut at 5.
"""

import io
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw, ImageFont

from .strings import IMAGE

QUERY = 'Find a document image that matches the given query: {}'
PAGE = f'{IMAGE} Understand the content of the provided document image.'
CUT = 5
# Two scores that are closer may change places by rounding alone.
CLOSE = 1e-5

TOPICS = ('kites', 'bridges', 'salt', 'owls', 'glaciers', 'looms', 'harbours', 'beans', 'comets', 'pianos', 'wells', 'maps')
WORDS = ('annual', 'growth', 'north', 'table', 'energy', 'paper', 'figure', 'total', 'share', 'water', 'method', 'result')


def page_png(topic: str, seed: str) -> bytes:
    """140 × 168 pixels, four greys: a heading, lines of words, a bar chart or none."""
    rng = random.Random(seed)
    image = Image.new('L', (140, 168), 255)
    draw = ImageDraw.Draw(image)
    draw.text((8, 6), topic.capitalize(), fill=0, font=ImageFont.load_default(16))
    small = ImageFont.load_default(9)
    for line in range(rng.randint(4, 8)):
        draw.text((8, 30 + 11 * line), ' '.join(rng.sample(WORDS, 3)), fill=64, font=small)
    for bar in range(rng.choice((0, 5, 6))):
        height = rng.randint(6, 36)
        draw.rectangle((12 + 20 * bar, 160 - height, 24 + 20 * bar, 160), fill=rng.choice((0, 64, 160)))
    buffer = io.BytesIO()
    image.quantize(4, dither=Image.Dither.NONE).save(buffer, 'PNG', optimize=True)
    return buffer.getvalue()


PICTURE = pa.struct([('bytes', pa.binary()), ('path', pa.string())])


def _write(path: Path, schema: list, rows: list[dict], group: int = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(schema)), path, row_group_size=group)


def _corpus(ids: list, topics: list[str], name: str) -> list[dict]:
    return [{'corpus-id': each, 'image': {'bytes': page_png(topic, f'{name}/{topic}/{at if at < 11 else 10}'), 'path': f'{each}.png'}}
            for at, (each, topic) in enumerate(zip(ids, topics, strict=True))]


def build(out: Path) -> None:
    """Same files to the byte with one release of Pillow and pyarrow."""
    # Numbers as ids; one relevant page each, and rows that say nothing: a grade of 0, a pair twice.
    root = out / 'shiftproject_test_beir'
    pages = _corpus(list(range(100, 112)), list(TOPICS), 'shiftproject')
    _write(root / 'corpus/test-00000-of-00001.parquet', [('corpus-id', pa.int64()), ('image', PICTURE)], pages, group=5)
    queries = [{'query-id': at, 'query': f'What does the report say of {topic}?'} for at, topic in enumerate(TOPICS[:8])]
    _write(root / 'queries/test-00000-of-00001.parquet', [('query-id', pa.int64()), ('query', pa.string())], queries)
    grades = [('query-id', pa.int64()), ('corpus-id', pa.int64()), ('score', pa.int64())]
    rows = [{'query-id': at, 'corpus-id': 100 + at, 'score': 1} for at in range(8)]
    rows += [{'query-id': 0, 'corpus-id': 105, 'score': 0}, {'query-id': 3, 'corpus-id': 103, 'score': 1}]
    _write(root / 'qrels/test-00000-of-00001.parquet', grades, rows)

    # Grades 1 and 2, up to seven relevant pages, two languages, pages in two files; the last two pages are one picture.
    root = out / 'esg_reports_v2'
    topics = [TOPICS[at % 5] for at in range(11)] + [TOPICS[0]]
    pages = _corpus(list(range(12)), topics, 'esg')
    pages[11]['image'] = {**pages[10]['image'], 'path': '11.png'}
    for part, some in enumerate((pages[:7], pages[7:])):
        _write(root / f'corpus/test-0000{part}-of-00002.parquet', [('corpus-id', pa.int64()), ('image', PICTURE)], some, group=4)
    queries = [{'query-id': 2 * at + half, 'query': words.format(topic), 'language': language}
               for at, topic in enumerate(TOPICS[:5])
               for half, (language, words) in enumerate((('english', 'Which report is on {}?'), ('french', 'Quel rapport traite de {} ?')))]
    _write(root / 'queries/test-00000-of-00001.parquet',
           [('query-id', pa.int64()), ('query', pa.string()), ('language', pa.string())], queries)
    rows = []
    for query in queries:
        at = query['query-id'] // 2
        chosen = [page for page in range(12) if page % 5 == at] + ([1, 2, 3, 6] if at == 0 else [])
        rows += [{'query-id': query['query-id'], 'corpus-id': page, 'score': 2 if page in (chosen[0], chosen[-1]) else 1}
                 for page in chosen]
    _write(root / 'qrels/test-00000-of-00001.parquet', grades, rows)

    # Names as ids, in the layout of the Hub's own conversion.
    root = out / 'VisRAG-Ret-Test-ChartQA'
    ids = [f'{"two_col" if at % 2 else "multi"} {topic} {at}.png' for at, topic in enumerate(TOPICS[:9])]
    _write(root / 'corpus/train/0000.parquet', [('corpus-id', pa.string()), ('image', PICTURE)],
           _corpus(ids, list(TOPICS[:9]), 'chart'), group=2)
    queries = [{'query-id': f'{each}-query-1', 'query': f'What share do {topic} have?', 'answer': ['7'], 'options': None,
                'is_numerical': 1} for each, topic in zip(ids[:6], TOPICS)]
    _write(root / 'queries/train/0000.parquet',
           [('query-id', pa.string()), ('query', pa.string()), ('answer', pa.list_(pa.string())),
            ('options', pa.list_(pa.string())), ('is_numerical', pa.int64())], queries)
    _write(root / 'qrels/train/0000.parquet', [('query-id', pa.string()), ('corpus-id', pa.string()), ('score', pa.int64())],
           [{'query-id': query['query-id'], 'corpus-id': each, 'score': 1} for query, each in zip(queries, ids)])


def ndcg(top: list, grades: dict, cut: int = CUT) -> float:
    """`top`: ids, best first. `grades`: of all relevant ids."""
    def gain(values: list) -> float:
        return sum(value / np.log2(rank + 2) for rank, value in enumerate(values))
    found = [grades.get(each, 0) for each in top[:cut]]
    return float(gain(found) / gain(sorted(grades.values(), reverse=True)[:cut]))


# What an evaluator may get wrong; each gives other numbers on the vectors below.
def _exponential(top: list, grades: dict) -> float:
    return ndcg(top, {each: 2 ** grade - 1 for each, grade in grades.items()})


def _ideal_of_found(top: list, grades: dict) -> float:
    found = {each: grades[each] for each in top[:CUT] if each in grades}
    return ndcg(top, found) if found else 0.0


def _binary(top: list, grades: dict) -> float:
    return ndcg(top, dict.fromkeys(grades, 1))


def _undiscounted_first(top: list, grades: dict) -> float:
    """The older form: the first two ranks count in full."""
    def gain(values: list) -> float:
        return sum(value / max(1, np.log2(rank + 1)) for rank, value in enumerate(values))
    return float(gain([grades.get(each, 0) for each in top[:CUT]]) / gain(sorted(grades.values(), reverse=True)[:CUT]))


def rank(query: np.ndarray, pages: np.ndarray) -> list[int]:
    """Numbers of candidates, best first; of equal ones the earlier first. Summed in float64. // [dims], [pages, dims]"""
    scores = np.array([(page.astype(np.float64) * query.astype(np.float64)).sum() for page in pages])
    return np.argsort(-scores, kind='stable').tolist()


def vectors() -> dict:
    """Vectors of small whole numbers, where products are exact and ties are many, with grades; and what follows."""
    rng = random.Random('ndcg')
    pages = [[rng.randint(-2, 2) for _ in range(4)] for _ in range(30)]
    queries = []
    for _ in range(40):
        relevant = rng.sample(range(30), rng.choice((1, 1, 2, 4, 8)))
        queries.append({'vector': [rng.randint(-2, 2) for _ in range(4)],
                        'grades': {str(each): rng.choice((1, 1, 2, 3)) for each in relevant}})
    def mean(score, reverse: bool = False) -> float:
        values = []
        for query in queries:
            vector = np.array(query['vector'], dtype=np.float32)
            table = np.array(pages, dtype=np.float32)
            top = [len(pages) - 1 - at for at in rank(vector, table[::-1])] if reverse else rank(vector, table)
            values.append(score(top, {int(each): grade for each, grade in query['grades'].items()}))
        return float(np.mean(values))
    for query in queries:
        top = rank(np.array(query['vector'], dtype=np.float32), np.array(pages, dtype=np.float32))
        query['top'] = top[:CUT]
        query['ndcg'] = ndcg(top, {int(each): grade for each, grade in query['grades'].items()})
    mistakes = {'exponential gain': mean(_exponential), 'ideal of what was found': mean(_ideal_of_found),
                'ties the other way': mean(ndcg, reverse=True), 'cut at 10': mean(lambda top, grades: ndcg(top, grades, 10)),
                'binary': mean(_binary), 'first two ranks in full': mean(_undiscounted_first)}
    return {'pages': pages, 'mean': mean(ndcg), 'mistakes': mistakes, 'queries': queries}


def _rows(root: Path, part: str) -> list[dict]:
    files = sorted((root / part).rglob('*.parquet'))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


# Our names of the miniature's sets, their folders, and the language that is kept.
SETS = {'ViDoRe_shiftproject': ('shiftproject_test_beir', None),
        'ViDoRe_esg_reports_v2': ('esg_reports_v2', 'english'),
        'ViDoRe_esg_reports_v2_multilingual': ('esg_reports_v2', None),
        'VisRAG_ChartQA': ('VisRAG-Ret-Test-ChartQA', None)}


def evaluate(root: Path, evaluator) -> dict[str, dict]:
    """By set: each query's five best pages and NDCG@5, and the queries whose order hangs on less than CLOSE."""
    results = {}
    for name, (folder, language) in SETS.items():
        queries = [row for row in _rows(root / folder, 'queries') if language is None or row['language'] == language]
        qrels: dict = {}
        for row in _rows(root / folder, 'qrels'):
            if row['score'] > 0:
                of = qrels.setdefault(row['query-id'], {})
                of[row['corpus-id']] = max(of.get(row['corpus-id'], 0), row['score'])
        pictures = {row['corpus-id']: row['image']['bytes'] for row in _rows(root / folder, 'corpus')}
        order = list(dict.fromkeys([each for query in queries for each in qrels[query['query-id']]] + list(pictures)))
        pages = np.stack([evaluator.vector(PAGE, Image.open(io.BytesIO(pictures[each])).convert('RGB')) for each in order])
        found, close = [], []
        for row, query in enumerate(queries):
            vector = evaluator.vector(QUERY.format(query['query']), None)
            top = rank(vector, pages)
            scores = (pages[top].astype(np.float64) @ vector.astype(np.float64))[:CUT + 1]
            gaps = [float(a - b) for a, b, i, j in zip(scores, scores[1:], top, top[1:]) if (pages[i] != pages[j]).any()]
            if min(gaps) < CLOSE:
                close.append(row)
            ids = [order[at] for at in top]
            found.append({'id': str(query['query-id']), 'top': [str(each) for each in ids[:CUT]],
                          'ndcg': ndcg(ids, qrels[query['query-id']])})
        results[name] = {'pages': len(order), 'mean': float(np.mean([each['ndcg'] for each in found])), 'close': close,
                         'queries': found}
    return results
