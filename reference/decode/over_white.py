"""Rebuilds `reference/fixtures/expected/over-white.json`: pictures with an alpha channel laid over white, as the authors of
Qwen-VL do before `convert("RGB")` (`qwen_vl_utils.vision_process.to_rgb`), by Pillow: `python over_white.py`."""

import base64
import hashlib
import io
import json
import struct
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageOps

pillow_heif.register_heif_opener()
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
MASKS = [(0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF, 0xFF00, 0xFF0000, 0xFF000000), (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
         (0xFF000000, 0xFF00, 0xFF, 0xFF0000), (0xFF0000, 0xFF00, 0xFF, 0), (0, 0, 0, 0)]
"""Red, green, blue, alpha: all that Pillow reads with 32 bits, and two without a mask for alpha."""


def to_rgb(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGB", image.size, (255, 255, 255))
    ground.paste(image, mask=image.split()[3])
    return ground


def bitmap(masks: tuple[int, ...], header: int, compression: int) -> bytes:
    width, height = 7, 5
    pixels = np.random.default_rng(header + masks[3] % 1000).integers(0, 256, (height, width * 4), dtype=np.uint8)
    pixels[:, 3::8] = 255
    info = struct.pack("<IiiHHIIiiII", header, width, height, 1, 32, compression, 0, 0, 0, 0, 0)
    given = struct.pack("<IIII", *masks)
    info = (info + given).ljust(header, b"\0") if header > 40 else info + (given[:12] if compression == 3 else b"")
    head = 14 + len(info)
    return b"BM" + struct.pack("<IHHI", head + pixels.size, 0, 0, head) + info + pixels.tobytes()


def main() -> None:
    rows = []
    for path in sorted([*FIXTURES.glob("images/upright/*"), *FIXTURES.glob("images/*.png")]):
        with Image.open(path) as image:
            if image.mode not in ("RGBA", "LA"):
                continue
            shown = to_rgb(ImageOps.exif_transpose(image))
        row = {"image": str(path.relative_to(FIXTURES)), "sha256": hashlib.sha256(shown.tobytes()).hexdigest()}
        if path.suffix in (".heic", ".avif"):  # decoders differ by some grey levels
            row["rgb"] = base64.b64encode(shown.tobytes()).decode()
        rows.append(row)
    kinds = [(masks, 56, 3) for masks in MASKS] + [(MASKS[0], 124, 3), (MASKS[0], 64, 3), (MASKS[0], 40, 3),
                                                   (MASKS[5], 40, 3), (MASKS[0], 40, 0), (MASKS[0], 124, 0)]
    for masks, header, compression in kinds:
        data = bitmap(masks, header, compression)
        name = f"bitmap, header of {header}, masks {' '.join(f'{mask:x}' for mask in masks)}, compression {compression}"
        try:
            image = Image.open(io.BytesIO(data))
            shown = to_rgb(image)
        except OSError as error:
            print(name, error)
            continue
        rows.append({"image": name, "file": base64.b64encode(data).decode(), "mode": image.mode,
                     "sha256": hashlib.sha256(shown.tobytes()).hexdigest()})
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    (FIXTURES / "expected" / "over-white.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
