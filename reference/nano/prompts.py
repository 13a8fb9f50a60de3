"""MMEB's prompt strings, exactly as the package sends them. `<|image_pad|>` stands for all visual tokens of the image."""

IMAGE = '<|image_pad|>'
CAPTION_SEARCH = IMAGE + '\nFind an image caption describing the given everyday image.\n'
REPRESENT = IMAGE + '\nRepresent the given image.\n'
CLASSIFY = IMAGE + '\nRepresent the given image for classification\n'
IDENTIFY = IMAGE + '\nIdentify the object shown in the image\n'
SIMILAR = IMAGE + '\nFind a day-to-day image that looks similar to the provided image.\n'


def image_search(caption: str) -> str:
    """A text query for pictures (MSCOCO_t2i)."""
    return f'Find me an everyday image that matches the given caption: {caption}\n'


IMAGE_PROMPTS = (CAPTION_SEARCH, REPRESENT, CLASSIFY, IDENTIFY, SIMILAR)
