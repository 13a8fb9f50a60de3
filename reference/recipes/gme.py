"""Golden vectors of gme (Alibaba-NLP/gme-Qwen2-VL-*-Instruct): its own modeling_gme_qwen2vl.py, transformers 4.51.3."""

import torch

from . import checkpoint, code, pictures, plain
from .golden import Golden
from .pictures import COFFEE, DOT, LINE, PAGE, PHOTO, STRIP, TINY, open_picture
from .prompts import MARKER, turn

STEPS = [plain.fit(4, 16384, ratio="clamp"), plain.fit(256, 1280)]
TO_PICTURE = "Find an image that matches the given text."
QUESTION = "A cup of coffee on a wooden table"
CASES = [
    {"id": "text", "role": "query", "text": QUESTION},
    {"id": "text-instruction", "role": "query", "instruction": TO_PICTURE, "text": QUESTION},
    {"id": "text-document", "role": "document", "text": "  Two dogs,\nlying in the grass. "},
    # Documents always get the default, whatever is asked.
    {"id": "text-document-instruction", "role": "document", "instruction": TO_PICTURE, "text": QUESTION},
    {"id": "picture", "role": "document", "images": [COFFEE]},
    {"id": "picture-query", "role": "query", "instruction": "Find a text that describes the image.", "images": [TINY]},
    {"id": "picture-photo", "role": "document", "images": [PHOTO]},
    {"id": "picture-page", "role": "document", "images": [PAGE]},
    {"id": "picture-5x7", "role": "document", "images": [DOT]},
    {"id": "picture-1x2000", "role": "document", "images": [LINE]},
    {"id": "picture-28x5629", "role": "document", "images": [STRIP]},
    {"id": "both", "role": "document", "text": QUESTION, "images": [COFFEE]},
    {"id": "both-instruction", "role": "query", "instruction": "Find a page that answers the question.",
     "text": "What is this?", "images": [pictures.ROCKET]},
]


def string(case: dict) -> str:
    system = case.get("instruction") if case["role"] == "query" else None
    user = MARKER * len(case.get("images", [])) + case.get("text", "")
    return turn(user, **({"system": system} if system else {}))


def main() -> None:
    checkpoint.quiet()
    authors = code.module("modeling_gme_qwen2vl.py", "b21b5071fcbba5ab71bfa2667c82f446c32d7d27b42148c7571c5d59f940e8c4")
    model = authors.GmeQwen2VL.from_pretrained(
        checkpoint.folder(), torch_dtype=torch.float32, attn_implementation="sdpa"
    ).eval()
    base = checkpoint.load(attention="sdpa")
    golden = Golden("gme", model, positions="1d", code={
        "repository": "Alibaba-NLP/gme-Qwen2-VL-2B-Instruct", "file": "modeling_gme_qwen2vl.py",
        "commit": "main as of 2025; as copied at maple543/gmenet 56a487c",
    })

    def authors_vector(case: dict) -> torch.Tensor:
        asked = {"is_query": case["role"] == "query", "instruction": case.get("instruction")}
        if "text" in case:
            asked["texts"] = [case["text"]]
        if "images" in case:
            asked["images"] = [open_picture(image) for image in case["images"]]
        return model.get_fused_embeddings(**asked)

    def ours(case: dict, **changed) -> torch.Tensor:
        images = [open_picture(image) for image in case.get("images", [])]
        return plain.embed(base, **{"string": string(case), "images": images, "steps": STEPS, **changed})

    for case in CASES:
        golden.add(lambda: authors_vector(case), **case, string=string(case))
        golden.same(case["id"], ours(case))

    by_id = {case["id"]: case for case in CASES}
    for id, name, changed in [
        ("picture", "one resize", {"steps": STEPS[1:]}),
        ("picture-photo", "one resize", {"steps": STEPS[1:]}),
        ("picture", "limits of the file", {"steps": STEPS[:1]}),
        ("picture", "mrope positions", {"positions": "mrope"}),
        ("picture-photo", "mrope positions", {"positions": "mrope"}),
        ("both", "mrope positions", {"positions": "mrope"}),
        ("text", "no end token", {"string": string(by_id["text"]).removesuffix("<|endoftext|>")}),
        ("both", "token before the last", {"token": -2}),
        ("both", "picture after text", {"string": turn(QUESTION + MARKER)}),
        ("both", "bare marker", {"string": turn("<|image_pad|>" + QUESTION)}),
        ("text", "no system prompt", {"string": string(by_id["text"]).split("<|im_end|>\n", 1)[1]}),
        ("text-document-instruction", "instruction of a document kept", {"string": turn(QUESTION, system=TO_PICTURE)}),
        ("text-document", "text trimmed", {"string": turn(by_id["text-document"]["text"].strip())}),
    ]:
        golden.mistake(id, name, ours(by_id[id], **changed))

    # More than 1,800 tokens: the authors cut the end token off and pool the 1,800th.
    long = {"role": "query", "text": "grass " * 2500}
    golden.recorder.start()
    cut = authors_vector(long)
    assert len(golden.recorder.seen.ids) == 1800
    assert plain.cosine(cut[0], ours(long, max_tokens=1800)) > 0.999999
    print(f"gme, cut at 1,800 tokens: {plain.cosine(cut[0], ours(long)):.6f}")
    golden.write(maxTokens=1800)


if __name__ == "__main__":
    main()
