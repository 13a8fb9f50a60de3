"""UNITE. Run with transformers 4.47.1: RECIPE_CODE=… python -m reference.recipes.unite"""

from transformers import AutoProcessor

from . import authors, checkpoint
from .golden import Golden
from .pictures import ASTRONAUT, COFFEE, DOT, LINE, PHOTO, ROCKET, TINY, open_picture
from .plain import embed, fit
from .prompts import END, MARKER, turn

REPOSITORY, COMMIT = "friedrichor/UNITE", "da30e44628f7e246c49e0369e9db57c09dc9f594"
SENTENCE, IMAGE, BOTH = (f"\nSummary above {what} in one word:" for what in ("sentence", "image", "sentence and image"))
STEPS = [fit(4, 16384), fit(256, 1280)]


def main() -> None:
    checkpoint.quiet()
    authors.use(REPOSITORY, "inference")
    from modeling_unite import UniteQwen2VL
    from qwen_vl_utils import process_vision_info

    folder = checkpoint.folder()
    model = UniteQwen2VL.from_pretrained(folder).eval()
    # inference_demo.py's own lines: it is a script that loads the published model, and cannot be imported.
    processor = AutoProcessor.from_pretrained(folder, min_pixels=256 * 28 * 28, max_pixels=1280 * 28 * 28)

    def process_messages(messages):
        text = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) + "<|endoftext|>"
        images, videos = process_vision_info(messages)
        return processor(text=[text], images=images, videos=videos, padding=True, return_tensors="pt")

    golden = Golden("unite", model, positions="1d", code={
        "repository": REPOSITORY, "file": "inference/inference_demo.py", "commit": COMMIT})

    def messages(text, images) -> list[dict]:
        last = BOTH if images and text else IMAGE if images else SENTENCE
        parts = [{"type": "image", "image": open_picture(image)} for image in images]
        parts += [{"type": "text", "text": part} for part in ([text] if text else []) + [last]]
        return [{"role": "user", "content": parts}]

    def case(id: str, *, role=None, text=None, images=()) -> None:
        given = authors.fields(role, text=text, images=list(images) or None)
        string = turn(MARKER * len(images) + (text or "") + (BOTH if images and text else IMAGE if images else SENTENCE))
        golden.add(lambda: model(**process_messages(messages(text, images))), id=id, string=string, **given)
        golden.same(id, embed(model, string, [open_picture(image) for image in images], steps=STEPS))

    case("text", text="A cat and a dog")
    case("query", role="query", text="Find an image of the book that this caption is about: a cup of coffee on a table.")
    case("text-spaces", text="  a cat\n")
    case("image", images=[COFFEE])
    case("image-document", role="document", images=[ROCKET])
    case("both", role="query", text="What is the name of this place?", images=[TINY])
    case("two-images", images=[ASTRONAUT, COFFEE])
    case("photo", images=[PHOTO])
    case("dot", images=[DOT])
    golden.refuse(lambda: process_messages(messages(None, [LINE])), id="line", **authors.fields(images=[LINE]))

    def wrong(id: str, name: str, content: str, images=(), *, end: str = END, **options) -> None:
        opened = [open_picture(image) for image in images]
        golden.mistake(id, name, embed(model, turn(content, end), opened, **{"steps": STEPS, **options}))

    wrong("image", "M-RoPE positions", MARKER + IMAGE, [COFFEE], positions="mrope")
    wrong("photo", "M-RoPE positions", MARKER + IMAGE, [PHOTO], positions="mrope")
    wrong("two-images", "M-RoPE positions", MARKER * 2 + IMAGE, [ASTRONAUT, COFFEE], positions="mrope")
    wrong("two-images", "pictures in the other order", MARKER * 2 + IMAGE, [COFFEE, ASTRONAUT])
    wrong("photo", "one resize, to the second's limits", MARKER + IMAGE, [PHOTO], steps=[fit(256, 1280)])
    wrong("photo", "the file's limits", MARKER + IMAGE, [PHOTO], steps=[fit(4, 16384)])
    wrong("image", "the file's limits", MARKER + IMAGE, [COFFEE], steps=[fit(4, 16384)])
    wrong("image", "no end token", MARKER + IMAGE, [COFFEE], end=END.removesuffix("<|endoftext|>"))
    wrong("image", "no line break before the prompt", MARKER + IMAGE.strip(), [COFFEE])
    wrong("image", "LamRA's prompt", MARKER + "\nSummarize above image in one word: ", [COFFEE])
    wrong("text", "no prompt", "A cat and a dog")
    wrong("text", "the prompt's colon and a space", "A cat and a dog" + SENTENCE + " ")
    wrong("text-spaces", "trimmed", "a cat" + SENTENCE)
    wrong("both", "the prompt for pictures", MARKER + "What is the name of this place?" + IMAGE, [TINY])
    wrong("both", "the text before the picture", "What is the name of this place?" + MARKER + BOTH, [TINY])
    wrong("text", "the token before the last", "A cat and a dog" + SENTENCE, token=-2)
    golden.write()


if __name__ == "__main__":
    main()
