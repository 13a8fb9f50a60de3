"""Golden vectors of published embedders on the Qwen2-VL graph, made by their authors' own inference code.

One module per recipe. How to run them, and what each was run with: README.md.
"""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
