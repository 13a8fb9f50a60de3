"""Emoji of many drawing styles from npm packages, matched to the concepts of `emojibase-data` by code point or name."""

import json
import re
import unicodedata
from pathlib import Path

# Iconify sets that training sees. OpenMoji is the style kept back.
COLOURED = (
    'noto',
    'twemoji',
    'fluent-emoji',
    'fluent-emoji-flat',
    'noto-v1',
    'emojione',
    'fxemoji',
    'streamline-emojis',
)
# An icon whose name says another emoji: Streamline's turkey is the country.
MISNAMED = {('streamline-emojis', 'turkey'): '1f1f9-1f1f7'}
MONOTONE = ('fluent-emoji-high-contrast', 'emojione-monotone')


def plain_hex(code: str) -> str:
    """An emoji's code points without variation selectors: the key that all sets agree on."""
    return '-'.join(part for part in code.lower().split('-') if part != 'fe0f')


def emoji_name(label: str) -> str:
    """`flag: Cuba` → `flag of Cuba`; `woman: red hair` → `woman with red hair`; `keycap: 3` → `keycap 3`."""
    label = re.sub(r'^flag: ', 'flag of ', label)
    label = re.sub(r'^keycap: ', 'keycap ', label)
    return re.sub(r'^(\w+): ', r'\1 with ', label)


def entries(cache: Path) -> dict[str, dict]:
    """emojibase's own entries by plain hex code. Skin tones are variants, not concepts."""
    data = json.loads((cache / 'npm/node_modules/emojibase-data/en/data.json').read_text())
    # no group: regional indicators; group 2: skin tones and hair
    return {plain_hex(entry['hexcode']): entry for entry in data if entry.get('group') not in (None, 2)}


def emojis(cache: Path) -> dict[str, dict]:
    """Concepts by plain hex code: name, tags, emojibase's group number (3 animals, 4 food, 5 travel, 7 objects …)."""
    found = {}
    for code, entry in entries(cache).items():
        name = emoji_name(entry['label'])
        words = set(name.lower().split())
        tags = [tag for tag in entry.get('tags', []) if tag.lower() not in words and not tag.isupper()]
        found[code] = {'name': name, 'tags': tags, 'group': entry['group']}
    return found


def squeeze(name: str) -> str:
    """Letters and digits alone: `Flag: Côte d’Ivoire` and `flag-cote-divoire` agree."""
    plain = unicodedata.normalize('NFKD', name.lower())
    return ''.join(char for char in plain if char.isalnum())


class Names:
    """Finds the concept that an icon's name means: its CLDR label, its Unicode name, or an unambiguous shortcode."""

    def __init__(self, cache: Path):
        root = cache / 'npm/node_modules'
        self.codes: dict[str, str] = {}
        concepts = entries(cache)
        for code, entry in concepts.items():
            self.codes.setdefault(squeeze(entry['label']), code)
        for style in ('noto', 'twemoji', 'fluent-emoji-flat'):
            for code, name in json.loads((root / '@iconify-json' / style / 'chars.json').read_text()).items():
                if plain_hex(code) in concepts:
                    self.codes.setdefault(squeeze(name), plain_hex(code))
        for code in concepts:
            if '-' not in code:
                self.codes.setdefault(squeeze(unicodedata.name(chr(int(code, 16)), code)), code)
        meanings: dict[str, set[str]] = {}
        for file in sorted((root / 'emojibase-data/en/shortcodes').glob('*.json')):
            for code, names in json.loads(file.read_text()).items():
                for name in [names] if isinstance(names, str) else names:
                    meanings.setdefault(squeeze(name), set()).add(plain_hex(code))
        for name, found in meanings.items():
            if len(found) == 1 and (code := next(iter(found))) in concepts:
                self.codes.setdefault(name, code)

    def find(self, icon: str) -> str | None:
        """`digit-3` means the keycap, `flag-for-cuba` the flag; a trailing `-2` numbers drawings of one concept."""
        for name in (
            icon,
            re.sub(r'^flag-for-(flag-)?', 'flag-', icon),
            re.sub(r'^digit-', 'keycap-', icon),
            re.sub(r'-\d$', '', icon),
        ):
            if squeeze(name) in self.codes:
                return self.codes[squeeze(name)]
        return None


def iconify(cache: Path, concepts: dict[str, dict]):
    """Items and render jobs of the Iconify emoji sets; a concept may have several drawings in one style."""
    names = Names(cache)
    for style in (*COLOURED, *MONOTONE):
        root = cache / 'npm/node_modules/@iconify-json' / style
        icons = json.loads((root / 'icons.json').read_text())
        listed = json.loads((root / 'chars.json').read_text())
        codes: dict[str, list[str]] = {}
        for code, icon in listed.items():
            codes.setdefault(icon, []).append(plain_hex(code))
        taken = set()
        for icon in [*icons['icons'], *icons.get('aliases', {})]:
            body = icons['icons'].get(icon) or icons['icons'].get(icons['aliases'][icon]['parent'])
            if body is None:
                continue
            for code in (
                codes.get(icon, [])
                if listed and style != 'streamline-emojis'
                else [MISNAMED.get((style, icon)) or names.find(icon)]
            ):
                if code not in concepts or (code, id(body)) in taken:
                    continue
                number = sum(1 for other, _ in taken if other == code)
                taken.add((code, id(body)))
                box = f'0 0 {body.get("width", icons["width"])} {body.get("height", icons["height"])}'
                svg = (
                    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
                    f'viewBox="{box}">{body["body"]}</svg>'
                )
                item = {'source': style, 'split': 'train', 'concept': code, **concepts[code]}
                if style in MONOTONE:
                    item['monotone'] = True
                yield item, {'svg': svg, 'variant': str(number) if number else ''}


def fluent_3d(cache: Path, concepts: dict[str, dict]):
    """Microsoft's rendered emoji (WebP)."""
    folder = cache / 'npm/node_modules/@lobehub/fluent-emoji-3d/assets'
    for path in sorted(folder.glob('*.webp')):
        code = plain_hex(path.stem)
        if code in concepts:
            yield (
                {'source': 'fluent-emoji-3d', 'split': 'train', 'concept': code, **concepts[code]},
                {'file': str(path)},
            )


def openmoji(cache: Path, concepts: dict[str, dict]):
    """The style that is kept back."""
    files = {plain_hex(path.stem): path for path in (cache / 'npm/node_modules/openmoji/color/svg').glob('*.svg')}
    for code, concept in concepts.items():
        if code in files:
            yield {'source': 'openmoji', 'split': 'style', 'concept': code, **concept}, {'file': str(files[code])}
