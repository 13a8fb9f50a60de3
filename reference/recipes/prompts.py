"""Parts of prompts that several recipes share."""

DEFAULT = "You are a helpful assistant."
MARKER = "<|vision_start|><|image_pad|><|vision_end|>"
END = "<|im_end|>\n<|im_start|>assistant\n<|endoftext|>"
SHORT_END = "<|im_end|>\n<|endoftext|>"


def turn(user: str, end: str = END, system: str = DEFAULT) -> str:
    return f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{user}{end}"
