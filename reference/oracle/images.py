"""Input pictures: crops of photographs that scikit-image ships (public domain or CC0), and odd file kinds."""

import io
import shutil
from importlib.resources import files

import numpy as np
from PIL import Image, PngImagePlugin

from .encoding import FIXTURES, b64, sha256, write_json

IMAGES = FIXTURES / "images"


def _photo(name: str, box: tuple[int, int, int, int], size: tuple[int, int]) -> Image.Image:
    """A crop `box` (left, upper, right, lower) of a shipped photograph, scaled to `size` (width, height)."""
    with Image.open(str(files("skimage.data").joinpath(name))) as image:
        photo = image.convert("RGB").crop(box).resize(size, Image.Resampling.LANCZOS)
    photo.info.clear()  # no colour profile
    return photo


def _photographs() -> dict[str, Image.Image]:
    return {
        "astronaut.png": _photo("astronaut.png", (64, 0, 384, 320), (160, 160)),
        "cat.png": _photo("chelsea.png", (60, 0, 431, 300), (182, 140)),
        "coffee.png": _photo("coffee.png", (80, 20, 580, 380), (150, 108)),
        "rocket.png": _photo("rocket.jpg", (140, 60, 440, 410), (98, 126)),
        "tiny.png": _photo("chelsea.png", (180, 40, 320, 180), (56, 56)),
        "smallest.png": _photo("coffee.png", (200, 60, 400, 260), (28, 28)),
        "wide.png": _photo("rocket.jpg", (0, 200, 640, 264), (270, 28)),
        "tall.png": _photo("astronaut.png", (200, 0, 264, 512), (31, 240)),
    }


def _modes(photo: Image.Image) -> dict[str, Image.Image]:
    """The same picture as RGBA (with colour under transparent pixels), grey, grey+alpha and palette."""
    small = photo.resize((70, 84), Image.Resampling.BICUBIC)
    alpha = np.tile(np.linspace(0, 255, 70).astype(np.uint8), (84, 1))
    rgba = small.copy()
    rgba.putalpha(Image.fromarray(alpha))
    grey_alpha = small.convert("L")
    grey_alpha.putalpha(Image.fromarray(alpha))
    palette = small.quantize(64, dither=Image.Dither.NONE)
    return {
        "rgba.png": rgba, "grey.png": small.convert("L"), "grey-alpha.png": grey_alpha, "palette.png": palette,
        "bilevel.png": small.convert("1"),
    }


def _png(image: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False, compress_level=9, **options)
    return buffer.getvalue()


def _odd_files(photo: Image.Image) -> dict[str, bytes]:
    """Files whose decoding has a catch. All are 12 x 8 so that their pixels can be stored whole."""
    small = photo.resize((12, 8), Image.Resampling.BICUBIC)
    grey16 = (np.asarray(small.convert("L"), dtype=np.uint16) * 257 + 60).astype(np.uint16)
    transparent = small.quantize(16, dither=Image.Dither.NONE)
    result = {
        "grey16.png": _png(Image.fromarray(grey16)),
        "palette-trns.png": _png(transparent, transparency=3),
        "gamma.png": _png(small, pnginfo=_gamma_chunk()),
    }
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=95, subsampling=0, exif=exif)
        result[f"exif-{orientation}.jpg"] = buffer.getvalue()
    for name, image, options in [
        ("cmyk.jpg", small.convert("CMYK"), dict(format="JPEG", quality=95)),
        ("grey.jpg", small.convert("L"), dict(format="JPEG", quality=95)),
        ("lossless.webp", small, dict(format="WEBP", lossless=True, exact=True)),
        ("still.gif", small.quantize(32, dither=Image.Dither.NONE), dict(format="GIF")),
        ("exif-6.png", small, dict(format="PNG", exif=_orientation(6))),
    ]:
        buffer = io.BytesIO()
        image.save(buffer, **options)
        result[name] = buffer.getvalue()
    return result


def _gamma_chunk() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", (100000).to_bytes(4, "big"))
    return info


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def write_all() -> None:
    shutil.rmtree(IMAGES / "decode", ignore_errors=True)  # images/upright is made by reference/decode
    (IMAGES / "decode").mkdir(parents=True)
    photographs = _photographs()
    for name, image in {**photographs, **_modes(photographs["cat.png"])}.items():
        (IMAGES / name).write_bytes(_png(image))
    decoded = []
    for name, data in _odd_files(photographs["cat.png"]).items():
        (IMAGES / "decode" / name).write_bytes(data)
        decoded.append(_decode(f"images/decode/{name}"))
    for name in sorted(path.name for path in IMAGES.glob("*.png")):
        decoded.append(_decode(f"images/{name}", whole=False))
    write_json(FIXTURES / "expected" / "decode.json", decoded, depth=1)


def _decode(path: str, whole: bool = True) -> dict:
    """What PIL makes of the file: convert('RGB'), EXIF orientation not applied (the reference's behaviour)."""
    with Image.open(FIXTURES / path) as image:
        mode, orientation = image.mode, image.getexif().get(0x0112, 1)
        rgb = image.convert("RGB")
    entry = {"image": path, "mode": mode, "orientation": orientation, "width": rgb.width, "height": rgb.height,
             "sha256": sha256(rgb.tobytes())}
    return {**entry, "rgb": b64(rgb.tobytes())} if whole else entry


def open_rgb(path: str) -> Image.Image:
    with Image.open(FIXTURES / path) as image:
        return image.convert("RGB")
