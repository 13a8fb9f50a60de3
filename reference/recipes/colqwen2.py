"""Golden vectors of colqwen2 (vidore/colqwen2-v1.0): colpali_engine v0.3.4 in transformers 4.46.3, PEFT 0.14.

With RECIPE_COLPALI=colpali-v0.3.10 and transformers 4.51.3 nothing is written: the run says whether the vectors in the
file are that release's, too. (They are, save that it refuses a side shorter than 28.)
"""

import base64
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from ..oracle.encoding import write_pretty
from . import checkpoint, code, plain
from .colqwen2_files import ADAPTER, BASE, HEAD_SIZE
from .golden import FOLDER, Golden
from .pictures import COFFEE, DOT, LINE, PAGE, PHOTO, ROCKET, STRIP, TINY, WIDE, open_picture
from .prompts import MARKER, turn

RELEASE = os.environ.get("RECIPE_COLPALI", "colpali-v0.3.4")
STEPS = [plain.fit(4, 768), plain.fit(4, 768)]
CASES = [
    {"id": "text", "role": "query", "text": "A cup of coffee on a wooden table"},
    {"id": "text-space", "role": "query", "text": "  two\nlines "},
    {"id": "text-rocket", "role": "query", "text": "Where does the rocket start?"},
    {"id": "picture", "role": "document", "images": [COFFEE]},
    {"id": "picture-rocket", "role": "document", "images": [ROCKET]},
    {"id": "picture-tiny", "role": "document", "images": [TINY]},
    {"id": "picture-wide", "role": "document", "images": [WIDE]},
    {"id": "picture-photo", "role": "document", "images": [PHOTO]},
    {"id": "picture-page", "role": "document", "images": [PAGE]},
    {"id": "picture-5x7", "role": "document", "images": [DOT]},
    {"id": "picture-1x2000", "role": "document", "images": [LINE], "refused": True},
    {"id": "picture-28x5629", "role": "document", "images": [STRIP], "refused": True},
]
QUERIES = [case["id"] for case in CASES if case["role"] == "query"]
DOCUMENTS = [case["id"] for case in CASES if case["role"] == "document" and not case.get("refused")]
DOCUMENT = f"<|im_start|>user\n{MARKER}Describe the image.<|im_end|><|endoftext|>"
END = "<|endoftext|>" * 10


def string(case: dict) -> str:
    return DOCUMENT if "images" in case else f"Query: {case['text']}{END}"


