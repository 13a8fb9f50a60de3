"""Writes reference/fixtures/photos: small pictures as phones, cameras and programs leave them, and what each says of itself.

From the root: python -m reference.photos

What Pillow and pillow-heif can read they read back, so that `expected.json` holds what they find and not what was meant.
"""

import binascii
import json
import re
import struct
import zlib
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pillow_heif
from PIL import Image, PngImagePlugin

pillow_heif.register_heif_opener()

OUT = Path(__file__).parent.parent / "fixtures" / "photos"
MAKE, MODEL, DATE_TIME, EXIF_IFD, GPS_IFD = 0x010F, 0x0110, 0x0132, 0x8769, 0x8825
ORIGINAL, DIGITIZED = 0x9003, 0x9004
CAMERA = "Acme Testcam 1"
WHEN = "2018:03:04 05:06:07"
ISO = "2018-03-04T05:06:07"
PLACE = [-33.8565, 151.2153]


def picture(hue: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    image = Image.new("RGB", size, (hue, 255 - hue, 128))
    image.paste((255 - hue, hue, 40), (0, 0, size[0] // 2, size[1] // 3))
    return image


def exif(dates: dict[int, str] | None = None, *, place: bool = False, camera: bool = True) -> Image.Exif:
    block = Image.Exif()
    if camera:
        block[MAKE], block[MODEL] = "Acme", "Testcam 1"
    for tag, text in (dates or {}).items():
        if tag == DATE_TIME:
            block[tag] = text
        else:
            block.get_ifd(EXIF_IFD)[tag] = text
    if place:
        block.get_ifd(GPS_IFD).update({1: "S", 2: (33.0, 51.0, 23.4), 3: "E", 4: (151.0, 12.0, 55.08)})
    return block


def xmp(inside: str, attributes: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:e="http://ns.adobe.com/exif/1.0/"'
        f' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" {attributes}>'
        f'{inside}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


FULL_XMP = xmp(
    f"<e:DateTimeOriginal>{ISO}+11:00</e:DateTimeOriginal><tiff:Make>Acme</tiff:Make><tiff:Model>Testcam 1</tiff:Model>"
    "<e:GPSLatitude>33,51.39S</e:GPSLatitude><e:GPSLongitude>151,12.918E</e:GPSLongitude>"
)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", binascii.crc32(kind + data))


def with_chunk(png: bytes, new: bytes, *, before: bytes) -> bytes:
    at = png.index(before) - 4
    return png[:at] + new + png[at:]


def raw_profile(block: bytes) -> bytes:
    digits = block.hex()
    lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
    return zlib.compress(f"\nexif\n{len(block):8}\n{lines}\n".encode())


def with_brands(heif: bytes, major: bytes, brands: list[bytes]) -> bytes:
    """The same file with another `ftyp`; offsets into the file move along."""
    length = struct.unpack(">I", heif[:4])[0]
    ftyp = struct.pack(">I", 16 + 4 * len(brands)) + b"ftyp" + major + bytes(4) + b"".join(brands)
    moved = bytearray(ftyp + heif[length:])
    shift = len(ftyp) - length
    at = moved.index(b"iloc") + 4
    version, sizes = moved[at], struct.unpack(">H", moved[at + 4 : at + 6])[0]
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    at += 6
    count = int.from_bytes(moved[at : at + 2], "big")
    at += 2
    assert version < 2
    for _ in range(count):
        at += 2
        method = 0
        if version == 1:
            method = moved[at + 1] & 15
            at += 2
        at += 2
        if base_size and method == 0:
            base = int.from_bytes(moved[at : at + base_size], "big") + shift
            moved[at : at + base_size] = base.to_bytes(base_size, "big")
        at += base_size
        extents = int.from_bytes(moved[at : at + 2], "big")
        at += 2
        for _ in range(extents):
            if not base_size and method == 0:
                offset = int.from_bytes(moved[at : at + offset_size], "big") + shift
                moved[at : at + offset_size] = offset.to_bytes(offset_size, "big")
            at += offset_size + length_size
    return bytes(moved)


def files() -> dict[str, tuple[bytes, dict[str, object]]]:
    """Bytes by name, and what is to be said of them: `date` in ISO 8601, `camera`, `place`, `unread`."""
    full = {"date": ISO, "camera": CAMERA, "place": PLACE}
    dated = {"date": ISO, "camera": CAMERA}
    original = {ORIGINAL: WHEN}
    found: dict[str, tuple[bytes, dict[str, object]]] = {}

    def jpeg(name: str, dates: dict[int, str], said: dict[str, object]) -> None:
        found[name] = saved(picture(len(found) * 9), "JPEG", exif=exif(dates)), said

    found["jpeg.jpg"] = saved(picture(10), "JPEG", exif=exif(original, place=True)), full
    jpeg("jpeg-digitized.jpg", {DIGITIZED: WHEN, DATE_TIME: "2024:01:01 00:00:00"}, dated)
    jpeg("jpeg-changed-only.jpg", {DATE_TIME: WHEN}, dated)
    jpeg("jpeg-slashes.jpg", {ORIGINAL: "2018/03/04 05:06:07"}, dated)
    jpeg("jpeg-blanks.jpg", {ORIGINAL: "2018: 3: 4  5: 6: 7"}, dated)
    jpeg("jpeg-no-seconds.jpg", {ORIGINAL: "2018-03-04 05:06"}, {"date": "2018-03-04T05:06:00", "camera": CAMERA})
    jpeg("jpeg-zeros.jpg", {ORIGINAL: "0000:00:00 00:00:00"}, {"camera": CAMERA})
    jpeg("jpeg-zeros-then-date.jpg", {ORIGINAL: "0000:00:00 00:00:00", DATE_TIME: WHEN}, dated)
    jpeg("jpeg-wrong-date.jpg", {ORIGINAL: "yesterday"}, {"camera": CAMERA, "unread": "yesterday"})
    whole, _ = found["jpeg.jpg"]
    at = whole.index(b"\xff\xe1")
    found["jpeg-junk.jpg"] = whole[:at] + b"\x00\x13\xff\x00junk" + whole[at:], full
    damaged = bytearray(whole)
    tiff = whole.index(b"Exif\0\0") + 6
    damaged[tiff + 4 : tiff + 8] = b"\x7f\xff\xff\xff"
    found["jpeg-damaged-exif.jpg"] = bytes(damaged), {"unread": "EXIF"}
    found["jpeg-xmp.jpg"] = saved(picture(20), "JPEG", xmp=FULL_XMP), full
    found["jpeg-xmp-attributes.jpg"] = saved(picture(21), "JPEG", xmp=xmp("", f'xmp:CreateDate="{ISO}Z"')), {"date": ISO}
    scan = xmp("", 'photoshop:DateCreated="1962-07"')
    found["jpeg-xmp-month.jpg"] = saved(picture(22), "JPEG", xmp=scan), {"date": "1962-07-01T00:00:00"}
    torn = saved(picture(23), "JPEG", xmp=FULL_XMP.replace(b"</rdf:RDF>", b""))
    found["jpeg-damaged-xmp.jpg"] = torn, {"unread": "XMP"}
    stereo = saved(picture(30), "MPO", save_all=True, append_images=[picture(200)], exif=exif(original))
    found["stereo.mpo"] = stereo, dated

    found["webp.webp"] = saved(picture(40), "WEBP", exif=exif(original, place=True)), full
    found["webp-prefix.webp"] = saved(picture(41), "WEBP", exif=b"Exif\0\0" + exif(original).tobytes()[6:]), dated
    found["webp-xmp.webp"] = saved(picture(42), "WEBP", xmp=FULL_XMP), full

    png = saved(picture(50), "PNG", exif=exif(original, place=True))
    found["png.png"] = png, full
    block = exif(original, place=True).tobytes()
    tiff_block = block[6:] if block.startswith(b"Exif\0\0") else block
    plain = saved(picture(51), "PNG")
    found["png-after-pixels.png"] = with_chunk(plain, chunk(b"eXIf", tiff_block), before=b"IEND"), full
    profile = b"Raw profile type exif\0\0" + raw_profile(b"Exif\0\0" + tiff_block)
    found["png-raw-profile.png"] = with_chunk(plain, chunk(b"zTXt", profile), before=b"IDAT"), full
    short = b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n    4000\n4d4d002a\n")
    found["png-short-profile.png"] = with_chunk(plain, chunk(b"zTXt", short), before=b"IDAT"), {"unread": "Raw profile"}
    for name, packed in (("png-xmp.png", False), ("png-xmp-packed.png", True)):
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", FULL_XMP.decode(), zip=packed)
        found[name] = saved(picture(52), "PNG", pnginfo=info), full
    info = PngImagePlugin.PngInfo()
    info.add_text("Creation Time", "Sun, 4 Mar 2018 05:06:07 +1100")
    found["png-created.png"] = saved(picture(53), "PNG", pnginfo=info), {"date": ISO}

    found["avif.avif"] = saved(picture(60), "AVIF", exif=exif(original, place=True)), full
    found["avif-xmp.avif"] = saved(picture(61), "AVIF", xmp=FULL_XMP), full
    # One of a kind for each phone: the same bytes would be one picture.
    heic = saved(picture(70), "HEIF", quality=60, exif=exif(original, place=True).tobytes())
    found["heic.heic"] = heic, full
    many = [b"mif1", b"MiHE", b"miaf", b"MiHB", b"heic", b"heix", b"tmap", b"MiPr", b"hevc"]
    other = saved(picture(71), "HEIF", quality=60, exif=exif(original).tobytes())
    found["heic-many-brands.heic"] = with_brands(other, b"heic", many), dated
    other = saved(picture(72), "HEIF", quality=60, exif=exif(original).tobytes())
    found["heic-heix.heic"] = with_brands(other, b"heix", [b"mif1", b"heix"]), dated
    other = saved(picture(73), "HEIF", quality=60, exif=exif(original).tobytes())
    found["heic-mif1.heif"] = with_brands(other, b"mif1", [b"mif1", b"heic"]), dated
    found["heic-xmp.heic"] = saved(picture(74), "HEIF", quality=60, xmp=FULL_XMP), full
    return found


def check(name: str, data: bytes, said: dict[str, object]) -> None:
    """What Pillow and pillow-heif find in EXIF is what is expected, wherever they find something spelled as EXIF is."""
    if "unread" in said:
        return
    with Image.open(BytesIO(data)) as image:
        image.load()
        block = image.getexif()
        texts, gps = block.get_ifd(EXIF_IFD), block.get_ifd(GPS_IFD)
    if not block:
        assert "xmp" in name or name == "png-created.png", name
        return
    assert f"{block[MAKE]} {block[MODEL]}" == said["camera"], name
    dates = [texts.get(ORIGINAL), texts.get(DIGITIZED), block.get(DATE_TIME)]
    dates = [text for text in dates if text and re.fullmatch(r"[1-9]\d{3}(:\d\d){2} \d\d(:\d\d){2}", text)]
    if dates:
        assert datetime.strptime(dates[0], "%Y:%m:%d %H:%M:%S").isoformat() == said["date"], name
    if gps:
        degrees = [float(sum(part / 60**i for i, part in enumerate(gps[tag]))) for tag in (2, 4)]
        found = [degrees[0] * (-1 if gps[1] == "S" else 1), degrees[1] * (-1 if gps[3] == "W" else 1)]
        assert all(abs(a - b) < 1e-9 for a, b in zip(found, said["place"])), (name, found)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    expected = {}
    for name, (data, said) in files().items():
        check(name, data, said)
        (OUT / name).write_bytes(data)
        expected[name] = {"date": None, "camera": None, "place": None, "unread": None, **said}
    (OUT / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


if __name__ == "__main__":
    main()
