"""Random picture files and what Pillow and pillow-heif make of them: `python random_pictures.py FOLDER [COUNT] [SEED]`.

`npx tsx reference/decode/compare.ts FOLDER` then compares what this package makes of them.
"""

import io
import json
import sys
import warnings
from pathlib import Path
from random import Random

from PIL import Image, ImageOps

from files import FORMATS


def upright(data: bytes) -> tuple[Image.Image, Image.Image]:
    """The picture as stored and as shown, both RGB."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.convert("RGB"), ImageOps.exif_transpose(image).convert("RGB")


def main(folder: Path, count: int, seed: int) -> None:
    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for ending, make in FORMATS.items():
        for i in range(count):
            kind, data = make(Random(f"{seed}-{ending}-{i}"))
            name = f"{i:04}-{kind}.{ending}"
            (folder / name).write_bytes(data)
            row = {"file": name, "format": ending}
            try:
                stored, shown = upright(data)
                (folder / f"{name}.rgb").write_bytes(shown.tobytes())
                row.update(width=shown.width, height=shown.height, stored=[stored.width, stored.height])
            except Exception as error:
                row["refused"] = repr(error)[:200]
            rows.append(row)
    (folder / "expected.json").write_text(json.dumps(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int((sys.argv[2:] or ["300"])[0]), int((sys.argv[3:] or ["1"])[0]))
