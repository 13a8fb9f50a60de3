"""Builds the training and evaluation pictures of `nano` from packages alone.

Fetches npm and Debian packages into the cache, renders every drawing once (256 px PNG, alpha kept) and writes

    catalogue.jsonl      one picture a line: id, source, split, concept, name, tags, png
    pictures-76.npy      uint8 [pictures, 76, 76, 4]  RGBA, centred, transparent padding
    pictures-60.npy      uint8 [pictures, 60, 60, 4]

Splits: `train`; `style` = a drawing style that is never trained on (OpenMoji); `drawing` = drawings of trained
sources kept back. Usage: python data.py [--cache DIR]
"""

import argparse
import hashlib
import json
import re
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent

NPM = {
    '@iconify-json/noto': '1.2.9', '@iconify-json/twemoji': '1.2.5', '@iconify-json/fluent-emoji': '1.2.7',
    '@iconify-json/fluent-emoji-flat': '1.2.6', 'openmoji': '17.0.0', 'emojibase-data': '17.0.0',
    '@resvg/resvg-js': '2.6.2',
}
DEBIAN = ('openclipart-svg', 'tuxpaint-stamps-default')

TRAIN_EMOJI = ('noto', 'twemoji', 'fluent-emoji', 'fluent-emoji-flat')
SIZES = (76, 60)

# Open Clip Art folders that name what they draw; the others are icon themes, gradients and 1,400 computed stars.
CLIPART = {
    'animals', 'buildings', 'containers', 'decorations', 'education', 'electronics', 'food', 'geography', 'office',
    'people', 'plants', 'recreation', 'science', 'signs_and_symbols', 'tools', 'transportation', 'unsorted',
}
CLIPART_NOISE = re.compile(r'architetto|francesc\w*|franc|^arc$|^\w$|^\d+\w?$|^hash$|^0x|clipart|collection|^theme$')
CLIPART_VAGUE = {
    'various', 'people', 'person', 'symbol', 'sign', 'signs and symbols', 'signs and symbol', 'icon', 'unsorted',
    'shape', 'recreation', 'united nations member', 'miscellaneou', 'other',
}
CLIPART_TITLE_NOISE = re.compile(r'collection|theme|clipart by|^card$|illustration$|map symbols|unknown|^untitled', re.I)
SVG_LIMIT = 400_000  # bytes; a few dozen drawings above it take seconds each
STAMP_SKIP = ('symbols/money', 'symbols/alphabets')


def fetch(cache: Path) -> None:
    """Installs the npm packages and unpacks the Debian ones, unless they are there."""
    npm, debian = cache / 'npm', cache / 'debian'
    npm.mkdir(parents=True, exist_ok=True)
    debian.mkdir(parents=True, exist_ok=True)
    (npm / 'package.json').write_text(json.dumps({'private': True, 'dependencies': NPM}))
    if not all((npm / 'node_modules' / name).is_dir() for name in NPM):
        subprocess.run(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=npm, check=True)
    if not (debian / 'x/usr/share/openclipart').is_dir() or not (debian / 'x/usr/share/tuxpaint').is_dir():
        subprocess.run(['apt-get', 'download', *DEBIAN], cwd=debian, check=True)
        for package in sorted(debian.glob('*.deb')):
            subprocess.run(['dpkg', '-x', package, debian / 'x'], check=True)


def plain_hex(code: str) -> str:
    """An emoji's code points without variation selectors: the key that all sets agree on."""
    return '-'.join(part for part in code.lower().split('-') if part != 'fe0f')


def emoji_name(label: str) -> str:
    """`flag: Cuba` → `flag of Cuba`; `woman: red hair` → `woman with red hair`; `keycap: 3` → `keycap 3`."""
    label = re.sub(r'^flag: ', 'flag of ', label)
    label = re.sub(r'^keycap: ', 'keycap ', label)
    return re.sub(r'^(\w+): ', r'\1 with ', label)


