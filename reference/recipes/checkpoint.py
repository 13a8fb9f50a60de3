"""The small random checkpoint that stands in for every published one: the fixture `tiny-tied`, in float32 on the CPU.

Its head size (128), M-RoPE sections (16, 24, 24) and special tokens are Qwen2-VL's; a weight is bf16 on disk, so that
every implementation starts from the same float32 numbers.
"""

import json
import shutil
import tempfile
from pathlib import Path

import torch
import transformers
from transformers import Qwen2TokenizerFast, Qwen2VLForConditionalGeneration, Qwen2VLImageProcessor

from ..oracle.encoding import FIXTURES, write_pretty

NAME = "tiny-tied"
FOLDER = FIXTURES / "checkpoints" / NAME

# What Qwen2-VL's own template makes of the messages used here (system prompt, pictures before the text, turn ends),
# in the form of a Jinja template; recipes whose authors call `apply_chat_template` need one in the checkpoint.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' or 'image' in part %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'video' or 'video' in part %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif 'text' in part %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def quiet() -> None:
    """One thread, no warnings, the same result on every run."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(0)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def folder(preprocessor: dict | None = None, config: dict | None = None) -> Path:
    """A throw-away copy of the checkpoint for loaders that want a folder, with Qwen2-VL's chat template.

    `preprocessor` and `config` change entries of the files of those names; an entry of None is taken out.
    """
    copy = Path(tempfile.mkdtemp(prefix="recipe-")) / NAME
    shutil.copytree(FOLDER, copy)
    _change(copy / "preprocessor_config.json", preprocessor or {})
    _change(copy / "config.json", config or {})
    _change(copy / "tokenizer_config.json", {"chat_template": CHAT_TEMPLATE})
    # Processors up to 4.48 look for it here only.
    write_pretty(copy / "chat_template.json", {"chat_template": CHAT_TEMPLATE})
    return copy


def _change(path: Path, entries: dict) -> None:
    values = json.loads(path.read_text()) | entries
    write_pretty(path, {key: value for key, value in values.items() if value is not None})


def load(cls=Qwen2VLForConditionalGeneration, attention: str = "eager"):
    """The model as float32, ready to run."""
    return cls.from_pretrained(FOLDER, torch_dtype=torch.float32, attn_implementation=attention).float().eval()


def tokenizer() -> Qwen2TokenizerFast:
    return Qwen2TokenizerFast.from_pretrained(FOLDER)


def image_processor() -> Qwen2VLImageProcessor:
    return Qwen2VLImageProcessor.from_pretrained(FOLDER)
