"""Golden vectors of qwen3-vl-embedding (Qwen/Qwen3-VL-Embedding-2B, -8B): QwenLM/Qwen3-VL-Embedding's own embedder.

transformers 4.57.3, qwen-vl-utils 0.0.14. The checkpoint is `reference/backbones/qwen3_vl.py`'s.
"""

import contextlib
import json
import shutil
import sys
import tempfile
import types
from pathlib import Path

import torch
from PIL import Image
from transformers import Qwen3VLProcessor
from transformers.models.qwen3_vl import modeling_qwen3_vl as modeling

from ..backbones import qwen3_vl
from ..oracle.encoding import FIXTURES, sha256, write_pretty
from . import checkpoint, code, pictures
from .golden import Golden
from .pictures import synthetic

REPOSITORY = "QwenLM/Qwen3-VL-Embedding"
DEFAULT = "Represent the user's input."
V = "<|vision_start|><|image_pad|><|vision_end|>"
# Of the messages used here, what the published template makes (a third party printed it).
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}" + V + "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
FIND = "Find an image that matches the text"
SIZES = [(5, 7), (1, 150), (33, 31), (64, 96), (96, 64), (150, 108), (16, 16), (48, 80), (80, 48), (200, 40), (40, 200),
         (224, 224), (333, 100), (100, 333), (47, 49), (512, 64), (30, 1000), (301, 299), (640, 480), (1000, 10),
         (595, 842), (1600, 1200), (1700, 1300)]
TEXTS = {
    "text": "A cat and a dog", "text-empty": "", "text-space": " ", "text-letter": "a",
    "text-kept": "  two  spaces,\n\n and a tab\t ", "text-languages": "Ein Hund läuft. 猫と犬。 кошка ñandú",
    "text-emoji": "😀👩‍👩‍👧 e\u0301 \ufb01", "text-numbers": "3.14159 + 2,718 = ½ €10",
    "text-markers": "<|image_pad|> and <|vision_start|><|image_pad|><|vision_end|> typed",
    "text-turns": "<|im_end|>\n<|im_start|>user\nagain", "text-end": "the end<|endoftext|>",
    "text-20": "a cat " * 10, "text-200": "a dog and a cat, " * 33, "text-1000": "many words " * 450,
}
INSTRUCTIONS = {
    "instruction": FIND, "instruction-stop": FIND + ".", "instruction-ideographic": "探してください。",
    "instruction-dollar": "in $", "instruction-paren": "(please)", "instruction-spaces": " \t find \x1c\n",
    "instruction-empty": "   ", "instruction-emoji": "find 😀", "instruction-quote": "say “so”",
}


def cases() -> list[dict]:
    result = [{"id": id, "text": text} for id, text in TEXTS.items()]
    result += [{"id": id, "text": "A cat", "instruction": given} for id, given in INSTRUCTIONS.items()]
    result.append({"id": "nothing", "instruction": "Find it"})
    result += [{"id": f"picture-{w}x{h}", "images": [{"synthetic": [w, h]}]} for w, h in SIZES]
    files = [pictures.COFFEE, "images/rgba.png", "images/grey-alpha.png", "images/palette.png", "images/bilevel.png",
             "images/grey.png", "images/decode/palette-trns.png", "images/decode/lossless.webp", "images/decode/still.gif"]
    result += [{"id": Path(file).stem, "images": [file]} for file in files if (FIXTURES / file).exists()]
    result += [
        {"id": "both", "text": "What is this?", "images": [pictures.ROCKET]},
        {"id": "both-instruction", "text": "  kept ", "images": [pictures.WIDE], "instruction": FIND},
        {"id": "picture-empty-text", "text": "", "images": [pictures.TINY]},
        {"id": "two-pictures", "text": "two", "images": [pictures.COFFEE, pictures.WIDE]},
        {"id": "three-pictures", "images": [pictures.WIDE, {"synthetic": [64, 96]}, pictures.TINY], "instruction": FIND},
        {"id": "text-cut", "text": "words to be cut off, one after another " * 8, "maxTokens": 48},
        {"id": "text-cut-frame", "text": "short", "maxTokens": 20},
        {"id": "both-cut", "text": "a caption that is too long " * 9, "images": [pictures.TINY], "maxTokens": 64},
    ]
    return [{"role": "document", **case} for case in result]


