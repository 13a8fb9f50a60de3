"""Golden vectors of ops-mm-v1 (OpenSearch-AI/Ops-MM-embedding-v1-2B, -7B): the card's ops_mm_embedding_v1.py.

The module pins no transformers; 4.51.3 here. Positions are M-RoPE from 4.49 on.
"""

import torch
from transformers import AutoModelForImageTextToText

from . import checkpoint, code, plain
from .golden import Golden
from .pictures import COFFEE, DOT, LINE, PAGE, PHOTO, ROCKET, STRIP, TINY, WIDE, open_picture
from .prompts import MARKER, turn

STEPS = [plain.fit(256, 1280, ratio="clamp"), plain.fit(256, 1280)]
QUESTION = "A cup of coffee on a wooden table"
TO_PAGE = "Find a page that answers the question."
CASES = [
    {"id": "text", "role": "query", "text": QUESTION},
    {"id": "text-instruction", "role": "query", "instruction": TO_PAGE, "text": "Where is the cat? "},
    # Unlike gme, documents keep the caller's instruction.
    {"id": "text-document-instruction", "role": "document", "instruction": "Represent the caption.", "text": QUESTION},
    {"id": "picture", "role": "document", "images": [COFFEE]},
    {"id": "picture-instruction", "role": "document", "instruction": "Represent the picture.", "images": [TINY]},
    {"id": "picture-photo", "role": "document", "images": [PHOTO]},
    {"id": "picture-page", "role": "document", "images": [PAGE]},
    {"id": "picture-5x7", "role": "document", "images": [DOT]},
    {"id": "picture-1x2000", "role": "document", "images": [LINE]},
    {"id": "picture-28x5629", "role": "document", "images": [STRIP]},
    {"id": "both", "role": "document", "text": QUESTION, "images": [COFFEE]},
    {"id": "both-instruction", "role": "query", "instruction": TO_PAGE, "text": "What is this?", "images": [ROCKET]},
    {"id": "two-pictures", "role": "document", "text": "two", "images": [COFFEE, WIDE]},
    {"id": "three-pictures", "role": "query", "instruction": TO_PAGE, "images": [WIDE, ROCKET, TINY]},
]


def string(case: dict) -> str:
    user = MARKER * len(case.get("images", [])) + case.get("text", "")
    return turn(user, **({"system": case["instruction"]} if "instruction" in case else {}))


def main() -> None:
    checkpoint.quiet()
    authors = code.module("ops_mm_embedding_v1.py")
    model = authors.OpsMMEmbeddingV1(str(checkpoint.folder()), device="cpu", attn_implementation="sdpa")
    # They load bf16; the same weights in float32.
    base = model.base_model = checkpoint.load(AutoModelForImageTextToText, attention="sdpa")
    golden = Golden("ops-mm-v1", base, positions="mrope", code={
        "repository": "OpenSearch-AI/Ops-MM-embedding-v1-2B", "file": "ops_mm_embedding_v1.py",
        "commit": "main as of 2025, retyped from a third-party copy",
    })

    def authors_vector(case: dict) -> torch.Tensor:
        images = [open_picture(image) for image in case.get("images", [])]
        return model.get_fused_embeddings(
            texts=[case["text"]] if "text" in case else None, images=[images] if images else None,
            instruction=case.get("instruction"), show_progress=False,
        )

    def ours(case: dict, **changed) -> torch.Tensor:
        images = [open_picture(image) for image in case.get("images", [])]
        return plain.embed(base, **{"string": string(case), "images": images, "steps": STEPS, "positions": "mrope",
                                    **changed})

    for case in CASES:
        golden.add(lambda: authors_vector(case), **case, string=string(case))
        golden.same(case["id"], ours(case))

    by_id = {case["id"]: case for case in CASES}
    for id, name, changed in [
        ("picture", "1d positions", {"positions": "1d"}),
        ("picture-photo", "1d positions", {"positions": "1d"}),
        ("both", "1d positions", {"positions": "1d"}),
        ("two-pictures", "1d positions", {"positions": "1d"}),
        ("picture", "resize of gme", {"steps": [plain.fit(4, 16384), plain.fit(256, 1280)]}),
        ("picture", "limits of the file", {"steps": [plain.fit(4, 16384)]}),
        ("text", "no end token", {"string": string(by_id["text"]).removesuffix("<|endoftext|>")}),
        ("both", "token before the last", {"token": -2}),
        ("two-pictures", "newline between pictures", {"string": turn(MARKER + "\n" + MARKER + "two")}),
        ("two-pictures", "pictures after text", {"string": turn("two" + MARKER * 2)}),
        ("text-document-instruction", "instruction of a document dropped", {"string": turn(QUESTION)}),
    ]:
        golden.mistake(id, name, ours(by_id[id], **changed))
    swapped = [open_picture(image) for image in reversed(by_id["two-pictures"]["images"])]
    golden.mistake("two-pictures", "pictures in the other order", ours(by_id["two-pictures"], images=swapped))
    golden.write()


if __name__ == "__main__":
    main()
