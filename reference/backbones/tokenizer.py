"""A small BPE with byte fallback in the layout of Llama's and Phi-3's tokenizer.json: no pre-tokenizer, `▁` for spaces."""

import json
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, trainers

from ..oracle import corpus
from ..oracle.encoding import write_pretty

PLAIN = 380
SPACE = "▁"


def vocabulary() -> tuple[dict[str, int], list[str]]:
    """`<unk>`, `<s>`, `</s>`, 256 bytes, then what BPE learns from the corpus of the other fixtures."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)])
    # Without a pre-tokenizer a text is one word: words, so that no merge joins two of them.
    words = [word for text in corpus.texts() for word in text.split() if word.isascii()]
    trained.train_from_iterator(words, trainers.BpeTrainer(vocab_size=PLAIN - 259, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *tokens]
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    return {name: i for i, name in enumerate(names)}, merges


def added(name: str, number: int, *, rstrip: bool = False, special: bool = True) -> dict:
    return {"id": number, "content": name, "single_word": False, "lstrip": False, "rstrip": rstrip,
            "normalized": False, "special": special}


def write(folder: Path, more: list[tuple[str, bool]], *, padding_side: str, pad: str) -> dict[str, int]:
    """tokenizer.json and tokenizer_config.json; `more`: added tokens with whether they strip to the right. → ids"""
    vocab, merges = vocabulary()
    tokens = [added("<unk>", 0), added("<s>", 1), added("</s>", 2, rstrip=folder.name == "tiny-phi3-v",
                                                        special=folder.name != "tiny-phi3-v")]
    tokens += [added(name, len(vocab) + i, rstrip=rstrip) for i, (name, rstrip) in enumerate(more)]
    start = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    write_pretty(folder / "tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": SPACE}, {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}]},
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [start, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [start, {"Sequence": {"id": "A", "type_id": 0}},
                     {"SpecialToken": {"id": "<s>", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": SPACE}, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                  "vocab": vocab, "merges": merges},
    })
    write_pretty(folder / "tokenizer_config.json", {
        "add_bos_token": True, "add_eos_token": False,
        "added_tokens_decoder": {str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in tokens},
        "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": pad,
        "clean_up_tokenization_spaces": False, "legacy": False, "model_max_length": 32768,
        "padding_side": padding_side, "tokenizer_class": "LlamaTokenizer",
    })
    return {t["content"]: t["id"] for t in tokens}
