"""A miniature MMEB, and MMEB's evaluation by HF transformers. From the repository's root:

    python -m reference.mmeb build DIR --cache CACHE         all 20 sets, 200 queries each (CACHE: reference/nano/data.py's)
    python -m reference.mmeb slice --cache CACHE             the small one that is committed, and what is expected of it
    python -m reference.mmeb evaluate DIR --checkpoint C     P@1 of any folder in MMEB's layout; --json FILE keeps it
    python -m reference.mmeb expect --checkpoint C           what `nano`, trained as C, is expected to do on the slice
    python -m reference.mmeb documents                       the visual documents that are committed, and what is expected

C may be a base model, with --adapter A on top of it.
"""

import argparse
import hashlib
import json
import os
import shutil
import time
from pathlib import Path

os.environ.setdefault('HF_HUB_OFFLINE', '1')
os.environ.setdefault('TOKENIZERS_PARALLELISM', 'false')
os.environ.setdefault('OMP_NUM_THREADS', '1')

import transformers  # noqa: E402

from reference.oracle import checkpoints  # noqa: E402
from reference.oracle.encoding import FIXTURES, ROOT, write_json  # noqa: E402

from . import documents  # noqa: E402
from .build import build  # noqa: E402
from .evaluate import REGIMES, Evaluator, evaluate, load  # noqa: E402
from .strings import META_TASKS, SETS  # noqa: E402

# Served with the demo, where a page measures P@1 on it.
SLICE = ROOT / 'public/eval/mmeb-mini'
SLICE_SETS = ('ImageNet-1K', 'N24News', 'Country211', 'A-OKVQA', 'Visual7W', 'GQA', 'MSCOCO_i2t', 'CIRR', 'VisDial',
              'WebQA', 'MSCOCO', 'RefCOCO-Matching')
EXPECTED = ROOT / 'reference/mmeb/expected'
DOCUMENTS = FIXTURES / 'visual-documents'
NANO = ROOT / 'public/models/nano/bundle.json'
# Two scores that are closer may change places by rounding alone.
CLOSE = 1e-5


def record(model: str, regime: str, results: dict[str, dict], **about: str) -> dict:
    """What is kept of an evaluation. `close`: rows whose prediction hangs on less than CLOSE."""
    sets = {name: {'correct': result['correct'], 'queries': result['queries'],
                   'close': [row for row, lead in enumerate(result['leads']) if lead < CLOSE],
                   'predictions': result['predictions']} for name, result in results.items()}
    return {'model': model, **about, 'regime': regime, 'sets': sets}


def table(results: dict[str, dict]) -> str:
    """Markdown, per cent: P@1 and chance per set and meta-task, every set with the same weight."""
    def line(label: str, names: list[str], queries: str = '', mark: str = '') -> str:
        share = sum(results[name]['correct'] / results[name]['queries'] for name in names) / len(names)
        chance = sum(results[name]['chance'] for name in names) / len(names)
        return f'| {mark}{label}{mark} | {queries} | {100 * chance:.1f} | {mark}{100 * share:.1f}{mark} |'
    lines = ['| set | queries | chance | P@1 |', '|---|---|---|---|']
    for task, names in META_TASKS.items():
        names = [name for name in names if name in results]
        lines += [line(name, [name], str(results[name]['queries'])) for name in names]
        if names:
            lines.append(line(task, names, mark='**'))
    lines.append(line('All', list(results), str(sum(result['queries'] for result in results.values())), '**'))
    return '\n'.join(lines)


def make_slice(cache: Path) -> None:
    build(cache, SLICE, SLICE_SETS, queries=20, units=(1.0, 1.2), colours=64)
    for name in ('tiny-tied', 'tiny-untied'):
        evaluator = Evaluator(checkpoints.CHECKPOINTS / name, checkpoints.load(name), 'native')
        write_json(EXPECTED / f'{name}.json', record(name, 'native', evaluate(SLICE, evaluator)), depth=3)


def expect(checkpoint: Path, adapter: Path | None) -> None:
    results = evaluate(SLICE, Evaluator(checkpoint, load(checkpoint, adapter), 'native'))
    bundle = hashlib.sha256(NANO.read_bytes()).hexdigest()
    write_json(SLICE.parent / 'nano.json', record('nano', 'native', results, bundle=bundle), depth=3)
    print(table(results))


def make_documents() -> None:
    shutil.rmtree(DOCUMENTS, ignore_errors=True)
    documents.build(DOCUMENTS)
    write_json(EXPECTED / 'ndcg.json', documents.vectors(), depth=2)
    name = 'tiny-tied'
    evaluator = Evaluator(checkpoints.CHECKPOINTS / name, checkpoints.load(name), 'v2')
    sets = documents.evaluate(DOCUMENTS, evaluator)
    write_json(EXPECTED / f'documents-{name}.json', {'model': name, 'regime': 'v2', 'sets': sets}, depth=4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command = parser.add_subparsers(dest='command', required=True)
    cache = {'type': Path, 'default': Path.home() / '.cache/vlm2vec-nano'}
    building = command.add_parser('build')
    building.add_argument('out', type=Path)
    building.add_argument('--cache', **cache)
    building.add_argument('--queries', type=int, default=200)
    building.add_argument('--sets', nargs='+', choices=SETS, default=SETS, metavar='SET')
    command.add_parser('slice').add_argument('--cache', **cache)
    evaluating = command.add_parser('evaluate')
    evaluating.add_argument('root', type=Path)
    evaluating.add_argument('--regime', choices=REGIMES, default='native')
    evaluating.add_argument('--sets', nargs='+', metavar='SET')
    evaluating.add_argument('--json', type=Path)
    command.add_parser('documents')
    for each in (evaluating, command.add_parser('expect')):
        each.add_argument('--checkpoint', type=Path, required=True)
        each.add_argument('--adapter', type=Path)
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    if options.command == 'build':
        build(options.cache, options.out, tuple(options.sets), options.queries, units=(2.0, 3.0), colours=None)
    elif options.command == 'slice':
        make_slice(options.cache)
    elif options.command == 'documents':
        make_documents()
    elif options.command == 'expect':
        expect(options.checkpoint, options.adapter)
    else:
        evaluator = Evaluator(options.checkpoint, load(options.checkpoint, options.adapter), options.regime)
        start = time.monotonic()
        results = evaluate(options.root, evaluator, options.sets)
        encoded = sum(result['encoded'] for result in results.values())
        print(table(results))
        print(f'\n{encoded} inputs in {time.monotonic() - start:.0f} s')
        if options.json:
            write_json(options.json, record(str(options.checkpoint), options.regime, results), depth=3)


if __name__ == '__main__':
    main()
