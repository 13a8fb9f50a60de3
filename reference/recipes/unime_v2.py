"""UniME-V2. Run with transformers 4.49.0: RECIPE_CODE=… python -m reference.recipes.unime_v2"""

import tempfile
from pathlib import Path

import torch
from PIL import Image

from . import authors, checkpoint
from .golden import Golden
from .pictures import ROCKET, open_picture
from .plain import embed, fit, square

REPOSITORY, COMMIT = "GaryGuTC/UniME-v2", "e3deb7343984f15df45469ae201f4f53dea121a2"
PAD = "<|image_pad|>"
DESCRIBE = f"{PAD} Find an image caption describing the given image."
# The second step is the file's limits, which for the fixture change nothing after the first.
STEPS = [square(1344), fit(4, 16384)]


def main() -> None:
    checkpoint.quiet()
    authors.use(REPOSITORY)
    from utils.utils import init_model_and_processor, prepare_stage_data

    folder = str(checkpoint.folder())
    model, processor = init_model_and_processor(folder, "cpu")
    golden = Golden("unime-v2", model, positions="1d", code={
        "repository": REPOSITORY, "file": "utils/utils.py", "commit": COMMIT})

    def run(text: str, image: str | None = None):
        """The README's lines: both inputs are made at once, one of them is embedded."""
        path = Path(tempfile.mkdtemp(prefix="recipe-")) / "picture.png"
        (open_picture(image) if image else Image.new("RGB", (2, 2))).save(path)
        with_picture, with_text = prepare_stage_data(folder, processor, text, path)
        inputs = with_picture if image else with_text
        # The processor was called for the text last, whichever of the two is embedded.
        golden.recorder.seen.string = inputs["texts"][0]
        state = model(**inputs, output_hidden_states=True, return_dict=True).hidden_states[-1][:, -1, :]
        return torch.nn.functional.normalize(state, dim=-1)

    def case(id: str, text: str, image: str | None = None) -> None:
        given = authors.fields(text=text, images=image and [image])
        golden.add(lambda: run(text, image), id=id, string=text, **given)
        golden.same(id, embed(model, text, [open_picture(image)] if image else [], steps=STEPS))

    case("text", "A cat and a dog")
    case("text-line-break", "Find me an everyday image that matches the given caption: A cup of coffee on a table.\n")
    case("text-literal-marker", f"{PAD}\nFind a Wikipedia image that answers this question: What is this?\n")
    case("image", DESCRIBE, ROCKET)

    def wrong(id: str, name: str, text: str, image: str | None = None, **options) -> None:
        opened = [open_picture(image)] if image else []
        golden.mistake(id, name, embed(model, text, opened, **{"steps": STEPS, **options}))

    wrong("image", "the picture's own shape", DESCRIBE, ROCKET, steps=STEPS[1:])
    wrong("image", "limits of 1,280 tokens after the square", DESCRIBE, ROCKET, steps=[square(1344), fit(4, 1280)])
    wrong("image", "M-RoPE positions for a bare marker", DESCRIBE, ROCKET, positions="mrope-bare")
    wrong("image", "a line break at the end", DESCRIBE + "\n", ROCKET)
    wrong("text", "an end token", "A cat and a dog<|endoftext|>")
    wrong("text", "the token before the last", "A cat and a dog", token=-2)
    wrong("text-line-break", "trimmed", "Find me an everyday image that matches the given caption: A cup of coffee on a table.")
    golden.write()


if __name__ == "__main__":
    main()