def emojis(cache: Path) -> dict[str, dict]:
    """Concepts by plain hex code: name and tags. Skin tones are variants, not concepts."""
    data = json.loads((cache / 'npm/node_modules/emojibase-data/en/data.json').read_text())
    found = {}
    for entry in data:
        if entry.get('group') is None or entry['group'] == 2:  # regional indicators; skin tones and hair
            continue
        name = emoji_name(entry['label'])
        words = set(name.lower().split())
        tags = [tag for tag in entry.get('tags', []) if tag.lower() not in words and not tag.isupper()]
        found[plain_hex(entry['hexcode'])] = {'name': name, 'tags': tags}
    return found


def iconify(cache: Path, concepts: dict[str, dict]):
    """Items and render jobs of the four Iconify emoji sets."""
    root = cache / 'npm/node_modules/@iconify-json'
    names = {}
    for style in ('noto', 'twemoji', 'fluent-emoji-flat'):
        for code, name in json.loads((root / style / 'chars.json').read_text()).items():
            names.setdefault(plain_hex(code), []).append(name)
    for style in TRAIN_EMOJI:
        icons = json.loads((root / style / 'icons.json').read_text())
        width, height = icons['width'], icons['height']
        aliases = icons.get('aliases', {})
        for code, concept in concepts.items():
            for name in names.get(code, []):
                name = name if name in icons['icons'] else aliases.get(name, {}).get('parent')
                if name in icons['icons']:
                    icon = icons['icons'][name]
                    box = f'0 0 {icon.get("width", width)} {icon.get("height", height)}'
                    svg = ('<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
                           f'viewBox="{box}">{icon["body"]}</svg>')
                    yield {'source': style, 'split': 'train', 'concept': code, **concept}, {'svg': svg}
                    break


def openmoji(cache: Path, concepts: dict[str, dict]):
    """The style that is kept back."""
    files = {plain_hex(path.stem): path for path in (cache / 'npm/node_modules/openmoji/color/svg').glob('*.svg')}
    for code, concept in concepts.items():
        if code in files:
            yield {'source': 'openmoji', 'split': 'style', 'concept': code, **concept}, {'file': str(files[code])}


def kept_back(key: str) -> bool:
    """One in twelve, by name: the same drawings in every run."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 12 == 0


def clean_words(text: str) -> list[str]:
    words = re.sub(r'[_\-+.()]+|(?<=[a-z])\d+\b', ' ', text).split()
    return [word for word in words if not CLIPART_NOISE.search(word.lower())]


def singular(word: str) -> str:
    return word[:-1] if re.search(r'[^su]s$', word) else word


def clipart(cache: Path):
    """Open Clip Art: titles and keywords from the drawing's own metadata, else from its file and folder."""
    root = cache / 'debian/x/usr/share/openclipart/svg'
    for path in sorted(root.rglob('*.svg')):
        folders = path.relative_to(root).parts[:-1]
        if not folders or folders[0] not in CLIPART or path.stat().st_size > SVG_LIMIT or 'cards' in folders:
            continue
        text = path.read_text(errors='replace')
        metadata = ''.join(re.findall(r'<metadata.*?</metadata>', text, re.S))
        title = re.search(r'<dc:title>([^<]*)</dc:title>', metadata)
        title = ' '.join(clean_words(title.group(1))) if title and not CLIPART_TITLE_NOISE.search(title.group(1)) else ''
        subject = ''.join(re.findall(r'<dc:subject>.*?</dc:subject>', metadata, re.S))
        tags = [' '.join(clean_words(tag)) for tag in re.findall(r'<rdf:li>([^<]*)</rdf:li>', subject)]
        leaf = singular(folders[-1].replace('_', ' '))
        tags = [tag.lower() for tag in dict.fromkeys([*tags, leaf]) if 1 < len(tag) < 24]
        tags = [tag for tag in tags if tag not in CLIPART_VAGUE]
        name = (title or ' '.join(clean_words(path.stem)[:3])).lower().strip()
        if 'flags' in folders and 'flag' not in name:
            name = f'flag of {name}'
        if not 1 < len(name) < 60 or name in CLIPART_VAGUE:
            name = tags[0] if tags else ''
        if name:
            key = str(path.relative_to(root))
            split = 'drawing' if kept_back(key) else 'train'
            yield {'source': 'openclipart', 'split': split, 'concept': key, 'name': name, 'tags': tags}, {'file': str(path)}


