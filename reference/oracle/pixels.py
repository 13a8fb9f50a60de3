"""Expected values of the image side: PIL's bicubic resize, HF's smart_resize, HF's processor, the pixel table."""

import numpy as np
from PIL import Image
from transformers import Qwen2VLImageProcessor
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

from .checkpoints import CHECKPOINTS
from .encoding import FIXTURES, ROOT, b64, f32, sha256, write_json
from .images import open_rgb

EXPECTED = FIXTURES / "expected"
EXAMPLE = ROOT.parent / "shared" / "data" / "example.jpg"

PHOTOS = ["images/astronaut.png", "images/cat.png", "images/coffee.png", "images/rocket.png", "images/wide.png",
          "images/tall.png", "images/tiny.png", "images/smallest.png"]
# (width, height)
SIZES = [(28, 28), (56, 56), (84, 112), (112, 84), (140, 140), (196, 196), (224, 168), (308, 252), (448, 448), (1, 1),
         (1, 97), (97, 1), (2, 3), (13, 17), (160, 160), (161, 159), (500, 30), (30, 500), (700, 5)]


def processor(min_pixels: int | None = None, max_pixels: int | None = None) -> Qwen2VLImageProcessor:
    limits = {"min_pixels": min_pixels, "max_pixels": max_pixels}
    return Qwen2VLImageProcessor.from_pretrained(
        CHECKPOINTS / "tiny-tied", **{key: value for key, value in limits.items() if value is not None}
    )


def patches_of(image: Image.Image, min_pixels: int | None = None, max_pixels: int | None = None):
    """Patches [P, 1176] float32 and grid (t, h, w) of HF's processor."""
    output = processor(min_pixels, max_pixels)(images=image, return_tensors="np")
    patches, grid = f32(output["pixel_values"]), [int(n) for n in output["image_grid_thw"][0]]
    assert patches.shape == (grid[1] * grid[2], 1176) and grid[0] == 1
    return patches, grid


def folded(patches: np.ndarray) -> np.ndarray:
    """[P, 3*2*14*14] → [P, 3*14*14]: a still image fills both temporal slices alike."""
    slices = patches.reshape(-1, 3, 2, 196)
    assert (slices[:, :, 0] == slices[:, :, 1]).all()
    return np.ascontiguousarray(slices[:, :, 0]).reshape(-1, 588)


def describe(patches: np.ndarray, grid: list[int]) -> dict:
    return {"grid": grid[1:], "patches": len(patches), "patchesSha256": sha256(patches),
            "foldedSha256": sha256(folded(patches))}


def _write_resizes() -> None:
    rows = []
    for path in PHOTOS:
        image = open_rgb(path)
        for width, height in SIZES:
            data = image.resize((width, height), Image.Resampling.BICUBIC).tobytes()
            row = {"image": path, "width": width, "height": height, "sha256": sha256(data)}
            if (width, height) == (13, 17):
                row["rgb"] = b64(data)
            rows.append(row)
    rows += _synthetic_resizes()
    write_json(EXPECTED / "resize.json", rows, depth=1)


def _synthetic_resizes() -> list[dict]:
    """Pictures a test can make itself: pixel (x, y, c) = noise(x, y, c) of 0 or 255, the hardest clipping case."""
    rows = []
    for width, height in [(1, 1), (3, 2), (17, 5), (64, 48), (257, 129)]:
        y, x, c = np.mgrid[0:height, 0:width, 0:3].astype(np.int64)
        data = (((x * 7919 + y * 104729 + c * 1299709) % 101 < 50) * 255).astype(np.uint8)
        image = Image.fromarray(data)
        for size in [(1, 1), (2, 2), (28, 28), (60, 45), (300, 7), (511, 383)]:
            resized = image.resize(size, Image.Resampling.BICUBIC).tobytes()
            rows.append({"synthetic": [width, height], "width": size[0], "height": size[1], "sha256": sha256(resized)})
    return rows


def _smart(height: int, width: int, low: int, high: int) -> list:
    """[height, width, minPixels, maxPixels, [newHeight, newWidth] or null where HF raises]"""
    try:
        return [height, width, low, high, list(smart_resize(height, width, 28, low, high))]
    except ValueError:
        return [height, width, low, high, None]


