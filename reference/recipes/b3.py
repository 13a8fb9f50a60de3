"""B3. Run with transformers 4.48.3: RECIPE_CODE=… python -m reference.recipes.b3"""

import contextlib
import os
import shutil
import sys
import tempfile

from . import adapter, authors, checkpoint
from .golden import Golden
from .pictures import COFFEE, DOT, LINE, PHOTO, ROCKET, STRIP, TINY, open_picture
from .plain import embed, fit
from .vlm2vec_v2 import PAD, STEPS

REPOSITORY, COMMIT = "raghavlite/B3", "94c3b528efbee7c479c8eb011731fda406ff5f94"
# r 8 on q, k, v, o and down: what the authors' command and its default targets give.
ADAPTER = "dora"
PREFIXES = {
    "label": ("ImageNet-1K", "Represent the class label: "),
    "caption": ("MSCOCO_i2t", "Represent the image caption: "),
    "answer": ("OK-VQA", "Represent the answer: "),
}


class _Rows(list):
    """In place of a data set: rows by index."""

    @staticmethod
    def from_dict(columns: dict) -> "_Rows":
        return _Rows(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _give_rows(rows: list) -> None:
    """Stands in for the package of data sets, as far as the authors' evaluation reads rows from it."""
    import datasets

    datasets.load_dataset = lambda *_, **__: rows
    datasets.Dataset = _Rows


def main() -> None:
    checkpoint.quiet()
    authors.use(REPOSITORY)
    rows: list[dict] = []
    _give_rows(rows)
    os.chdir(tempfile.mkdtemp(prefix="recipe-"))  # importing eval_mmeb walks through the working directory
    with contextlib.redirect_stdout(sys.stderr):
        from eval_mmeb import POS_MOD_DICT, EvalCollator, EvalDataset, MMEBModel, load_processor
        from src.arguments import DataArguments, ModelArguments
        from src.model.vlm_backbone.qwen2_vl import Qwen2VLProcessor

    base = checkpoint.folder()
    folder = adapter.loadable(ADAPTER, base)
    # As the README's command: --pooling eos --normalize True --lora --lora_r 8 --tgt_prefix_mod
    model_args = ModelArguments(model_name=str(folder), pooling="eos", normalize=True, lora=True, lora_r=8,
                                model_backbone="qwen2_vl")
    data_args = DataArguments(tgt_prefix_mod=True, image_dir="")
    processor = load_processor(model_args, data_args)
    model = MMEBModel.load(model_args, is_trainable=False).eval()
    encoder = model.encoder
    collate = EvalCollator(data_args=data_args, model_args=model_args, processor=processor)
    golden = Golden("b3", model, positions="1d", adapter=ADAPTER, processor_class=Qwen2VLProcessor, code={
        "repository": REPOSITORY, "file": "eval_mmeb.py", "commit": COMMIT})

    def run(side: str, subset: str, text: str, image) -> object:
        """One row of MMEB through the authors' data set and collator. In MMEB's rows the marker is Phi-3's."""
        path = "" if image is None else os.path.join(tempfile.mkdtemp(prefix="recipe-"), "picture.png")
        if path:
            open_picture(image).save(path)
        rows[:] = [{f"{side}_text": [text.replace(PAD, "<|image_1|>")], f"{side}_img_path": [path]}]
        data = EvalDataset(data_args=data_args, model_args=model_args, subset=subset, text_field=f"{side}_text",
                           img_path_field=f"{side}_img_path",
                           mod_instruction=POS_MOD_DICT.get(subset) if side == "tgt" else None)
        batch = collate([data[0]])
        return model(qry=batch)["qry_reps"] if side == "qry" else model(tgt=batch)["tgt_reps"]

    def case(id: str, role: str, text: str, image=None, *, prefix: str | None = None, subset: str = "CIRR") -> None:
        subset, words = PREFIXES[prefix] if prefix else (subset, "")
        given = authors.fields(role, prefix=prefix, text=text, images=image and [image])
        side = "qry" if role == "query" else "tgt"
        golden.add(lambda: run(side, subset, text, image), id=id, string=words + text, **given)
        golden.same(id, embed(encoder, words + text, [open_picture(image)] if image else [], steps=STEPS))

    with contextlib.redirect_stdout(sys.stderr):
        _cases(golden, case)

    def wrong(id: str, name: str, text: str, image=None, *, with_model=encoder, **options) -> None:
        opened = [open_picture(image)] if image else []
        golden.mistake(id, name, embed(with_model, text, opened, **{"steps": STEPS, **options}))

    represent = f"{PAD}\nRepresent the given image.\n"
    wrong("label", "no prefix", "bell_pepper")
    wrong("label", "another prefix", "Represent the answer: bell_pepper")
    wrong("query-text", "a prefix for a query", PREFIXES["caption"][1]
          + "Find me an everyday image that matches the given caption: A cup of coffee on a table.\n")
    wrong("photo", "the file's limits", represent, PHOTO, steps=[fit(4, 16384)])
    wrong("photo", "V1's square", represent, PHOTO, steps=[lambda image: image.resize((1344, 1344)), fit(4, 1280)])
    wrong("dot", "grown by the limits alone", represent, DOT, steps=[fit(4, 1280)])
    wrong("document-image", "M-RoPE positions for a bare marker", represent, COFFEE, positions="mrope-bare")
    wrong("document-image", "a marker with its start and end", f"<|vision_start|>{represent}".replace(PAD, PAD + "<|vision_end|>"), COFFEE)
    wrong("document-image", "no line break at the end", represent.rstrip(), COFFEE)
    wrong("document-text", "the token before the last", "A cat and a dog", token=-2)
    wrong("document-text", "no adapter", "A cat and a dog", with_model=checkpoint.load())
    golden.write()
    for path in (base, folder):
        shutil.rmtree(path.parent)


def _cases(golden: Golden, case) -> None:
    case("label", "document", "bell_pepper", prefix="label")
    case("caption", "document", "A cup of coffee on a table.", prefix="caption")
    case("answer", "document", "a cat and a dog", prefix="answer")
    case("document-text", "document", "A cat and a dog")
    case("query-text", "query", "Find me an everyday image that matches the given caption: A cup of coffee on a table.\n",
         subset="MSCOCO_t2i")
    case("query-literal-marker", "query", f"{PAD}\nFind a Wikipedia image that answers this question: What is this?\n",
         subset="WebQA")
    case("query-image", "query", f"{PAD}\nRepresent the given image for classification\n", TINY, subset="ImageNet-1K")
    case("query-both", "query", f"{PAD}\nRepresent the given image with the following question: What is in the image\n",
         ROCKET, subset="OK-VQA")
    represent = f"{PAD}\nRepresent the given image.\n"
    case("document-image", "document", represent, COFFEE)
    case("photo", "document", represent, PHOTO)
    case("dot", "document", represent, DOT)
    case("line", "document", represent, LINE)
    case("strip", "document", represent, STRIP)


if __name__ == "__main__":
    main()
