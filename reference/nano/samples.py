"""Makes the sample scenes, drawings on white and photographs of `public/samples`.

Scenes put OpenMoji drawings, a style that `nano` is never trained on, on a ground: a plain one or a photograph. What is
said of each picture, sources and licences: `public/samples/samples.json`; `scripts/label-samples.ts` measures which
ones `nano` gets right. Usage: python samples.py --cache DIR (the folder that data.py fills)
"""

import argparse
import json
import subprocess
from importlib.resources import files
from pathlib import Path

from PIL import Image, ImageOps

OUT = Path(__file__).resolve().parents[2] / 'public/samples'
# Debian's package of community wallpapers; the photograph used is CC BY 4.0.
WALLPAPERS = 'lomiri-wallpapers-16.04'
MEADOW = 'aitzgorri_by_Aitzol_Berasategi.jpg'
PHOTO_SIDE = 480
# Emoji (code point), longest side in pixels, centre. Drawings on white are 320 x 320.
GUITAR = [('1f3b8', 270, (160, 160))]
SAILBOAT = [('26f5', 270, (160, 160))]
# On a plain square of 336 x 336.
APPLES = [('1f34e', 130, (90, 100)), ('1f34e', 130, (245, 110)), ('1f34e', 130, (160, 240))]
FISH = [('1f41f', 120, (x, y)) for x in (90, 245) for y in (90, 245)]
# On a canvas of 420 x 320.
FARM = [('1f40e', 150, (110, 235)), ('1f404', 150, (310, 240))]
STREET = [('1f333', 150, (75, 175)), ('1f3e0', 150, (215, 175)), ('1f697', 130, (350, 205))]


def fetch(cache: Path) -> Path:
    """The wallpapers' folder, downloaded and unpacked unless it is there."""
    folder = cache / 'wallpapers'
    pictures = folder / 'x/usr/share/backgrounds'
    if not pictures.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(['apt-get', 'download', WALLPAPERS], cwd=folder, check=True)
        for package in folder.glob('*.deb'):
            subprocess.run(['dpkg', '-x', package, folder / 'x'], check=True)
    return pictures


def drawings(cache: Path) -> dict[str, Image.Image]:
    """OpenMoji's drawings by code point, cropped to what is drawn."""
    found = {}
    for line in (cache / 'catalogue.jsonl').open():
        item = json.loads(line)
        if item['source'] == 'openmoji':
            found[item['concept']] = item['png']
    wanted = {code for code, *_ in GUITAR + SAILBOAT + APPLES + FISH + FARM + STREET}
    pictures = {code: Image.open(found[code]).convert('RGBA') for code in wanted}
    return {code: picture.crop(picture.getbbox(alpha_only=True)) for code, picture in pictures.items()}


def compose(ground: Image.Image, objects: list, known: dict[str, Image.Image]) -> Image.Image:
    """The objects on the ground, each scaled to its longest side and centred at its place."""
    scene = ground.convert('RGBA')
    for code, side, (x, y) in objects:
        picture = known[code]
        scale = side / max(picture.size)
        picture = picture.resize([round(length * scale) for length in picture.size], Image.Resampling.LANCZOS)
        scene.alpha_composite(picture, (x - picture.width // 2, y - picture.height // 2))
    return scene.convert('RGB')


def two_tone(upper: tuple, lower: tuple, horizon: int) -> Image.Image:
    ground = Image.new('RGB', (420, 320), upper)
    ground.paste(lower, (0, horizon, 420, 320))
    return ground


def plain(side: int, colour: tuple) -> Image.Image:
    return Image.new('RGB', (side, side), colour)


def photo(path: str) -> Image.Image:
    """A photograph, at most PHOTO_SIDE pixels long."""
    picture = Image.open(path).convert('RGB')
    picture.thumbnail((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS)
    picture.info.clear()
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cache', type=Path, default=Path.home() / '.cache/vlm2vec-nano')
    cache = parser.parse_args().cache
    wallpapers, known = fetch(cache), drawings(cache)
    meadow = Image.open(wallpapers / MEADOW).convert('RGB')
    meadow = ImageOps.fit(meadow, (420, 320), Image.Resampling.LANCZOS)
    scenes = {
        'guitar.png': compose(plain(320, (255, 255, 255)), GUITAR, known),
        'sailboat.png': compose(plain(320, (255, 255, 255)), SAILBOAT, known),
        'apples.png': compose(plain(336, (235, 225, 200)), APPLES, known),
        'fish.png': compose(plain(336, (235, 225, 200)), FISH, known),
        'farm.jpg': compose(meadow, FARM, known),
        'street.png': compose(two_tone((176, 219, 245), (148, 190, 110), 235), STREET, known),
    }
    photographs = {'astronaut.jpg': photo(str(files('skimage.data').joinpath('astronaut.png')))}
    for name, picture in {**scenes, **photographs}.items():
        options = {'optimize': True} if name.endswith('.png') else {'quality': 85, 'optimize': True}
        if name.endswith('.png'):
            picture = picture.quantize(128, dither=Image.Dither.NONE)
        picture.save(OUT / name, **options)
        print(f'{name:16} {picture.width} x {picture.height}, {(OUT / name).stat().st_size / 1000:.0f} kB')


if __name__ == '__main__':
    main()