def string(case: dict) -> str:
    given = case.get("instruction", "").strip()
    import unicodedata
    if given and not unicodedata.category(given[-1]).startswith("P"):
        given += "."
    user = V * len(case.get("images", [])) + case.get("text", "")
    if "text" not in case and "images" not in case:
        user = "NULL"
    return f"<|im_start|>system\n{given or DEFAULT}<|im_end|>\n<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n"


def open_picture(spec) -> Image.Image:
    """As it is: what becomes of its mode is the authors' business."""
    return synthetic(*spec["synthetic"]) if isinstance(spec, dict) else Image.open(FIXTURES / spec)


def folder() -> Path:
    copy = Path(tempfile.mkdtemp(prefix="recipe-")) / qwen3_vl.NAME
    shutil.copytree(qwen3_vl.FOLDER, copy)
    settings = json.loads((copy / "tokenizer_config.json").read_text())
    write_pretty(copy / "tokenizer_config.json", {**settings, "chat_template": CHAT_TEMPLATE})
    write_pretty(copy / "chat_template.json", {"chat_template": CHAT_TEMPLATE})
    write_pretty(copy / "video_preprocessor_config.json", {
        "size": {"shortest_edge": 4096, "longest_edge": 25165824}, "patch_size": 16, "temporal_patch_size": 2,
        "merge_size": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "video_processor_type": "Qwen3VLVideoProcessor"})
    return copy


@contextlib.contextmanager
def patched(owner, name: str, value):
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


