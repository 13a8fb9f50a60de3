"""Writes the pair as TIGER-Lab publishes theirs: a base of half precision and a DoRA adapter in float32, both
safetensors, each with tokenizer and preprocessor. Usage: python publish.py [--cache DIR] [--out FOLDER]
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from transformers import Qwen2VLForConditionalGeneration

BASE_ID = 'vlm2vec-web/nano-base'
# Of what `train.py adapter` writes; the rest is PEFT's model card.
ADAPTER_FILES = (
    'adapter_config.json', 'adapter_model.safetensors', 'added_tokens.json', 'merges.txt', 'preprocessor_config.json',
    'special_tokens_map.json', 'tokenizer.json', 'tokenizer_config.json', 'vocab.json',
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cache', type=Path, default=Path.home() / '.cache/vlm2vec-nano')
    parser.add_argument('--out', type=Path, default=Path(__file__).parent / 'published')
    options = parser.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    base, adapter = options.out / 'base', options.out / 'adapter'
    shutil.copytree(options.cache / 'base', base, ignore=shutil.ignore_patterns('*.safetensors'))
    # float16: eight times as fine as bfloat16 for weights of this size, and none comes near its limits
    model = Qwen2VLForConditionalGeneration.from_pretrained(options.cache / 'base', torch_dtype=torch.float16)
    assert all(weight.abs().max() < 1000 for weight in model.parameters())
    model.save_pretrained(base)
    adapter.mkdir()
    for name in ADAPTER_FILES:
        shutil.copy(options.cache / 'adapter' / name, adapter / name)
    config = json.loads((adapter / 'adapter_config.json').read_text())
    config['base_model_name_or_path'] = BASE_ID
    (adapter / 'adapter_config.json').write_text(json.dumps(config, indent=2) + '\n')
    shutil.copy(base / 'config.json', adapter / 'config.json')
    for path in sorted(options.out.rglob('*')):
        if path.is_file():
            print(f'{path.stat().st_size:>10} {path.relative_to(options.out)}')


if __name__ == '__main__':
    main()
