"""Writes reference/fixtures from HF transformers, PEFT, tokenizers and Pillow. Run: python -m reference.oracle"""
