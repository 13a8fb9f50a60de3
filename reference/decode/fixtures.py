"""Rebuilds `reference/fixtures/images/upright` and what Pillow and pillow-heif make of it: `python fixtures.py`."""

import base64
import hashlib
import json
import shutil
import warnings
from pathlib import Path
from random import Random

import files
from random_pictures import upright

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
FOLDER = "images/upright"
EACH = {"jpg": 20, "png": 16, "bmp": 24}
"""Files of each format; 12 of the others."""


def sequence() -> tuple[str, bytes]:
    """Two pictures of a film, of which the first counts."""
    random = Random("sequence")
    first = files.picture(random, "RGB", 16, even=True)
    return "sequence", files.saved(first, "AVIF", save_all=True, speed=6,
                                   append_images=[files.picture(random).resize(first.size)])


def main() -> None:
    warnings.simplefilter("ignore")
    files.MOST = 24
    shutil.rmtree(FIXTURES / FOLDER, ignore_errors=True)
    (FIXTURES / FOLDER).mkdir(parents=True)
    made = [(ending, *make(Random(f"fixture-{ending}-{i}"))) for ending, make in files.FORMATS.items()
            for i in range(EACH.get(ending, 12))]
    made.append(("avif", *sequence()))
    rows = []
    for number, (ending, kind, data) in enumerate(made):
        path = f"{FOLDER}/{number:03}-{kind.replace(';', '')}.{ending}"
        (FIXTURES / path).write_bytes(data)
        stored, shown = upright(data)
        row = {"image": path, "format": ending, "width": shown.width, "height": shown.height,
               "sha256": hashlib.sha256(shown.tobytes()).hexdigest(),
               "storedSha256": hashlib.sha256(stored.tobytes()).hexdigest()}
        if ending in ("heic", "avif"):  # decoders differ by some grey levels
            row["rgb"] = base64.b64encode(shown.tobytes()).decode()
        rows.append(row)
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    (FIXTURES / "expected" / "upright.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
