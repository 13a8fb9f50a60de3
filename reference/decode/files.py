"""Picture files of every kind that is decoded, usual and odd, each made from a seeded random generator.

`FORMATS` maps a format to its makers; a maker takes a `Random` and gives `(name of the kind, bytes)`.
"""

import io
import struct
import zlib
from random import Random

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, PngImagePlugin

pillow_heif.register_heif_opener()


# ---------------------------------------------------------------------------------------------------- pictures

MOST = 120
"""Pixels of a side at most; `fixtures.py` lowers it."""


def picture(random: Random, mode: str = "RGB", least: int = 1, even: bool = False) -> Image.Image:
    """Shapes on a gradient, now and then noise: no two corners are alike, so that every turn shows."""
    width, height = random.randint(least, MOST), random.randint(least, MOST)
    if even:
        width, height = width + width % 2, height + height % 2
    state = np.random.default_rng(random.getrandbits(32))
    x, y = np.linspace(0, 1, width)[None, :], np.linspace(0, 1, height)[:, None]
    corners = state.integers(0, 256, (4, 3))
    planes = [(c[0] * (1 - x) + c[1] * x) * (1 - y) + (c[2] * (1 - x) + c[3] * x) * y for c in corners.T]
    pixels = np.stack(planes, axis=2)
    if random.random() < 0.3:
        pixels = pixels + state.normal(0, 25, pixels.shape)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(random.randint(1, 5)):
        a, b = sorted(random.randint(0, width) for _ in "ab"), sorted(random.randint(0, height) for _ in "ab")
        fill = tuple(random.randint(0, 255) for _ in range(3))
        random.choice([draw.rectangle, draw.ellipse])((a[0], b[0], a[1], b[1]), fill=fill)
    if mode in ("RGBA", "LA"):
        alpha = Image.fromarray(state.integers(0, 256, (height, width), dtype=np.uint8))
        image.putalpha(alpha)
        return image if mode == "RGBA" else Image.merge("LA", (image.convert("L"), alpha))
    if mode == "P":
        return image.quantize(random.choice([2, 3, 7, 16, 60, 256]), dither=Image.Dither.NONE)
    return image.convert(mode)