def _write_smart_resizes() -> None:
    sides = [1, 27, 28, 29, 41, 42, 43, 56, 69, 70, 71, 84, 98, 99, 126, 154, 182, 210, 238, 300, 599, 800, 1344, 4032]
    rows = [_smart(h, w, 3136, 12845056) for h in sides for w in sides]
    limits = [(3136, 1003520), (784, 3136), (200704, 1003520), (784, 784), (50176, 50176)]
    pairs = [(28, 28), (28, 5600), (28, 5601), (5600, 28), (42, 42), (42, 70), (70, 42), (98, 126), (112, 140),
             (300, 401), (599, 800), (800, 599), (1080, 1920), (1344, 1344), (3000, 4000), (6000, 40), (77, 5000), (10000, 10000)]
    rows += [_smart(h, w, low, high) for low, high in limits for h, w in pairs]
    write_json(EXPECTED / "smart-resize.json", rows, depth=1)


def _write_processor() -> None:
    rows = []
    for path in PHOTOS + ["images/rgba.png", "images/grey.png", "images/palette.png", "images/grey-alpha.png"]:
        for low, high in [(None, None), (None, 12544), (65536, None), (784, 3136)]:
            try:
                patches, grid = patches_of(open_rgb(path), low, high)
            except ValueError:
                continue
            rows.append({"image": path, "minPixels": low, "maxPixels": high, **describe(patches, grid)})
    write_json(EXPECTED / "processor.json", rows, depth=1)
    if EXAMPLE.exists():
        with Image.open(EXAMPLE) as image:
            rgb = image.convert("RGB")
        entry = {"file": "example.jpg", "fileSha256": sha256(EXAMPLE.read_bytes()), "width": rgb.width,
                 "height": rgb.height, "rgbSha256": sha256(rgb.tobytes())}
        write_json(EXPECTED / "example.json", {**entry, **describe(*patches_of(rgb))})


def _write_pixel_table() -> None:
    """The float32 value of every byte, per channel [3, 256], read off the processor's own output."""
    table = np.zeros((3, 256), dtype="<f4")
    for value in range(256):
        image = Image.fromarray(np.full((28, 28, 3), value, dtype=np.uint8))
        patches, _ = patches_of(image, 784, 784)
        table[:, value] = folded(patches).reshape(-1, 3, 196)[0, :, 0]
    write_json(EXPECTED / "pixel-table.json", {"shape": [3, 256], "data": b64(table)})


# Settings of preprocessor_config.json that move the values without moving the pixels.
VALUE_SETTINGS = [
    {"do_normalize": False},
    {"do_rescale": False},
    {"do_rescale": False, "do_normalize": False},
    {"rescale_factor": 1 / 127.5},
    {"rescale_factor": 0.00392157},
    {"rescale_factor": 1 / 127.5, "image_mean": [1.0, 1.0, 1.0], "image_std": [1.0, 1.0, 1.0]},
    {"do_rescale": False, "rescale_factor": 1 / 127.5},
]


def _write_value_settings() -> None:
    """A pixel table [3, 256] for each of VALUE_SETTINGS, read off a picture that holds every byte (not resized)."""
    image = Image.fromarray(np.arange(28 * 28, dtype=np.int64).reshape(28, 28, 1).repeat(3, 2).astype(np.uint8))
    rows = []
    for settings in VALUE_SETTINGS:
        made = Qwen2VLImageProcessor.from_pretrained(
            CHECKPOINTS / "tiny-tied", min_pixels=784, max_pixels=784, patch_size=28, merge_size=1, **settings
        )
        values = f32(made(images=image, return_tensors="np")["pixel_values"]).reshape(3, 2, 784)
        rows.append({"settings": settings, "shape": [3, 256], "data": b64(np.ascontiguousarray(values[:, 0, :256]))})
    write_json(EXPECTED / "pixel-settings.json", rows, depth=1)


def write_all() -> None:
    _write_resizes()
    _write_smart_resizes()
    _write_processor()
    _write_pixel_table()
    _write_value_settings()
