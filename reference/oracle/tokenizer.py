"""A small byte-level BPE in exactly the layout of Qwen2-VL's tokenizer files."""

import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from . import corpus
from .encoding import write_pretty

VOCAB = 722
SPECIALS = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
]
IDS = {name: VOCAB + i for i, name in enumerate(SPECIALS)}
# Rows of the embedding table: more than there are tokens, as in the official checkpoints.
EMBEDDING_ROWS = 768

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def train() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary (bytes first) and merges, learnt from corpus.py."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB, show_progress=False, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())
    )
    tokenizer.train_from_iterator(corpus.texts(), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    assert len(model["vocab"]) == VOCAB, len(model["vocab"])
    vocab = dict(sorted(model["vocab"].items(), key=lambda item: item[1]))
    merges = [tuple(pair.split(" ")) if isinstance(pair, str) else tuple(pair) for pair in model["merges"]]
    return vocab, merges


def _added(name: str) -> dict:
    return {
        "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True
    }


def write(folder: Path, merges_as: str) -> None:
    """tokenizer.json, tokenizer_config.json, vocab.json, merges.txt, special_tokens_map.json, added_tokens.json.

    `merges_as`: 'strings' ("a b") is how files up to tokenizers 0.19 hold merges, 'pairs' (["a", "b"]) how later ones
    do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vocab, merges = train()
    write_pretty(folder / "tokenizer.json", {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": IDS[name], **_added(name)} for name in SPECIALS],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}, BYTE_LEVEL
            ],
        },
        "post_processor": BYTE_LEVEL,
        "decoder": BYTE_LEVEL,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": vocab,
            "merges": [" ".join(pair) if merges_as == "strings" else list(pair) for pair in merges],
        },
    })
    write_pretty(folder / "tokenizer_config.json", {
        "add_prefix_space": False,
        "added_tokens_decoder": {str(IDS[name]): _added(name) for name in SPECIALS},
        "additional_special_tokens": SPECIALS[1:],
        "bos_token": None,
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 32768,
        "pad_token": "<|endoftext|>",
        "padding_side": "left",
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    })
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    write_pretty(folder / "added_tokens.json", IDS)
    write_pretty(folder / "special_tokens_map.json", {
        "additional_special_tokens": SPECIALS[1:],
        "eos_token": _without_special("<|im_end|>"),
        "pad_token": _without_special("<|endoftext|>"),
    })


def _without_special(name: str) -> dict:
    return {key: value for key, value in _added(name).items() if key != "special"}


def write_preprocessor(folder: Path) -> None:
    """preprocessor_config.json of Qwen/Qwen2-VL-*-Instruct."""
    write_pretty(folder / "preprocessor_config.json", {
        "min_pixels": 3136,
        "max_pixels": 12845056,
        "patch_size": 14,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "image_processor_type": "Qwen2VLImageProcessor",
        "processor_class": "Qwen2VLProcessor",
    })