class Mistakes:
    """Near mistakes, each made in the model or in what it is asked while the authors' code runs."""

    def __init__(self, embedder) -> None:
        self.embedder = embedder
        self.model = embedder.model.model
        self.tokenizer = embedder.processor.tokenizer

    def tokens(self, change):
        """`change`: of the processor's batch."""
        original = Qwen3VLProcessor.__call__

        def call(processor, *args, **kwargs):
            return change(original(processor, *args, **kwargs))
        return patched(Qwen3VLProcessor, "__call__", call)

    def no_end_token(self):
        def change(batch):
            for key in ("input_ids", "attention_mask"):
                batch[key] = batch[key][:, :-1]
            return batch
        return self.tokens(change)

    def template(self, changed: str):
        return patched(self.embedder.processor, "chat_template", changed)

    def before_the_final_norm(self):
        return patched(self.model.language_model.norm, "forward", lambda hidden: hidden)

    def no_head_norms(self):
        stack = contextlib.ExitStack()
        for layer in self.model.language_model.layers:
            for norm in (layer.self_attn.q_norm, layer.self_attn.k_norm):
                stack.enter_context(patched(norm, "forward", lambda hidden: hidden))
        return stack

    def no_deepstack(self):
        return patched(self.model.language_model, "_deepstack_process", lambda hidden, mask, embeds: hidden)

    def deepstack_one_layer_early(self):
        """deep[l] before the layer l instead of behind it."""
        language = self.model.language_model
        real = language._deepstack_process
        stack = contextlib.ExitStack()
        waiting = {}
        original = language.forward

        def forward(*args, **kwargs):
            waiting.update(mask=kwargs.get("visual_pos_masks"), embeds=kwargs.get("deepstack_visual_embeds"))
            return original(*args, **kwargs)
        stack.enter_context(patched(language, "forward", forward))
        stack.enter_context(patched(language, "_deepstack_process", lambda hidden, mask, embeds: hidden))
        for index, layer in enumerate(language.layers):
            own = layer.forward

            def early(hidden, *args, own=own, index=index, **kwargs):
                embeds = waiting["embeds"]
                if embeds is not None and index < len(embeds):
                    hidden = real(hidden, waiting["mask"], embeds[index])
                return own(hidden, *args, **kwargs)
            stack.enter_context(patched(layer, "forward", early))
        return stack

    def sections_one_after_another(self):
        def chunks(freqs, section):
            parts = freqs[0].clone()
            at = section[0]
            for axis in (1, 2):
                parts[..., at:at + section[axis]] = freqs[axis, ..., at:at + section[axis]]
                at += section[axis]
            return parts
        return patched(self.model.language_model.rotary_emb, "apply_interleaved_mrope", chunks)

    def plain_positions(self):
        def index(input_ids=None, *args, **kwargs):
            count = input_ids.shape[1]
            return torch.arange(count).expand(3, 1, count), torch.zeros(1, 1)
        return patched(self.model, "get_rope_index", index)

    def positions_by_tokens(self):
        """Behind a picture, on by its tokens instead of its longer side."""
        original = self.model.get_rope_index

        def index(input_ids=None, *args, **kwargs):
            positions, delta = original(input_ids, *args, **kwargs)
            ids = input_ids[0].tolist()
            pad = self.model.config.image_token_id
            if pad in ids:
                last = len(ids) - 1 - ids[::-1].index(pad)
                positions = positions.clone()
                positions[..., last + 1:] += last + 1 - positions[..., last + 1].clone()[..., None]
            return positions, delta
        return patched(self.model, "get_rope_index", index)

    def norm_before_grouping(self):
        """Of the DeepStack mergers: each quarter of the gain for its patch."""
        stack = contextlib.ExitStack()
        for merger in self.model.visual.deepstack_merger_list:
            def forward(x, merger=merger):
                width = x.shape[-1]
                normed = torch.nn.functional.layer_norm(x, (width,), eps=1e-6).view(-1, merger.hidden_size)
                normed = normed * merger.norm.weight + merger.norm.bias
                return merger.linear_fc2(merger.act_fn(merger.linear_fc1(normed)))
            stack.enter_context(patched(merger, "forward", forward))
        return stack

    def norm_after_grouping(self):
        """Of the last merger: one mean and deviation for a group."""
        merger = self.model.visual.merger

        def forward(x):
            grouped = torch.nn.functional.layer_norm(x.view(-1, merger.hidden_size), (merger.hidden_size,), eps=1e-6)
            normed = grouped * merger.norm.weight.repeat(4) + merger.norm.bias.repeat(4)
            return merger.linear_fc2(merger.act_fn(merger.linear_fc1(normed)))
        return patched(merger, "forward", forward)

    def positions_of_table(self, interpolate):
        """`interpolate`: table [1, D, N, N] and grid → [1, D, h, w]"""
        visual = self.model.visual

        def mixed(grid):
            _, h, w = grid[0].tolist()
            side = visual.num_grid_per_side
            table = visual.pos_embed.weight.view(side, side, -1).permute(2, 0, 1)[None]
            stretched = interpolate(table, (h, w))[0].permute(1, 2, 0)
            return stretched.reshape(h // 2, 2, w // 2, 2, -1).transpose(1, 2).reshape(h * w, -1)
        return patched(visual, "fast_pos_embed_interpolate", mixed)

    def blocks_gelu_erf(self):
        stack = contextlib.ExitStack()
        for block in self.model.visual.blocks:
            stack.enter_context(patched(block.mlp, "act_fn", torch.nn.GELU()))
        return stack

    def mergers_gelu_tanh(self):
        stack = contextlib.ExitStack()
        for merger in (self.model.visual.merger, *self.model.visual.deepstack_merger_list):
            stack.enter_context(patched(merger, "act_fn", torch.nn.GELU(approximate="tanh")))
        return stack


def main() -> None:
    checkpoint.quiet()
    sys.path.insert(0, str(code.folder() / REPOSITORY.replace("/", "+")))
    authors = code.module(f"{REPOSITORY.replace('/', '+')}/src/models/qwen3_vl_embedding.py")
    embedder = authors.Qwen3VLEmbedder(str(folder()), torch_dtype=torch.float32, attn_implementation="eager")
    golden = Golden("qwen3-vl-embedding", embedder.model, positions="mrope", checkpoint_name=qwen3_vl.NAME, code={
        "repository": REPOSITORY, "file": "src/models/qwen3_vl_embedding.py", "commit": "8ce3aab",
    }, processor_class=Qwen3VLProcessor, tower="Qwen3VLVisionModel", rotary="Qwen3VLTextRotaryEmbedding")

    def vector(case: dict) -> torch.Tensor:
        asked = {key: case[key] for key in ("text", "instruction") if key in case}
        if "images" in case:
            asked["image"] = [open_picture(image) for image in case["images"]]
        with patched(embedder, "max_length", case.get("maxTokens", 8192)):
            return embedder.process([asked])

    by_id = {case["id"]: case for case in cases()}
    for case in by_id.values():
        golden.add(lambda: vector(case), **case, string=string(case))
        print(case["id"], len(golden.cases[-1]["ids"]), flush=True)

    # The limit itself: the first 8191 of the text's tokens, and the end token.
    long = {"text": "many words " * 4200}
    golden.recorder.start()
    vector(long)
    ids = golden.recorder.seen.ids
    assert len(ids) == 8192
    limit = {**long, "tokens": len(ids), "last": ids[-3:], "sha256": sha256(torch.tensor(ids, dtype=torch.int32).numpy())}

    m = Mistakes(embedder)
    functional = torch.nn.functional

    def stretch(**how):
        return lambda table, size: functional.interpolate(table, size, **how)

    in_model = {
        "no end token": (["text", "both"], m.no_end_token),
        "no assistant's turn": (["text"], lambda: m.template(CHAT_TEMPLATE.split("{% if add")[0])),
        "before the final norm": (["text", "both"], m.before_the_final_norm),
        "no q and k norm": (["text", "both"], m.no_head_norms),
        "no DeepStack": (["picture-224x224", "both"], m.no_deepstack),
        "DeepStack one layer early": (["picture-224x224", "both"], m.deepstack_one_layer_early),
        "sections one after another": (["picture-224x224", "both"], m.sections_one_after_another),
        "1-D positions": (["picture-224x224", "both"], m.plain_positions),
        "positions go on by tokens": (["both"], m.positions_by_tokens),
        "norm before grouping in DeepStack's mergers": (["picture-224x224"], m.norm_before_grouping),
        "norm after grouping in the last merger": (["picture-224x224"], m.norm_after_grouping),
        "table not interpolated": (["picture-224x224"], lambda: m.positions_of_table(stretch(mode="nearest"))),
        "table antialiased": (["picture-150x108"], lambda: m.positions_of_table(
            stretch(mode="bilinear", align_corners=False, antialias=True))),
        "table not corner on corner": (["picture-224x224"], lambda: m.positions_of_table(
            stretch(mode="bilinear", align_corners=False))),
        "table bicubic": (["picture-224x224"], lambda: m.positions_of_table(stretch(mode="bicubic", align_corners=True))),
        "GELU by erf in blocks": (["picture-224x224"], m.blocks_gelu_erf),
        "GELU by tanh in mergers": (["picture-224x224"], m.mergers_gelu_tanh),
    }
    wrong: list[dict] = []

    def mistake(id: str, name: str, found: torch.Tensor) -> None:
        found = found.squeeze(0)
        right = golden.vectors[id]
        cosine = float(right.double() @ found.double())
        difference = float((right - found).abs().max())
        print(f"{id}, {name}: 1 - cosine {1 - cosine:.3g}, most {difference:.3g}", flush=True)
        assert difference > 1e-5, (id, name)
        wrong.append({"case": id, "name": name, "cosine": round(cosine, 9), "difference": difference})

    for name, (ids, make) in in_model.items():
        for id in ids:
            with make():
                mistake(id, name, vector(by_id[id]))
    plain = by_id["instruction"]
    formatted = embedder.format_model_input

    def without_dot(**given):
        conversation = formatted(**given)
        conversation[0]["content"][0]["text"] = plain["instruction"]
        return conversation
    with patched(embedder, "format_model_input", without_dot):
        mistake("instruction", "instruction without the full stop", vector(plain))
    for id, name, changed in [
        ("text", "another system prompt", {"instruction": "You are a helpful assistant."}),
        ("text-empty", "NULL for an empty text", {"text": "NULL"}),
        ("text-kept", "text trimmed", {"text": TEXTS["text-kept"].strip()}),
    ]:
        mistake(id, name, vector({**by_id[id], **changed}))
    opened = {id: open_picture(by_id[id]["images"][0]) for id in ("rgba", "grey-alpha", "picture-150x108", "picture-1600x1200")}
    mistake("rgba", "alpha dropped", embedder.process([{"image": opened["rgba"].convert("RGB")}]))
    white = Image.alpha_composite(Image.new("RGBA", opened["grey-alpha"].size, "white"), opened["grey-alpha"].convert("RGBA"))
    mistake("grey-alpha", "grey over white", embedder.process([{"image": white.convert("RGB")}]))
    with patched(embedder, "max_pixels", 1310720):
        mistake("picture-1600x1200", "the file's limit", vector(by_id["picture-1600x1200"]))
    w, h = opened["picture-150x108"].size
    # 140 x 112 is what a factor of 28 gives; the model needs multiples of 32.
    factor = opened["picture-150x108"].resize((round(w / 28) * 28, round(h / 28) * 28), Image.Resampling.BICUBIC)
    mistake("picture-150x108", "factor 28", embedder.process([{"image": factor}]))
    bilinear = opened["picture-150x108"].resize((160, 96), Image.Resampling.BILINEAR)
    mistake("picture-150x108", "bilinear", embedder.process([{"image": bilinear}]))
    golden.mistakes = wrong
    golden.write(limit=limit)


if __name__ == "__main__":
    main()
