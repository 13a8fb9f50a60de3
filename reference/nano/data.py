"""Builds the training and evaluation pictures of `nano` from packages alone.

Fetches npm and Debian packages into the cache, renders every drawing once (256 px PNG, alpha kept) and writes

    catalogue.jsonl      one picture a line: id, source, split, concept, name, tags, png; emoji: group; monotone
    pictures-76.npy      uint8 [pictures, 76, 76, 4]  RGBA, centred, transparent padding
    pictures-40.npy      the same at 40 pixels, and pictures-28.npy at 28: the objects of composed scenes
    grounds.npy          uint8 [4096, 112, 112, 3]  pieces of photographs, for backgrounds

Splits: `train`; `style` = a drawing style that is never trained on (OpenMoji); `drawing` = drawings of trained
sources kept back. Usage: python data.py [--cache DIR]
"""

import argparse
import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

from drawings import clipart, shapes, stamps
from emoji import emojis, fluent_3d, iconify, openmoji

HERE = Path(__file__).parent

NPM = {
    '@iconify-json/noto': '1.2.9',
    '@iconify-json/twemoji': '1.2.5',
    '@iconify-json/fluent-emoji': '1.2.7',
    '@iconify-json/fluent-emoji-flat': '1.2.6',
    '@iconify-json/noto-v1': '1.2.5',
    '@iconify-json/emojione': '1.2.3',
    '@iconify-json/fxemoji': '1.2.2',
    '@iconify-json/streamline-emojis': '1.2.4',
    '@iconify-json/fluent-emoji-high-contrast': '1.2.6',
    '@iconify-json/emojione-monotone': '1.2.1',
    '@lobehub/fluent-emoji-3d': '1.1.0',
    'openmoji': '17.0.0',
    'emojibase-data': '17.0.0',
    '@resvg/resvg-js': '2.6.2',
}
DEBIAN = ('openclipart-svg', 'tuxpaint-stamps-default', 'mate-backgrounds')

SIZES = (76, 40, 28)
# Photographs (mate-backgrounds, GPL-2+); the package's CC BY-SA files are none of these.
PHOTOGRAPHS = 'debian/x/usr/share/backgrounds/mate/nature'
GROUNDS, GROUND_SIDE = 4096, 112


def fetch(cache: Path) -> None:
    """Installs the npm packages and unpacks the Debian ones, unless they are there."""
    npm, debian = cache / 'npm', cache / 'debian'
    npm.mkdir(parents=True, exist_ok=True)
    debian.mkdir(parents=True, exist_ok=True)
    (npm / 'package.json').write_text(json.dumps({'private': True, 'dependencies': NPM}))
    if not all((npm / 'node_modules' / name).is_dir() for name in NPM):
        subprocess.run(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=npm, check=True)
    if not all((debian / 'x/usr/share/doc' / name).is_dir() for name in DEBIAN):
        subprocess.run(['apt-get', 'download', *DEBIAN], cwd=debian, check=True)
        for package in sorted(debian.glob('*.deb')):
            subprocess.run(['dpkg', '-x', package, debian / 'x'], check=True)


def render(cache: Path, jobs: list[dict]) -> None:
    """SVG files through resvg, pixel files through Pillow; pictures already there are kept."""
    jobs = [job for job in jobs if not Path(job['png']).exists()]
    drawings = [job for job in jobs if not job.get('file', '').endswith(('.png', '.webp'))]
    while drawings:  # resvg aborts the process on a few drawings: leave those out
        lines = '\n'.join(json.dumps(job) for job in drawings)
        done = subprocess.run(
            ['node', HERE / 'render.mjs', cache / 'npm'],
            input=lines,
            text=True,
            stdout=(cache / 'render-failures.jsonl').open('a'),
            stderr=subprocess.DEVNULL,
        )
        if done.returncode == 0:
            break
        last = max((index for index, job in enumerate(drawings) if Path(job['png']).exists()), default=-1)
        drawings = drawings[last + 2 :]
    for job in jobs:
        if job.get('file', '').endswith(('.png', '.webp')):
            image = Image.open(job['file']).convert('RGBA')
            image = image.crop(image.getbbox(alpha_only=True))
            image.thumbnail((256, 256), Image.Resampling.BICUBIC)
            image.save(job['png'])


def fit(image: Image.Image, size: int) -> np.ndarray:
    """The drawing scaled to `size` on its longest side, centred on transparency: uint8 [size, size, 4]."""
    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    canvas = Image.new('RGBA', (size, size))
    canvas.paste(image.resize((width, height), Image.Resampling.BICUBIC), ((size - width) // 2, (size - height) // 2))
    return np.asarray(canvas)


def grounds(cache: Path) -> None:
    """Random pieces of the photographs, at scales from a detail to the whole height."""
    rng = np.random.default_rng(4)
    photographs = [Image.open(path).convert('RGB') for path in sorted((cache / PHOTOGRAPHS).glob('*.jpg'))]
    photographs = [
        image.resize((round(image.width * 560 / image.height), 560), Image.Resampling.BICUBIC) for image in photographs
    ]
    pieces = np.lib.format.open_memmap(
        cache / 'grounds.npy', mode='w+', dtype=np.uint8, shape=(GROUNDS, GROUND_SIDE, GROUND_SIDE, 3)
    )
    for row in range(GROUNDS):
        image = photographs[row % len(photographs)]
        side = int(rng.integers(GROUND_SIDE, 561))
        left, top = int(rng.integers(image.width - side + 1)), int(rng.integers(560 - side + 1))
        piece = image.resize((GROUND_SIDE, GROUND_SIDE), Image.Resampling.BICUBIC, (left, top, left + side, top + side))
        pieces[row] = np.asarray(piece)[:, :: -1 if rng.random() < 0.5 else 1]
    pieces.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cache', type=Path, default=Path.home() / '.cache/vlm2vec-nano')
    cache = parser.parse_args().cache
    fetch(cache)
    concepts = emojis(cache)
    pairs = [
        *iconify(cache, concepts),
        *fluent_3d(cache, concepts),
        *openmoji(cache, concepts),
        *clipart(cache),
        *stamps(cache),
        *shapes(),
    ]
    (cache / 'png').mkdir(exist_ok=True)
    for item, job in pairs:
        key = f'{item["source"]}/{item["concept"]}/{job.get("file", "")}{job.get("variant", "")}'
        item['id'] = hashlib.sha256(key.encode()).hexdigest()[:16]
        item['png'] = job['png'] = str(cache / 'png' / f'{item["id"]}.png')
    render(cache, [job for _, job in pairs])
    items = [item for item, _ in pairs if Path(item['png']).exists()]
    pictures = {
        size: np.lib.format.open_memmap(
            cache / f'pictures-{size}.npy', mode='w+', dtype=np.uint8, shape=(len(items), size, size, 4)
        )
        for size in SIZES
    }
    for row, item in enumerate(items):
        image = Image.open(item['png']).convert('RGBA')
        image = image.crop(image.getbbox(alpha_only=True))
        for size in SIZES:
            pictures[size][row] = fit(image, size)
    for each in pictures.values():
        each.flush()
    grounds(cache)
    with (cache / 'catalogue.jsonl').open('w') as out:
        out.writelines(json.dumps(item, ensure_ascii=False) + '\n' for item in items)
    counts: dict[tuple[str, str], int] = {}
    for item in items:
        counts[item['source'], item['split']] = counts.get((item['source'], item['split']), 0) + 1
    for (source, split), count in counts.items():
        print(f'{source:20} {split:8} {count}')


if __name__ == '__main__':
    main()