def stamps(cache: Path):
    """Tux Paint stamps: many photographs, each with a sentence."""
    root = cache / 'debian/x/usr/share/tuxpaint/stamps'
    for path in sorted([*root.rglob('*.svg'), *root.rglob('*.png')]):
        key = str(path.relative_to(root))
        note = path.with_suffix('.txt')
        if not note.exists() or '_mirror' in key or '_flip' in key or key.startswith(STAMP_SKIP):
            continue
        name = re.split(r'\n|\. ', note.read_text(errors='replace'), maxsplit=1)[0].strip().rstrip('.')
        name = re.sub(r'^(A|An|The) ', '', name)
        if not name:
            continue
        folders = [singular(part.replace('_', ' ')) for part in path.relative_to(root).parts[:-1]]
        tags = [tag for tag in folders if tag not in {'cartoon', 'symbol', 'town', 'filled', 'outlined'}]
        split = 'drawing' if kept_back(key) else 'train'
        yield ({'source': 'tuxpaint', 'split': split, 'concept': f'stamp:{name.lower()}', 'name': name[:1].lower() + name[1:],
                'tags': tags}, {'file': str(path)})


def render(cache: Path, jobs: list[dict]) -> None:
    """SVG files through resvg, PNG files through Pillow; pictures already there are kept."""
    jobs = [job for job in jobs if not Path(job['png']).exists()]
    drawings = [job for job in jobs if not job.get('file', '').endswith('.png')]
    while drawings:  # resvg aborts the process on a few drawings: leave those out
        lines = '\n'.join(json.dumps(job) for job in drawings)
        done = subprocess.run(['node', HERE / 'render.mjs', cache / 'npm'], input=lines, text=True,
                              stdout=(cache / 'render-failures.jsonl').open('a'), stderr=subprocess.DEVNULL)
        if done.returncode == 0:
            break
        last = max((index for index, job in enumerate(drawings) if Path(job['png']).exists()), default=-1)
        drawings = drawings[last + 2:]
    for job in jobs:
        if job.get('file', '').endswith('.png'):
            image = Image.open(job['file']).convert('RGBA')
            image = image.crop(image.getbbox(alpha_only=True))
            image.thumbnail((256, 256), Image.Resampling.BICUBIC)
            image.save(job['png'])


def fit(path: str, size: int) -> np.ndarray:
    """The picture scaled to `size` on its longest side, centred on transparency: uint8 [size, size, 4]."""
    image = Image.open(path).convert('RGBA')
    image = image.crop(image.getbbox(alpha_only=True))
    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    canvas = Image.new('RGBA', (size, size))
    canvas.paste(image.resize((width, height), Image.Resampling.BICUBIC), ((size - width) // 2, (size - height) // 2))
    return np.asarray(canvas)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cache', type=Path, default=Path.home() / '.cache/vlm2vec-nano')
    cache = parser.parse_args().cache
    fetch(cache)
    concepts = emojis(cache)
    pairs = [*iconify(cache, concepts), *openmoji(cache, concepts), *clipart(cache), *stamps(cache)]
    (cache / 'png').mkdir(exist_ok=True)
    for item, job in pairs:
        item['id'] = hashlib.sha256(f'{item["source"]}/{item["concept"]}/{job.get("file", "")}'.encode()).hexdigest()[:16]
        item['png'] = job['png'] = str(cache / 'png' / f'{item["id"]}.png')
    render(cache, [job for _, job in pairs])
    items = [item for item, _ in pairs if Path(item['png']).exists()]
    for size in SIZES:
        pictures = np.lib.format.open_memmap(cache / f'pictures-{size}.npy', mode='w+', dtype=np.uint8,
                                             shape=(len(items), size, size, 4))
        for row, item in enumerate(items):
            pictures[row] = fit(item['png'], size)
        pictures.flush()
    with (cache / 'catalogue.jsonl').open('w') as out:
        out.writelines(json.dumps(item, ensure_ascii=False) + '\n' for item in items)
    counts: dict[tuple[str, str], int] = {}
    for item in items:
        counts[item['source'], item['split']] = counts.get((item['source'], item['split']), 0) + 1
    for (source, split), count in counts.items():
        print(f'{source:20} {split:8} {count}')


if __name__ == '__main__':
    main()
