"""Drawings of single things with titles and keywords: Open Clip Art, Tux Paint's stamps, and plain shapes."""

import hashlib
import math
import re
from pathlib import Path

# Open Clip Art folders that name what they draw; the others are icon themes, gradients and 1,400 computed stars.
CLIPART = {
    'animals',
    'buildings',
    'containers',
    'decorations',
    'education',
    'electronics',
    'food',
    'geography',
    'office',
    'people',
    'plants',
    'recreation',
    'science',
    'signs_and_symbols',
    'tools',
    'transportation',
    'unsorted',
}
CLIPART_NOISE = re.compile(r'architetto|francesc\w*|franc|^arc$|^\w$|^\d+\w?$|^hash$|^0x|clipart|collection|^theme$')
CLIPART_VAGUE = {
    'various',
    'people',
    'person',
    'symbol',
    'sign',
    'signs and symbols',
    'signs and symbol',
    'icon',
    'unsorted',
    'shape',
    'recreation',
    'united nations member',
    'miscellaneou',
    'other',
}
CLIPART_TITLE_NOISE = re.compile(
    r'collection|theme|clipart by|^card$|illustration$|map symbols|unknown|^untitled', re.I
)
SVG_LIMIT = 400_000  # bytes; a few dozen drawings above it take seconds each
STAMP_SKIP = ('symbols/money', 'symbols/alphabets')


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
        title = (
            ' '.join(clean_words(title.group(1))) if title and not CLIPART_TITLE_NOISE.search(title.group(1)) else ''
        )
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
            yield (
                {'source': 'openclipart', 'split': split, 'concept': key, 'name': name, 'tags': tags},
                {'file': str(path)},
            )


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
        yield (
            {
                'source': 'tuxpaint',
                'split': split,
                'concept': f'stamp:{name.lower()}',
                'name': name[:1].lower() + name[1:],
                'tags': tags,
            },
            {'file': str(path)},
        )


def polygon(points: int, inner: float = 0.0, turn: float = 0.0) -> str:
    """A regular polygon in a 100 x 100 page, or a star where `inner` gives the radius of the notches."""
    corners = []
    for index in range(points * (2 if inner else 1)):
        angle = math.tau * (index / (points * (2 if inner else 1)) + turn) - math.tau / 4
        radius = inner * 50 if inner and index % 2 else 50
        corners.append(f'{50 + radius * math.cos(angle):.2f},{50 + radius * math.sin(angle):.2f}')
    return f'<polygon points="{" ".join(corners)}"/>'


SHAPES = {
    'circle': '<circle cx="50" cy="50" r="50"/>',
    'square': '<rect width="100" height="100"/>',
    'triangle': polygon(3),
    'star': polygon(5, 0.45),
    'diamond': polygon(4),
    'hexagon': polygon(6),
    'pentagon': polygon(5),
    'ring': '<circle cx="50" cy="50" r="36" fill="none" stroke="black" stroke-width="26"/>',
    'cross': '<path d="M36 0h28v36h36v28H64v36H36V64H0V36h36z"/>',
    'heart': '<path d="M50 92C-30 40 10-14 50 20C90-14 130 40 50 92z"/>',
    'arrow': '<path d="M0 36h56V8l44 42-44 42V64H0z"/>',
    'moon': '<path d="M64 2a50 50 0 1 0 34 62A42 42 0 0 1 64 2z"/>',
}


def shapes():
    """Black shapes for composed scenes, which give them colours."""
    for name, body in SHAPES.items():
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 104 104">{body}</svg>'
        yield (
            {
                'source': 'shape',
                'split': 'train',
                'concept': f'shape:{name}',
                'name': name,
                'tags': [],
                'monotone': True,
            },
            {'svg': svg},
        )
