"""LamRA-Ret. Run with transformers 4.45.2: RECIPE_CODE=… python -m reference.recipes.lamra_ret"""

from transformers import AutoProcessor

from . import authors, checkpoint
from .golden import Golden
from .pictures import ASTRONAUT, COFFEE, DOT, LINE, PHOTO, ROCKET, TINY, open_picture
from .plain import embed, fit
from .prompts import END, MARKER, turn

REPOSITORY, COMMIT = "Code-kunkun/LamRA", "72863991e62f364d734231b6e3327a985c229984"
SENTENCE, IMAGE, BOTH = (f"\nSummarize above {what} in one word: " for what in ("sentence", "image", "image and sentence"))
# The second step is the file's limits, which for the fixture change nothing after the first.
STEPS = [fit(4, 300), fit(4, 16384)]
EMB = "<emb>"


def template(content: str) -> str:
    return turn(content, END.removesuffix("<|endoftext|>"))


def main() -> None:
    checkpoint.quiet()
    authors.use(REPOSITORY)
    from collators.mbeir_eval import MbeirCandidateDataCollator, MbeirQueryDataCollator
    from dataset.datasets_mbeir import CandidateDataset, QueryDataset
    from models.qwen2_vl import Qwen2VLRetForConditionalGeneration
    from torch.nn import functional

    folder = checkpoint.folder()
    model = Qwen2VLRetForConditionalGeneration.from_pretrained(folder, low_cpu_mem_usage=True).eval()
    processor = AutoProcessor.from_pretrained(folder)
    tokenizer = processor.tokenizer
    tokenizer.model_max_length = 1024
    # eval/eval_mbeir.py, add_embed_token (a function inside its main function).
    assert tokenizer.add_tokens([EMB]) == 1
    model.resize_token_embeddings(len(tokenizer))
    emb = tokenizer.convert_tokens_to_ids(EMB)
    model.config.emb_token_ids = [emb]

    golden = Golden("lamra-ret", model, positions="1d", code={
        "repository": REPOSITORY, "file": "eval/eval_mbeir.py", "commit": COMMIT})
    sides = {"query": (QueryDataset, MbeirQueryDataCollator), "document": (CandidateDataset, MbeirCandidateDataCollator)}

    def collate(role, text, image):
        dataset, collator = sides[role]
        given = {"txt": text} if text else {}
        if image:
            given["image"] = open_picture(image)
        return collator(tokenizer=tokenizer, processor=processor)([(dataset.construct_messages(None, given), 0)])

    def run(role, text, image):
        features = model(**collate(role, text, image), inference=True)[0]
        # What follows <emb> never reaches the pooled state, which is the one before it.
        seen = golden.recorder.seen
        seen.string = seen.string.split(EMB)[0]
        seen.ids = seen.ids[:seen.ids.index(emb)]
        seen.positions = [axis[:len(seen.ids)] for axis in seen.positions]
        return functional.normalize(features, dim=-1)

    def content(text, image) -> str:
        return (MARKER if image else "") + (text or "") + (BOTH if image and text else IMAGE if image else SENTENCE)

    def case(id: str, *, role="query", text=None, image=None) -> None:
        string = template(content(text, image))
        given = authors.fields(role, text=text, images=image and [image])
        golden.add(lambda: run(role, text, image), id=id, string=string, **given)
        golden.same(id, embed(model, string, [open_picture(image)] if image else [], steps=STEPS))

    case("text", text="A cat and a dog")
    case("text-document", role="document", text="A cup of coffee on a table.")
    case("image", image=COFFEE)
    case("image-document", role="document", image=ROCKET)
    case("both", text="Find an image caption describing the following everyday image.", image=TINY)
    case("both-document", role="document", text="a small cat", image=ASTRONAUT)
    case("photo", role="document", image=PHOTO)
    case("dot", image=DOT)
    golden.refuse(lambda: collate("query", None, LINE), id="line", **authors.fields("query", images=[LINE]))

    def wrong(id: str, name: str, string: str, image=None, **options) -> None:
        opened = [open_picture(image)] if image else []
        golden.mistake(id, name, embed(model, string, opened, **{"steps": STEPS, **options}))

    image, text = template(MARKER + IMAGE), template("A cat and a dog" + SENTENCE)
    wrong("image", "M-RoPE positions", image, COFFEE, positions="mrope")
    wrong("photo", "M-RoPE positions", template(MARKER + IMAGE), PHOTO, positions="mrope")
    wrong("photo", "the file's limits alone", image, PHOTO, steps=[fit(4, 16384)])
    wrong("photo", "other limits", image, PHOTO, steps=[fit(4, 16384), fit(256, 1280)])
    wrong("image", "no space after the prompt", template(MARKER + IMAGE.rstrip()), COFFEE)
    wrong("image", "UNITE's prompt", template(MARKER + "\nSummary above image in one word:"), COFFEE)
    wrong("image", "an end token", image + "<|endoftext|>", COFFEE)
    wrong("image", "the token after: <emb>", image + EMB, COFFEE)
    wrong("text", "the token before the last", text, token=-2)
    wrong("text", "no system prompt", text.split("<|im_end|>\n", 1)[1])
    wrong("both", "sentence before image in the prompt",
          template(MARKER + "Find an image caption describing the following everyday image."
                   "\nSummarize above sentence and image in one word: "), TINY)
    golden.write()


if __name__ == "__main__":
    main()
