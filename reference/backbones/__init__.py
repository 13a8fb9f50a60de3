"""Oracles of the other backbones of VLM2Vec's table: small random LLaVA-NeXT and Phi-3.5-V checkpoints and their vectors."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
