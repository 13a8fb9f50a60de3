"""Writes the miniature MMEB in the layout of TIGER-Lab/MMEB-eval: `<Set>/test-00000-of-00001.parquet` and images.zip."""

import hashlib
import io
import random
import re
import shutil
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from reference.oracle.encoding import write_json

from .scenes import Scene, World
from .strings import TEMPLATES
from .tasks import TASKS, Side

SCHEMA = pa.schema([
    ('qry_text', pa.string()), ('qry_img_path', pa.string()),
    ('tgt_text', pa.list_(pa.string())), ('tgt_img_path', pa.list_(pa.string())),
])
EPOCH = (2026, 1, 1, 0, 0, 0)  # the same bytes in every run


class Pictures:
    """Names pictures after what they show, and keeps each once a set."""

    def __init__(self, world: World, units: tuple[float, ...], colours: int | None):
        self.world, self.units, self.colours = world, units, colours
        self.files: dict[str, bytes] = {}

    def path(self, name: str, scene: Scene | None) -> str:
        if scene is None:
            return ''
        key = hashlib.sha256(repr(scene).encode()).hexdigest()
        words = '-'.join(re.sub(r'\W+', '-', part.item.name) for part in scene.placed[:2])[:40].strip('-')
        path = f'{name}/{words}-{key[:8]}.png'
        if path not in self.files:
            unit = self.units[int(key[8:16], 16) % len(self.units)]
            self.files[path] = self._png(scene.draw(self.world, unit))
        return path

    def _png(self, image: Image.Image) -> bytes:
        if self.colours:
            image = image.quantize(self.colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        buffer = io.BytesIO()
        image.save(buffer, 'PNG', compress_level=9)
        return buffer.getvalue()


def build(cache: Path, out: Path, sets: tuple[str, ...], queries: int, units: tuple[float, ...],
          colours: int | None) -> None:
    """Same catalogue, same files. `units`: pixels for one 84th of a picture's shorter side; one is taken for each."""
    pictures = Pictures(World(cache), units, colours)
    shutil.rmtree(out, ignore_errors=True)
    for name in sets:
        query, target = TEMPLATES[name]
        rows = []
        for row in TASKS[name](pictures.world, random.Random(f'mmeb/{name}'), queries):
            rows.append({
                'qry_text': _fill(query, row.query), 'qry_img_path': pictures.path(name, row.query.scene),
                'tgt_text': [_fill(target, side) for side in row.targets],
                'tgt_img_path': [pictures.path(name, side.scene) for side in row.targets],
            })
        (out / name).mkdir(parents=True)
        table = pa.Table.from_pylist(rows, schema=SCHEMA)
        pq.write_table(table, out / name / 'test-00000-of-00001.parquet', compression='snappy')
    with zipfile.ZipFile(out / 'images.zip', 'w') as archive:
        for at, (path, data) in enumerate(sorted(pictures.files.items())):
            # both ways that the published archive's entries may be packed
            kind = zipfile.ZIP_DEFLATED if at % 2 else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(path, EPOCH), data, compress_type=kind)
    files = sorted(str(path.relative_to(out)) for path in out.rglob('*') if path.is_file())
    write_json(out / 'files.json', files, depth=1)  # for a page, which cannot list a folder of its site


def _fill(template: str, side: Side) -> str:
    return template.format(side.text) if side.text is not None else template
