"""RzenEmbed. Run with transformers 4.51.3: RECIPE_CODE=… python -m reference.recipes.rzenembed"""

from . import authors, checkpoint
from .golden import Golden
from .pictures import COFFEE, DOT, LINE, PHOTO, STRIP, TINY, open_picture
from .plain import embed, fit
from .prompts import END, MARKER, turn

REPOSITORY, COMMIT = "360CVGroup/RzenEmbed", "b07eb547ec8899c89c016289dcd56565c14b67c6"
STEPS = [fit(4, 16384, "clamp"), fit(256, 1280)]
MAX_TOKENS = 2000
CAPTION = "Find me an everyday image that matches the given caption: "
REPRESENT = "Represent the given image."


def main() -> None:
    checkpoint.quiet()
    authors.use(REPOSITORY)
    from rzen_embed_inference import RzenEmbed

    rzen = RzenEmbed(model_path=str(checkpoint.folder()), device="cpu", attn_implementation="eager")
    golden = Golden("rzenembed", rzen, positions="1d", code={
        "repository": REPOSITORY, "file": "rzen_embed_inference.py", "commit": COMMIT})

    def case(id: str, *, role=None, instruction=None, text=None, image=None) -> None:
        def run():
            images = [open_picture(image)] if image else None
            return rzen.get_fused_embeddings(instruction=instruction, images=images,
                                             texts=None if text is None else [text])
        string = turn((MARKER if image else "") + (instruction or "") + (text or ""))
        given = authors.fields(role, instruction=instruction, text=text, images=image and [image])
        golden.add(run, id=id, string=string, **given)
        images = [open_picture(image)] if image else []
        golden.same(id, embed(rzen.base, string, images, steps=STEPS, max_tokens=MAX_TOKENS))

    case("text", text="A cat and a dog")
    case("query", role="query", instruction=CAPTION, text="A cup of coffee on a table.")
    case("document-text", role="document", instruction="Represent the given text: ", text="a small cat")
    case("image", role="document", instruction=REPRESENT, image=COFFEE)
    case("image-bare", image=TINY)
    case("image-text", role="query", instruction="Find an image with the described changes: ", text="two cups", image=COFFEE)
    case("photo", role="document", instruction=REPRESENT, image=PHOTO)
    case("dot", image=DOT)
    case("line", image=LINE)
    case("strip", image=STRIP)
    case("long", text="cat and dog " * 700)

    def wrong(id: str, name: str, string: str, image=None, **options) -> None:
        options = {"steps": STEPS, "max_tokens": MAX_TOKENS, **options}
        golden.mistake(id, name, embed(rzen.base, string, [open_picture(image)] if image else [], **options))

    right = turn(MARKER + REPRESENT)
    wrong("photo", "M-RoPE positions", right, PHOTO, positions="mrope")
    wrong("image", "M-RoPE positions", right, COFFEE, positions="mrope")
    wrong("photo", "one resize, to the second's limits", right, PHOTO, steps=[fit(256, 1280)])
    wrong("photo", "the file's limits", right, PHOTO, steps=[fit(4, 16384)], max_tokens=None)
    wrong("image", "the file's limits", right, COFFEE, steps=[fit(4, 16384)])
    wrong("image", "no end token", turn(MARKER + REPRESENT, end=END.removesuffix("<|endoftext|>")), COFFEE)
    wrong("image", "instruction as system prompt", turn(MARKER, system=REPRESENT), COFFEE)
    wrong("query", "instruction as system prompt", turn("A cup of coffee on a table.", system=CAPTION))
    wrong("query", "no instruction", turn("A cup of coffee on a table."))
    wrong("query", "the token before the last", turn(CAPTION + "A cup of coffee on a table."), token=-2)
    wrong("long", "not cut", turn("cat and dog " * 700), max_tokens=None)
    golden.write()


if __name__ == "__main__":
    main()
