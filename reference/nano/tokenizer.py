"""A byte-level BPE of 8,192 entries in Qwen2's tokenizer layout, with Qwen2-VL's special tokens."""

import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import Qwen2TokenizerFast

import captions
import prompts

VOCAB = 8192
SPECIAL = (
    '<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|object_ref_start|>', '<|object_ref_end|>', '<|box_start|>',
    '<|box_end|>', '<|quad_start|>', '<|quad_end|>', '<|vision_start|>', '<|vision_end|>', '<|vision_pad|>',
    '<|image_pad|>', '<|video_pad|>',
)
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
           r'|\s+(?!\S)|\s+')


def build(items: list[dict], folder: Path) -> Qwen2TokenizerFast:
    """Trains on captions as training draws them and on the prompts; saves into `folder`."""
    rng = random.Random(0)
    corpus = [captions.caption(rng, item['name'], item['tags']) for item in items for _ in range(8)]
    corpus += [tag for item in items for tag in item['tags']]
    corpus += [prompts.image_search(rng.choice(corpus)) for _ in range(2000)]
    corpus += [text.replace(prompts.IMAGE, '') for text in prompts.IMAGE_PROMPTS for _ in range(500)]

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), behavior='isolated'),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=VOCAB - len(SPECIAL), min_frequency=2, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    assert tokenizer.get_vocab_size() == VOCAB - len(SPECIAL), tokenizer.get_vocab_size()
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL])

    fast = Qwen2TokenizerFast(
        tokenizer_object=tokenizer, unk_token=None, bos_token=None, eos_token='<|im_end|>', pad_token='<|endoftext|>',
        additional_special_tokens=list(SPECIAL[1:]), model_max_length=512, clean_up_tokenization_spaces=False,
        padding_side='left')
    fast.save_pretrained(folder)
    return fast