def saved(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


# ---------------------------------------------------------------------------------------------------- metadata

TIFF_TYPES = {3: "H", 4: "I", 8: "h", 9: "i", 11: "f", 12: "d", 5: "II", 6: "b", 1: "B"}


def tiff(entries: list[tuple[int, int, int, tuple]], order: str) -> bytes:
    """A TIFF directory of (tag, type, count, values)."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    directory, extra = b"", b""
    extra_at = 8 + 2 + 12 * len(entries) + 4
    for tag, kind, count, values in entries:
        data = struct.pack(order + TIFF_TYPES[kind] * count, *values)
        if len(data) > 4:
            field = struct.pack(order + "I", extra_at + len(extra))
            extra += data
        else:
            field = data.ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, kind, count) + field
    return head + struct.pack(order + "H", len(entries)) + directory + b"\0" * 4 + extra


def orientation_tiff(random: Random, value: int | None = None) -> bytes:
    value = random.randint(1, 8) if value is None else value
    order = random.choice("<>")
    kind = random.choice([3, 3, 3, 4, 4, 8, 9, 5, 11, 12, 1])
    values = (value, 1) if kind == 5 else (value,)
    entries = [(0x0112, kind, 1, values)]
    chance = random.random()
    if chance < 0.1:
        entries.append((0x0112, 3, 1, (random.randint(0, 9),)))  # twice
    elif chance < 0.2:
        entries = [(0x0112, 3, 2, (value, 3))]  # too many values
    elif chance < 0.3:
        entries = []
    return tiff([(0x0100, 4, 1, (640,)), *entries, (0x0128, 3, 1, (2,))], order)


def xmp(random: Random) -> bytes:
    value = random.randint(1, 8)
    tag = random.choice([f' tiff:Orientation="{value}"/>', f"><tiff:Orientation>{value}</tiff:Orientation></x>", "/>"])
    return f'<x xmlns:tiff="http://ns.adobe.com/tiff/1.0/"{tag}'.encode()


# ---------------------------------------------------------------------------------------------------- JPEG

def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg_segments(data: bytes) -> tuple[list[bytes], bytes]:
    """The segments between SOI and the first scan, and the rest."""
    at, found = 2, []
    while data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2 : at + 4])[0] + 2
        found.append(data[at : at + length])
        at += length
    return found, data[at:]


def jpeg(random: Random) -> tuple[str, bytes]:
    mode = random.choice(["RGB"] * 6 + ["L", "CMYK"])
    options = {"quality": random.choice([30, 75, 90, 95, 100]), "progressive": random.random() < 0.3}
    if mode == "RGB":
        options["subsampling"] = random.choice([0, 1, 2])
    if random.random() < 0.2:
        options["restart_marker_blocks"] = 2
    segments, rest = jpeg_segments(saved(picture(random, mode), "JPEG", **options))
    names = [mode]
    if random.random() < 0.5:
        names.append("exif")
        exif = orientation_tiff(random)
        prefix = b"Exif\0\0" * random.choice([1, 1, 1, 2])
        cut = random.choice([None, None, None, 20])
        parts = [prefix + exif] if cut is None else [prefix + exif[:cut], b"Exif\0\0" + exif[cut:]]
        segments[1:1] = [segment(0xE1, part) for part in parts]
    if random.random() < 0.3:
        names.append("xmp")
        segments.insert(1, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(random)))
    kind = random.choice(["plain", "plain", "junk", "ff00", "fill", "short", "none", "tail"])
    names.append(kind)
    at = random.randint(1, len(segments))
    if kind == "junk":
        segments.insert(at, bytes(random.randint(0, 254) for _ in range(random.randint(1, 40))))
    elif kind == "ff00":
        segments.insert(at, b"\xff\0" * random.randint(1, 5))
    elif kind == "fill":
        segments[at - 1] = b"\xff" * random.randint(1, 5) + segments[at - 1]
    elif kind == "short":  # a length that leaves some of the segment's bytes outside
        segments.insert(at, struct.pack(">BBH", 0xFF, 0xE5, 6) + b"abcd" + b"left over")
    elif kind == "none":  # a length below the two bytes it takes itself
        segments.insert(at, b"\xff\xe5\0" + bytes([random.randint(0, 1)]))
    elif kind == "tail":
        rest += bytes(random.randint(0, 255) for _ in range(50))
    return "-".join(names), b"\xff\xd8" + b"".join(segments) + rest


# ---------------------------------------------------------------------------------------------------- PNG

def chunk(name: bytes, data: bytes, wrong_sum: bool = False) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data) ^ wrong_sum)


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 8, []
    while at < len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += length + 12
    return found


def raw_profile(exif: bytes) -> bytes:
    digits = (b"Exif\0\0" + exif).hex()
    lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
    return f"\nexif\n{len(digits) // 2:8}\n{lines}\n".encode()


def text_chunk(random: Random, keyword: bytes, text: bytes) -> bytes:
    kind = random.choice(["tEXt", "zTXt", "iTXt", "iTXz"])
    if kind == "tEXt":
        return chunk(b"tEXt", keyword + b"\0" + text)
    if kind == "zTXt":
        return chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(text))
    packed = kind == "iTXz"
    return chunk(b"iTXt", keyword + b"\0" + bytes([packed, 0]) + b"en\0\0" + (zlib.compress(text) if packed else text))


def png(random: Random) -> tuple[str, bytes]:
    if random.random() < 0.15:
        frames = [picture(random).resize((20, 13)) for _ in range(3)]
        info = PngImagePlugin.PngInfo()
        late = random.random() < 0.5
        info.add(b"eXIf", orientation_tiff(random), after_idat=late)
        apart = random.random() < 0.5
        return "animated", saved(frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=apart,
                                 pnginfo=info)
    mode = random.choice(["RGB", "RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
    if mode == "I;16":
        grey = np.asarray(picture(random, "L"), dtype=np.uint16)
        image = Image.fromarray(grey * random.choice([1, 3, 257]))
    else:
        image = picture(random, mode)
    (_, header), *body = png_chunks(saved(image, "PNG", compress_level=random.choice([0, 6, 9])))
    before = [chunk(name, data) for name, data in body if name not in (b"IDAT", b"IEND")]
    pixels = b"".join(data for name, data in body if name == b"IDAT")
    after, end = [], chunk(b"IEND", b"")
    names = [mode]
    for kind, part in [
        ("exif", lambda: chunk(b"eXIf", orientation_tiff(random))),
        ("raw", lambda: text_chunk(random, b"Raw profile type exif", raw_profile(orientation_tiff(random)))),
        ("xmp", lambda: text_chunk(random, b"XML:com.adobe.xmp", xmp(random))),
    ]:
        if random.random() < 0.3:
            names.append(kind)
            random.choice([before, after]).append(part())
    cuts = sorted(random.randint(0, len(pixels)) for _ in range(random.choice([0, 0, 1, 4])))
    wrong = random.random() < 0.1
    data = [chunk(b"IDAT", pixels[a:b], wrong) for a, b in zip([0, *cuts], [*cuts, len(pixels)])]
    if wrong:
        names.append("sum")
    if random.random() < 0.2:
        names.append("end")
        end = random.choice([b"", end[:2], end[:6], end[:-2]])
    return "-".join(names), b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join([*before, *data, *after]) + end


# ---------------------------------------------------------------------------------------------------- GIF

def gif(random: Random) -> tuple[str, bytes]:
    image = picture(random, random.choice(["P", "P", "P", "L"]))
    options = {"interlace": random.random() < 0.3}
    if random.random() < 0.3:
        options["transparency"] = random.randint(0, 3)
    if random.random() < 0.3:
        options["comment"] = b"words " * random.randint(1, 90)
    if random.random() < 0.2:
        size = image.size
        options.update(save_all=True, append_images=[picture(random, "RGB").resize(size) for _ in range(2)], loop=0)
    data = bytearray(saved(image, "GIF", **options))
    table = 3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0
    at = 13 + table
    kind = random.choice(["plain", "plain", "screen", "moved", "large", "zeros", "stray", "end"])
    frame = at  # of the first picture
    while data[frame] == 0x21:
        frame += 2
        while data[frame]:
            frame += data[frame] + 1
        frame += 1
    if kind == "screen":
        data[6:10] = struct.pack("<HH", random.choice([0, 1, image.width]), random.choice([0, 1, image.height]))
    elif kind == "moved":
        data[frame + 1 : frame + 5] = struct.pack("<HH", random.randint(0, 30), random.randint(0, 30))
    elif kind == "large":
        data[6:10] = struct.pack("<HH", image.width + random.randint(0, 30), image.height + random.randint(0, 30))
    elif kind == "zeros":
        data[frame:frame] = bytes(random.randint(1, 5))
    elif kind == "stray":
        data[at:at] = bytes(random.choice([0, 1, 7, 0x40, 0xFF]) for _ in range(random.randint(1, 9)))
    elif kind == "end":
        del data[-random.randint(1, 2) :]
    return kind, bytes(data)


# ---------------------------------------------------------------------------------------------------- BMP

def bmp(random: Random) -> tuple[str, bytes]:
    bits = random.choice([1, 4, 8, 16, 24, 32])
    core = bits in (1, 4, 8, 24) and random.random() < 0.2
    width, height = random.randint(1, 70), random.randint(1, 70)
    down = not core and random.random() < 0.3
    colors = random.randint(3 if bits > 1 else 2, 1 << bits) if bits <= 8 and not core else 1 << bits
    runs = {8: 1, 4: 2}.get(bits, 0) if not core and not down and random.random() < 0.4 else 0
    masks = b""
    compression = runs
    if bits in (16, 32) and random.random() < 0.5:
        compression = 3
        layouts = {16: [(0xF800, 0x7E0, 0x1F), (0x7C00, 0x3E0, 0x1F)],
                   32: [(0xFF0000, 0xFF00, 0xFF), (0xFF000000, 0xFF0000, 0xFF00)]}
        masks = struct.pack("<III", *random.choice(layouts[bits]))
    state = np.random.default_rng(random.getrandbits(32))
    entries = b""
    if bits <= 8:
        table = state.integers(0, 256, (colors, 3 if core else 4), dtype=np.uint8)
        entries = table.tobytes()
        indices = state.integers(0, colors, (height, width))
        indices = np.repeat(np.repeat(indices, 3, 0), 5, 1)[:height, :width]
    size = 12 if core else random.choice([40, 40, 108, 124] if compression != 3 or bits == 16 else [40])
    if core:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", size, width, -height if down else height, 1, bits, compression, 0, 0, 0,
                           colors if bits <= 8 and colors != 1 << bits else 0, 0)
        if size > 40:
            info += (masks + bytes(4)).ljust(size - 40, b"\0")
            masks = b""
    if runs:
        pixels = run_lengths(random, indices, bits)
    elif bits <= 8:
        row = np.zeros((height, -(-width * bits // 32) * 32 // bits), np.uint8)
        row[:, :width] = indices
        planes = (row[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
        pixels = np.packbits(planes.reshape(height, -1), axis=1).tobytes()
    else:
        pixels = state.integers(0, 256, (height, -(-width * bits // 32) * 4), dtype=np.uint8).tobytes()
    head = 14 + len(info) + len(masks)
    right = head + len(entries)
    offset, gap = right, 0
    kind = random.choice(["plain", "zero", "header", "gap"])
    if kind == "zero":
        offset = 0
    elif kind == "header" and bits <= 8:
        offset = head
    elif kind == "gap":
        gap = 2 * random.randint(1, 20)
        offset += gap
    data = b"BM" + struct.pack("<III", 0, 0, offset) + info + masks + entries + bytes(gap) + pixels
    return f"{bits}-{kind}{'-runs' if runs else ''}{'-core' if core else ''}", data


def run_lengths(random: Random, indices: np.ndarray, bits: int) -> bytes:
    out = b""
    for row in indices:
        at = 0
        while at < len(row):
            length = min(len(row) - at, random.randint(1, 40))
            part = [int(value) for value in row[at : at + length]]
            same = next((i for i, value in enumerate(part) if value != part[0]), length)
            if same >= 2 or length < 3:
                value = part[0]
                out += bytes([same, value if bits == 8 else value * 17])
                at += same
                continue
            if bits == 8:
                stored = bytes(part)
            else:
                pairs = [*part, 0]
                stored = bytes(pairs[i] * 16 + pairs[i + 1] for i in range(0, length, 2))
            out += bytes([0, length]) + stored + bytes(len(stored) % 2)
            at += length
        out += b"\0\0"
    return out + b"\0\1"


# ---------------------------------------------------------------------------------------------------- WebP

def webp(random: Random) -> tuple[str, bytes]:
    mode = random.choice(["RGB", "RGB", "RGBA"])
    image = picture(random, mode)
    options = {"lossless": random.random() < 0.5, "exact": True, "quality": random.choice([40, 80, 95]), "method": 2}
    kind = "animated" if random.random() < 0.15 else "lossless" if options["lossless"] else "lossy"
    if kind == "animated":
        image = image.convert("RGB")
        options.update(save_all=True, append_images=[picture(random).resize(image.size) for _ in range(2)])
    if random.random() < 0.5:
        options["exif"] = random.choice([b"", b"Exif\0\0"]) + orientation_tiff(random)
    if random.random() < 0.3:
        options["xmp"] = xmp(random)
    return f"{kind}-{mode}", saved(image, "WEBP", **options)


# ---------------------------------------------------------------------------------------------------- HEIC, AVIF

def orientation_exif(value: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif.tobytes()


def heic(random: Random) -> tuple[str, bytes]:
    mode = random.choice(["RGB", "RGB", "RGB", "RGBA", "L"])
    count = random.choice([1, 1, 2, 3])
    container = pillow_heif.HeifFile()
    for _ in range(count):
        # Turned pictures have even sides, as cameras' have: libheif-js shifts the colour of others by a pixel.
        turned = random.random() < 0.8
        frame = container.add_from_pillow(picture(random, mode, 16, even=turned))
        frame.info["exif"] = orientation_exif(random.randint(1, 8) if turned else 1)
    primary = random.randrange(count)
    buffer = io.BytesIO()
    container.save(buffer, quality=random.choice([50, 90, -1]), chroma=random.choice(["420", "420", "444"]),
                   primary_index=primary, enc_params={"preset": "ultrafast"})
    data = buffer.getvalue()
    kind = f"{mode}-{'first' if primary == 0 else 'later'}"
    if random.random() < 0.2:
        kind += "-brands"
        data = more_brands(data)
    return kind, data


def more_brands(data: bytes) -> bytes:
    """A longer list of brands, as new phones write; offsets inside the file move with it."""
    size = struct.unpack(">I", data[:4])[0]
    extra = b"MiHEMiPrmiafMiHBtmap"
    head = struct.pack(">I", size + len(extra)) + data[4:size] + extra
    return shift_items(head + data[size:], len(extra), size + len(extra))


def shift_items(data: bytes, by: int, meta: int) -> bytes:
    """Adds `by` to the extents of `iloc` version 0 or 1 with 4-byte offsets, as pillow-heif writes it."""
    at = data.index(b"iloc", meta) + 4
    version, sizes, base = data[at], data[at + 4], data[at + 5] >> 4
    assert sizes == 0x44 and version in (0, 1)
    out = bytearray(data)
    count = struct.unpack(">H", data[at + 6 : at + 8])[0]
    at += 8
    for _ in range(count):
        method = struct.unpack(">H", data[at + 2 : at + 4])[0] & 15 if version == 1 else 0
        at += (4 if version == 1 else 2) + 2
        whole = int.from_bytes(data[at : at + base], "big")
        if method == 0 and base and whole:
            out[at : at + base] = (whole + by).to_bytes(base, "big")
        at += base
        extents = struct.unpack(">H", data[at : at + 2])[0]
        at += 2
        for _ in range(extents):
            offset = struct.unpack(">I", data[at : at + 4])[0]
            if method == 0 and not (base and whole):
                out[at : at + 4] = struct.pack(">I", offset + by)
            at += 8
    return bytes(out)


def avif(random: Random) -> tuple[str, bytes]:
    mode = random.choice(["RGB", "RGB", "RGB", "RGBA", "L"])
    image = picture(random, mode, 16)
    options = {"quality": random.choice([40, 75, 90, 100]), "speed": 9,
               "subsampling": random.choice(["4:2:0", "4:2:0", "4:2:2", "4:4:4"])}
    kind = f"{mode}-{options['subsampling'].replace(':', '')}"
    if random.random() < 0.5:
        options["exif"] = orientation_exif(random.randint(1, 8))
    return kind, saved(image, "AVIF", **options)


FORMATS = {"jpg": jpeg, "png": png, "gif": gif, "bmp": bmp, "webp": webp, "heic": heic, "avif": avif}
