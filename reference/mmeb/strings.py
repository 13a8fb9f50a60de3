"""The strings of the MMEB sets that are made here, as the published tables hold them: query and target templates.

`<|image_1|>` is the literal token of the tables, whatever a model's own token is. They are written out here a second
time (the package has its own in src/text/instructions.ts), so that one checks the other.
"""

IMAGE = '<|image_1|>'

_CLASSIFY = f'{IMAGE}\nRepresent the given image for classification\n'
_QUESTION = f'{IMAGE}\nRepresent the given image with the following question: {{}}\n'
_REPRESENT = f'{IMAGE}\nRepresent the given image.\n'
_CROP = f'{IMAGE}\nRepresent the given cropped image of the object'
_REGION = f'{IMAGE}\nSelect the portion of the image that follows the language expressions: "{{}}"\n'

# set → (query, target); `{}` is the row's own text
TEMPLATES = {
    'ImageNet-1K': (_CLASSIFY, '{}'),
    'N24News': (
        f'{IMAGE}\nRepresent the given news image with the following caption for domain classification: {{}}\n', '{}'),
    'VOC2007': (f'{IMAGE}\nIdentify the object shown in the image\n', '{}'),
    'ImageNet-A': (_CLASSIFY, '{}'),
    'ImageNet-R': (_CLASSIFY, '{}'),
    'Country211': (f'{IMAGE}\nIdentify the country depicted in the image\n', '{}'),
    'OK-VQA': (_QUESTION, '{}'),
    'A-OKVQA': (_QUESTION, '{}'),
    'Visual7W': (_QUESTION, '{}'),
    'GQA': (_QUESTION, '{}'),
    'VisDial': (
        'Represent the given dialogue about an image, which is used for image retrieval: {}\n\n',
        f'{IMAGE}\nRepresent the given image\n'),
    'CIRR': (f'{IMAGE}\nGiven an image, find a similar everyday image with the described changes: {{}}\n', _REPRESENT),
    'MSCOCO_t2i': ('Find me an everyday image that matches the given caption: {}\n', _REPRESENT),
    'MSCOCO_i2t': (f'{IMAGE}\nFind an image caption describing the given everyday image.\n', '{}'),
    'NIGHTS': (f'{IMAGE}\nFind a day-to-day image that looks similar to the provided image.\n', _REPRESENT),
    'WebQA': (
        f'{IMAGE}\nFind a Wikipedia image that answers this question: {{}}\n',
        f'{IMAGE}\nRepresent the given Wikipedia image with related text information: {{}}\n'),
    'FashionIQ': (f'{IMAGE}\nFind an image to match the fashion image and style note: {{}}\n', _REPRESENT),
    'MSCOCO': (f'{IMAGE}\nCrop the image to to isolate the object labeled as "{{}}"\n', _CROP),
    'RefCOCO': (
        f'{IMAGE}\nSelect the portion of the image that follows the language expressions. "{{}}"\n', _CROP),
    'RefCOCO-Matching': (_REGION, _REGION),
}
META_TASKS = {
    'Classification': ('ImageNet-1K', 'N24News', 'VOC2007', 'ImageNet-A', 'ImageNet-R', 'Country211'),
    'VQA': ('OK-VQA', 'A-OKVQA', 'Visual7W', 'GQA'),
    'Retrieval': ('VisDial', 'CIRR', 'MSCOCO_t2i', 'MSCOCO_i2t', 'NIGHTS', 'WebQA', 'FashionIQ'),
    'Grounding': ('MSCOCO', 'RefCOCO', 'RefCOCO-Matching'),
}
SETS = tuple(name for names in META_TASKS.values() for name in names)
