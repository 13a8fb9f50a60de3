"""What can be said of a picture: one bare caption drawn from its name and keywords."""

import random
import re

TEMPLATES = (
    '{a}', 'A picture of {a}.', 'a picture of {a}', 'A drawing of {a}.', 'an image of {a}', 'an icon of {a}',
    'a photo of {a}', 'This is {a}.', 'There is {a} in the picture.', 'a clip art of {a}', 'an emoji of {a}',
)


def article(name: str) -> str:
    """`name` with its indefinite article, where it can take one."""
    first = name.split(' ', 1)[0]
    if first.lower() in {'a', 'an', 'the', 'some', 'two', 'three', 'flag', 'no'} or first[:1].isdigit():
        return f'the {name}' if first == 'flag' else name
    if re.search(r'[^su]s$', name) and not name.endswith(('glass', 'dress', 'cross', 'compass')):
        return name
    return ('an ' if first[:1].lower() in 'aeiou' else 'a ') + name


def sentence(name: str) -> str:
    """`name` as a sentence: first letter upper case, a full stop."""
    return name[:1].upper() + name[1:] + ('' if name.endswith('.') else '.')


def caption(rng: random.Random, name: str, tags: list[str]) -> str:
    """A caption: mostly the name (bare, with an article, or in a template), with keywords, or those alone."""
    draw = rng.random()
    if tags and (draw < 0.08 or not name):
        return ' '.join(rng.sample(tags, min(len(tags), rng.randint(1, 3))))
    if tags and draw < 0.2:
        return ', '.join([name, *rng.sample(tags, min(len(tags), rng.randint(1, 3)))])
    if draw < 0.5:
        return name
    if draw < 0.6:
        return sentence(name)
    if draw < 0.7:
        return sentence(article(name))
    return rng.choice(TEMPLATES).format(a=article(name))
