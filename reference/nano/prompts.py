"""MMEB's prompt strings, exactly as the package sends them. `<|image_pad|>` stands for all of an image's tokens."""

IMAGE = '<|image_pad|>'
CAPTION_SEARCH = IMAGE + '\nFind an image caption describing the given everyday image.\n'
REPRESENT = IMAGE + '\nRepresent the given image.\n'
CLASSIFY = IMAGE + '\nRepresent the given image for classification\n'
IDENTIFY = IMAGE + '\nIdentify the object shown in the image\n'
SIMILAR = IMAGE + '\nFind a day-to-day image that looks similar to the provided image.\n'

CROP = IMAGE + '\nRepresent the given cropped image of the object'


def image_search(caption: str) -> str:
    """A text query for pictures (MSCOCO_t2i)."""
    return f'Find me an everyday image that matches the given caption: {caption}\n'


def changed(text: str) -> str:
    """A picture and how the picture that is looked for differs (CIRR)."""
    return f'{IMAGE}\nGiven an image, find a similar everyday image with the described changes: {text}\n'


def isolate(label: str) -> str:
    """Grounding (MSCOCO; the doubled word is MMEB's)."""
    return f'{IMAGE}\nCrop the image to to isolate the object labeled as "{label}"\n'


def ask(question: str) -> str:
    """Visual question answering."""
    return f'{IMAGE}\nRepresent the given image with the following question: {question}\n'


IMAGE_PROMPTS = (CAPTION_SEARCH, REPRESENT, CLASSIFY, IDENTIFY, SIMILAR)
