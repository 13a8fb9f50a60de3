"""Embeddings as VLM2Vec computes them: raw text, no template, last token after the final norm, L2; float32."""

import torch
from transformers import Qwen2TokenizerFast, Qwen2VLProcessor

from . import adapters, checkpoints, inputs, pixels
from .encoding import FIXTURES, b64, f32, write_json
from .images import open_rgb

EXPECTED = FIXTURES / "expected"
# Vision features of at most so many rows are stored whole; of larger ones the rows below.
WHOLE_ROWS = 9
TRACED = ("text-cat-dog", "image-tiny")


def _processor(checkpoint: str, entry: dict) -> Qwen2VLProcessor:
    """Tokenizer and image processor put together as VLM2Vec does."""
    tokenizer = Qwen2TokenizerFast.from_pretrained(checkpoints.CHECKPOINTS / checkpoint)
    return Qwen2VLProcessor(pixels.processor(entry["minPixels"], entry["maxPixels"]), tokenizer)


def prepare(checkpoint: str, entry: dict) -> dict:
    """input_ids [1, n] and, with an image, pixel_values [P, 1176] and image_grid_thw [1, 3]."""
    image = entry["image"] and open_rgb(entry["image"])
    arguments = {"text": [entry["text"]], "return_tensors": "pt"}
    if image:
        arguments["images"] = [image]
    batch = _processor(checkpoint, entry)(**arguments)
    assert batch["attention_mask"].all()
    return dict(batch)


def embed(model, batch: dict) -> torch.Tensor:
    """The unit vector [hidden] of one input."""
    model.rope_deltas = None
    positions, _ = model.get_rope_index(
        batch["input_ids"], batch.get("image_grid_thw"), None, batch["attention_mask"]
    )
    count = batch["input_ids"].shape[1]
    # Without <|vision_start|> all three axes count 0 … n-1: plain RoPE.
    assert (positions == torch.arange(count)).all() and positions.shape == (3, 1, count)
    with torch.no_grad():
        output = model(**batch, output_hidden_states=True, use_cache=False, return_dict=True)
    last = output.hidden_states[-1][0, -1]
    return torch.nn.functional.normalize(last, p=2, dim=-1)


def _features(model, batch: dict) -> dict:
    """Vision features [V, hidden]: whole where small, else first, middle and last row with each row's norm."""
    with torch.no_grad():
        features = model.visual(batch["pixel_values"], grid_thw=batch["image_grid_thw"])
    count = features.shape[0]
    rows = list(range(count)) if count <= WHOLE_ROWS else [0, count // 2, count - 1]
    return {"shape": list(features.shape), "rows": rows, "data": b64(features[rows]),
            "norms": b64(torch.linalg.norm(features, dim=1))}


def _layers(model, batch: dict) -> list[str]:
    """The last token's hidden state before each layer, and after the final norm: for finding where a graph departs."""
    with torch.no_grad():
        states = model(**batch, output_hidden_states=True, use_cache=False, return_dict=True).hidden_states
    return [b64(state[0, -1]) for state in states]


def _write_model(name, checkpoint, model, batches: dict, *, features: bool, extra: dict) -> dict:
    embeddings = {key: embed(model, batch) for key, batch in batches.items()}
    result = {"checkpoint": checkpoint, "dims": model.config.hidden_size, **extra,
              "embeddings": {key: b64(value) for key, value in embeddings.items()}}
    if features:
        result["layers"] = {key: _layers(model, batches[key]) for key in TRACED}
        result["features"] = {key: _features(model, batch) for key, batch in batches.items() if "pixel_values" in batch}
    write_json(EXPECTED / f"{name}.json", result)
    return embeddings


def _write_inputs(entries: list[dict], batches: dict) -> None:
    write_json(FIXTURES / "inputs.json", entries, depth=1)
    rows = {}
    for entry in entries:
        batch = batches[entry["id"]]
        rows[entry["id"]] = {"ids": batch["input_ids"][0].tolist(), "grid": None}
        if entry["image"]:
            patches, grid = pixels.patches_of(open_rgb(entry["image"]), entry["minPixels"], entry["maxPixels"])
            assert (patches == f32(batch["pixel_values"])).all()
            rows[entry["id"]] |= pixels.describe(patches, grid)
            if len(patches) <= 16 and entry["id"] in ("image-tiny", "image-one-token"):
                (EXPECTED / f"patches-{entry['id']}.f32").write_bytes(patches.tobytes())
    write_json(EXPECTED / "inputs.json", rows, depth=1)


def _adapter_extra(name: str, model) -> dict:
    matrices = {}
    for key, value in adapters.summary(name, model).items():
        matrices[key] = {"rank": value["rank"], "scaling": value["scaling"], "rowNorms": b64(value["norms"]),
                         "firstRow": b64(value["row"])}
        if value["magnitude"] is not None:
            matrices[key]["magnitude"] = b64(value["magnitude"])
            assert torch.allclose(value["norms"].float(), value["magnitude"], rtol=1e-5)
    return {"adapter": name, "merged": matrices}


def write_all() -> dict[str, dict[str, torch.Tensor]]:
    """Writes inputs.json and expected/<model>.json; returns the embeddings for checks."""
    entries = inputs.all_inputs()
    batches = {entry["id"]: prepare("tiny-tied", entry) for entry in entries}
    for entry in entries:
        other = prepare("tiny-untied", entry)
        assert torch.equal(other["input_ids"], batches[entry["id"]]["input_ids"])
    EXPECTED.mkdir(parents=True, exist_ok=True)
    _write_inputs(entries, batches)
    results = {}
    for checkpoint in ("tiny-tied", "tiny-untied"):
        model = checkpoints.load(checkpoint)
        results[checkpoint] = _write_model(checkpoint, checkpoint, model, batches, features=True,
                                           extra={"adapter": None})
    for name in adapters.CONFIGS:
        model = adapters.merged(name)
        key = f"tiny-tied+{name}"
        extra = _adapter_extra(name, model)
        if name == "dora":
            plain = adapters.merged_without_magnitude(name)
            wrong = {entry: embed(plain, batch) for entry, batch in batches.items()}
            results["forgotten"] = wrong
            extra["withoutMagnitude"] = {entry: b64(value) for entry, value in wrong.items()}
        results[key] = _write_model(key, "tiny-tied", model, batches, features=False, extra=extra)
    return results