def adapter_folder() -> Path:
    """The adapter, its base's name changed to where the base lies."""
    folder = Path(tempfile.mkdtemp(prefix="recipe-")) / "colqwen2"
    shutil.copytree(ADAPTER, folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    write_pretty(folder / "adapter_config.json", config | {"base_model_name_or_path": str(BASE)})
    return folder


def merge(model, skip: str = "no such name"):
    """The base with the adapter added to its weights by hand: W + alpha / r * B A."""
    tensors = load_file(ADAPTER / "adapter_model.safetensors")
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for name, a in tensors.items():
            if name.endswith(".lora_A.weight") and skip not in name:
                target = name.removeprefix("base_model.model.").replace(".lora_A.weight", ".weight")
                weights[target] += tensors[name.replace("lora_A", "lora_B")] @ a  # alpha = r
    return model


def rows(model, text: str, images=(), **options) -> torch.Tensor:
    """// [tokens, 128]"""
    with torch.no_grad():
        projected = model.custom_text_proj(plain.states(model, text, images, **options))
    return torch.nn.functional.normalize(projected, dim=-1)


def main() -> None:
    checkpoint.quiet()
    authors = code.package(RELEASE, "colpali_engine.models.qwen2.colqwen2")
    options = {"torch_dtype": torch.float32, "attn_implementation": "sdpa"}
    model = authors.ColQwen2.from_pretrained(adapter_folder(), **options).eval()
    processor = authors.ColQwen2Processor.from_pretrained(BASE)
    base = [authors.ColQwen2.from_pretrained(BASE, **options).eval() for _ in range(3)]
    merged, bare_head, bare = merge(base[0]), merge(base[1], skip="custom_text_proj"), base[2]
    golden = Golden("colqwen2", model, positions="mrope", adapter="colqwen2", checkpoint_name="tiny-colqwen2", code={
        "repository": "illuin-tech/colpali", "file": "colpali_engine/models/qwen2/colqwen2",
        "commit": "9bdcb8aa831711014199b9acd031a56cba37638e (v0.3.4)",
    })

    def authors_rows(case: dict) -> torch.Tensor:
        if "images" in case:
            return model(**processor.process_images([open_picture(case["images"][0])]))
        return model(**processor.process_queries([case["text"]]))

    def ours(case: dict, weights=merged, **changed) -> torch.Tensor:
        images = [open_picture(image) for image in case.get("images", [])]
        return rows(weights, **{"text": string(case), "images": images, "steps": STEPS, "positions": "mrope",
                                **changed})

    if RELEASE != "colpali-v0.3.4":
        compare(authors_rows)
        return
    by_id = {case["id"]: case for case in CASES}
    for case in CASES:
        if case.get("refused"):
            golden.refuse(lambda: authors_rows(case), **{k: v for k, v in case.items() if k != "refused"})
            continue
        golden.add(lambda: authors_rows(case), **case, string=string(case))
        golden.same(case["id"], ours(case))

    def score(query: torch.Tensor, document: torch.Tensor) -> float:
        """The authors' scorer on one pair: no padding."""
        return round(float(processor.score_multi_vector([query], [document], device="cpu")[0, 0]), 6)

    for id, name, changed in [
        ("picture", "1d positions", {"positions": "1d"}),
        ("picture-page", "1d positions", {"positions": "1d"}),
        ("picture-photo", "1d positions", {"positions": "1d"}),
        ("text", "head without its adapter", {"weights": bare_head}),
        ("picture", "head without its adapter", {"weights": bare_head}),
        ("picture", "no adapter", {"weights": bare}),
    ]:
        golden.mistake(id, name, ours(by_id[id], **changed))
    text = string(by_id["text"])
    states = plain.states(merged, text)
    with torch.no_grad():
        no_bias = torch.nn.functional.linear(states, merged.custom_text_proj.weight)
    golden.mistake("text", "no bias of the head", torch.nn.functional.normalize(no_bias, dim=-1))

    vectors = golden.vectors
    right = score(vectors["text"], vectors["picture"])
    ids = next(case["ids"] for case in golden.cases if case["id"] == "picture")
    pad = checkpoint.tokenizer().convert_tokens_to_ids(plain.IMAGE_PAD)
    only = vectors["picture"][torch.tensor(ids) == pad]
    wrong = [
        ("no end tokens", ours(by_id["text"], text=text.removesuffix(END)), vectors["picture"]),
        ("no prefix", ours(by_id["text"], text=text.removeprefix("Query: ")), vectors["picture"]),
        ("rows of picture tokens only", vectors["text"], only),
        ("system turn", vectors["text"],
         ours(by_id["picture"], text=turn(MARKER + "Describe the image.", "<|im_end|><|endoftext|>"))),
        ("document's rows against the query's", vectors["picture"], vectors["text"]),
    ]
    golden.write(scores={
        "queries": QUERIES, "documents": DOCUMENTS,
        "values": [[score(vectors[q], vectors[d]) for d in DOCUMENTS] for q in QUERIES],
        "mistakes": [{"query": "text", "document": "picture", "name": name, "score": score(q, d)}
                     for name, q, d in wrong],
    })
    assert all(abs(score(q, d) - right) > 1e-3 for _, q, d in wrong)


def compare(authors_rows: Callable[[dict], torch.Tensor]) -> None:
    """The vectors of the file against this release's."""
    for case in json.loads((FOLDER / "colqwen2.json").read_text())["cases"]:
        try:
            with torch.no_grad():
                found = authors_rows(case)[0]
        except ValueError as error:
            print(f"{RELEASE} {case['id']}: refused ({error})")
            continue
        stored = np.frombuffer(base64.b64decode(case["embeddings"]), "<f4").reshape(-1, HEAD_SIZE)
        kept = found[case["rows"]] if "rows" in case else found
        print(f"{RELEASE} {case['id']}: {plain.cosine(kept, torch.from_numpy(stored.copy())):.9f}")


if __name__ == "__main__":
    main()
