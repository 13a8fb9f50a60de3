"""VLM2Vec-V2.0. Run with transformers 4.52.3: RECIPE_CODE=… python -m reference.recipes.vlm2vec_v2"""

import copy
import shutil

from peft import LoraConfig, PeftModel
from PIL import Image

from . import adapter, authors, checkpoint
from .golden import Golden
from .pictures import ASTRONAUT, COFFEE, DOT, LINE, PHOTO, ROCKET, STRIP, TINY, open_picture
from .plain import Step, embed, fit, grow

REPOSITORY, COMMIT = "TIGER-AI-Lab/VLM2Vec", "6e1e1d42d4cba85ae4db4d3f7a25cba2465d1e16"
PAD = "<|image_pad|>"
REPRESENT = "Represent the given image."
CAPTION = "Find me an everyday image that matches the given caption:"
QUESTION = "Represent the given image with the following question:"


def widen() -> Step:
    """A picture of more than 200 : 1 becomes a square of its longer side before its limits are looked at."""
    def step(image: Image.Image) -> Image.Image:
        side = max(image.size)
        # Straight to the last size: the square itself is never drawn.
        return image.resize(fit_size(side)) if side > 200 * min(image.size) else image

    def fit_size(side: int) -> tuple[int, int]:
        return fit(4, 1280)(Image.new("RGB", (side, side))).size

    return step


STEPS = [grow(28, (56, 56)), widen(), fit(4, 1280)]


def merged(base, folder, **changed):
    """`base` with the adapter merged in; `changed` entries of its configuration make the mistakes."""
    config = LoraConfig.from_pretrained(folder)
    config.inference_mode = True
    for name, value in changed.items():
        setattr(config, name, value)
    return PeftModel.from_pretrained(base, folder, config=config).merge_and_unload().eval()


def main() -> None:
    checkpoint.quiet()
    authors.use(REPOSITORY)
    from src.arguments import DataArguments, ModelArguments
    from src.model.model import MMEBModel
    from src.model.processor import Qwen2_VL_process_fn, load_processor, process_input_text
    from src.model.vlm_backbone.qwen2_vl import Qwen2VLProcessor

    base = checkpoint.folder()
    folder = adapter.loadable(adapter.NAME, base)
    # As in experiments/examples/qwen2vl/demo_v2_image.py.
    arguments = ModelArguments(model_name=str(folder), pooling="last", normalize=True, model_backbone="qwen2_vl", lora=True)
    processor = load_processor(arguments, DataArguments())
    model = MMEBModel.load(arguments, is_trainable=False).eval()
    encoder = model.encoder
    golden = Golden("vlm2vec-v2", model, positions="1d", adapter=adapter.NAME, processor_class=Qwen2VLProcessor, code={
        "repository": REPOSITORY, "file": "src/model/processor.py", "commit": COMMIT})

    def run(text: str, images):
        # A text without picture carries None, as the authors' collator has it.
        pictures = [open_picture(image) for image in images] or None
        inputs = Qwen2_VL_process_fn({"text": [text], "images": [pictures]}, processor)
        return model(qry=inputs)["qry_reps"]

    def case(id: str, text: str, images=(), *, string: str | None = None, given: dict | None = None) -> None:
        given = given or authors.fields(text=text, images=list(images) or None)
        golden.add(lambda: run(text, images), id=id, string=string or text, **given)
        golden.same(id, embed(encoder, string or text, [open_picture(i) for i in images], steps=STEPS))

    def prompted(id: str, role: str, instruction: str, text: str | None = None, image=None) -> None:
        """The string that the authors put together from an instruction."""
        string = process_input_text(instruction, "qwen2_vl", text=text, add_image_token=image is not None)
        images = [image] if image else []
        given = authors.fields(role, instruction=instruction, text=text, images=images or None)
        expected = " ".join(part for part in [PAD if image else None, instruction, text] if part)
        case(id, string, images, string=expected, given=given)

    case("text", "A cat and a dog")
    case("text-literal-marker", f"{PAD}\nFind a Wikipedia image that answers this question: What is this?\n")
    prompted("query", "query", CAPTION, "A cup of coffee on a table.")
    prompted("document-image", "document", REPRESENT, image=COFFEE)
    prompted("query-both", "query", QUESTION, "What is in the image", ROCKET)
    case("mmeb-image", f"{PAD}\n{REPRESENT}\n", [TINY])
    case("two-images", f"{PAD}{PAD} Represent the given images.", [ASTRONAUT, COFFEE])
    case("start-and-end", f"<|vision_start|>{PAD}<|vision_end|>\n{REPRESENT}", [COFFEE])
    case("photo", f"{PAD} {REPRESENT}", [PHOTO])
    case("dot", f"{PAD} {REPRESENT}", [DOT])
    case("line", f"{PAD} {REPRESENT}", [LINE])
    case("strip", f"{PAD} {REPRESENT}", [STRIP])

    def wrong(id: str, name: str, text: str, images=(), *, with_model=encoder, **options) -> None:
        opened = [open_picture(image) for image in images]
        golden.mistake(id, name, embed(with_model, text, opened, **{"steps": STEPS, **options}))

    wrong("photo", "the file's limits", f"{PAD} {REPRESENT}", [PHOTO], steps=[fit(4, 16384)])
    wrong("dot", "grown by the limits alone", f"{PAD} {REPRESENT}", [DOT], steps=[fit(4, 1280)])
    wrong("start-and-end", "M-RoPE positions", f"<|vision_start|>{PAD}<|vision_end|>\n{REPRESENT}", [COFFEE], positions="mrope")
    wrong("document-image", "M-RoPE positions for a bare marker", f"{PAD} {REPRESENT}", [COFFEE], positions="mrope-bare")
    wrong("document-image", "a marker with its start and end", f"<|vision_start|>{PAD}<|vision_end|> {REPRESENT}", [COFFEE])
    wrong("document-image", "a line break for the space", f"{PAD}\n{REPRESENT}", [COFFEE])
    wrong("mmeb-image", "no line break at the end", f"{PAD}\n{REPRESENT}", [TINY])
    wrong("document-image", "an end token", f"{PAD} {REPRESENT}<|endoftext|>", [COFFEE])
    wrong("text", "the token before the last", "A cat and a dog", token=-2)

    # Under the newer names, which the layers of this release's own model have: the adapter's own are not found there.
    newer = adapter.loadable(adapter.NEWER, base)
    other = merged(checkpoint.load(), newer)
    for id, text, images in [("text", "A cat and a dog", []), ("photo", f"{PAD} {REPRESENT}", [PHOTO])]:
        golden.same(id, embed(other, text, [open_picture(i) for i in images], steps=STEPS))
    fewer = ["down_proj", "k_proj", "o_proj", "q_proj", "v_proj"]
    for name, other in {
        "no adapter": checkpoint.load(),
        "an adapter without magnitudes": merged(checkpoint.load(), newer, use_dora=False),
        "an adapter without gate and up": merged(checkpoint.load(), newer, target_modules=fewer),
        "an adapter's alpha of 32": merged(checkpoint.load(), newer, lora_alpha=32),
        "an adapter that counts twice": merged(copy.deepcopy(encoder), folder),
    }.items():
        wrong("text", name, "A cat and a dog", with_model=other)
    golden.write()
    for path in (base, folder, newer):
        shutil.rmtree(path.parent)


if __name__ == "__main__":
    main()
