"""Writes reference/fixtures/photo-words: small pictures with titles, captions and keywords, as exiv2 writes them.

From the root: python -m reference.photos.words (needs pyexiv2 2.16.0 and Pillow)

`expected.json` says what each is to be read as; exiv2 reads the blocks back before that is written.
"""

import json
from io import BytesIO
from pathlib import Path

import pyexiv2
from PIL import Image

OUT = Path(__file__).parent.parent / "fixtures" / "photo-words"
IIM = "Iptc.Application2."
UTF8 = "\x1b%G"

PHOTOS = {
    "iptc.jpg": (
        {
            "iptc": {
                "Iptc.Envelope.CharacterSet": UTF8,
                IIM + "ObjectName": "Grüße vom See",
                IIM + "Headline": "Winter",
                IIM + "Keywords": ["Schnee", "snowman", "Émile"],
                IIM + "Caption": "A caption, twice as long",
                IIM + "City": "Bergen",
                IIM + "CountryName": "Norway",
            }
        },
        {
            "title": "Grüße vom See",
            "caption": "Winter\nA caption, twice as long",
            "keywords": ["Schnee", "snowman", "Émile"],
            "places": ["Bergen", "Norway"],
        },
    ),
    "iptc-no-charset.jpg": ({"iptc": {IIM + "Keywords": ["plain", "words"]}}, {"keywords": ["plain", "words"]}),
    "xmp.jpg": (
        {
            "xmp": {
                "Xmp.dc.title": {'lang="x-default"': "Das Boot", 'lang="en"': "The boat"},
                "Xmp.dc.description": {'lang="x-default"': "Ein Boot am Steg"},
                "Xmp.dc.subject": ["boat", "jetty"],
                "Xmp.lr.hierarchicalSubject": ["places|Norway|Bergen"],
                "Xmp.photoshop.City": "Bergen",
            }
        },
        {
            "title": "Das Boot\nThe boat",
            "caption": "Ein Boot am Steg",
            "keywords": ["boat", "jetty", "places|Norway|Bergen"],
            "places": ["Bergen"],
        },
    ),
    "xmp.png": ({"xmp": {"Xmp.dc.title": {'lang="x-default"': "Boot"}, "Xmp.dc.subject": ["boat"]}}, {"title": "Boot", "keywords": ["boat"]}),
    "xmp.webp": ({"xmp": {"Xmp.dc.subject": ["boat", "sea"]}}, {"keywords": ["boat", "sea"]}),
    "exif.jpg": (
        {
            "exif": {
                "Exif.Image.ImageDescription": "Zwei Böte",
                "Exif.Image.XPTitle": "Boats",
                "Exif.Image.XPKeywords": "sea;boat; café",
                "Exif.Image.XPComment": "seen from the pier",
            }
        },
        {"title": "Boats", "caption": "Zwei Böte\nseen from the pier", "keywords": ["sea", "boat", "café"]},
    ),
    # What two blocks say alike is there once.
    "both.jpg": (
        {
            "iptc": {"Iptc.Envelope.CharacterSet": UTF8, IIM + "Keywords": ["boat", "sea"], IIM + "ObjectName": "Boot"},
            "xmp": {"Xmp.dc.subject": ["boat", "pier"], "Xmp.dc.title": {'lang="x-default"': "Boot"}},
        },
        {"title": "Boot", "keywords": ["boat", "sea", "pier"]},
    ),
    # What cameras write that were told nothing.
    "camera-default.jpg": ({"exif": {"Exif.Image.ImageDescription": "OLYMPUS DIGITAL CAMERA         "}}, None),
}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", (48, 36), (20, 200, 128))
    picture.paste((200, 40, 30), (0, 0, 24, 12))
    expected = {}
    for name, (blocks, words) in PHOTOS.items():
        plain = BytesIO()
        picture.save(plain, {"jpg": "jpeg"}.get(name.split(".")[1], name.split(".")[1]))
        image = pyexiv2.ImageData(plain.getvalue())
        for kind, values in blocks.items():
            getattr(image, f"modify_{kind}")(values)
            found = getattr(image, f"read_{kind}")()
            assert all(found[key] == value for key, value in values.items()), (name, found)
        (OUT / name).write_bytes(image.get_bytes())
        image.close()
        expected[name] = words
    (OUT / "expected.json").write_text(json.dumps(expected, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
