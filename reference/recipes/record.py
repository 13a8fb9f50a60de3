"""What really went through the model while somebody else's code ran: strings, token ids, grids, positions.

Hooks on the processor, the token table, the vision tower and the rotary table; the code under observation is not
changed.
"""

import functools
from dataclasses import dataclass, field

import torch
from transformers import Qwen2VLProcessor


@dataclass
class Seen:
    string: str = ""
    """The prompt before its picture markers are repeated."""
    ids: list[int] = field(default_factory=list)
    grids: list[list[int]] = field(default_factory=list)
    """[rows, columns] of patches, per picture."""
    positions: list[list[int]] = field(default_factory=list)
    """[3][tokens]: time, row, column."""


class Recorder:
    """Watches one model (a Qwen2-VL or something that holds one, or what `tower` and `rotary` name) and every
    `processor_class`. One input at a time."""

    def __init__(self, model: torch.nn.Module, processor_class=Qwen2VLProcessor,
                 tower: str = "Qwen2VisionTransformerPretrainedModel", rotary: str = "Qwen2VLRotaryEmbedding") -> None:
        self.seen = Seen()
        self._watch_processor(processor_class)
        modules = sorted(model.named_modules(), key=lambda item: item[0].count("."))
        by_kind = {}
        for _, module in modules:
            by_kind.setdefault(type(module).__name__, module)
        # The outermost rotary table is the decoder's own: its layers take the table that it makes.
        table = next(m for name, m in modules if isinstance(m, torch.nn.Embedding) and name.endswith("embed_tokens"))
        table.register_forward_pre_hook(self._on_ids)
        by_kind[tower].register_forward_pre_hook(self._on_grid, with_kwargs=True)
        by_kind[rotary].register_forward_pre_hook(self._on_positions, with_kwargs=True)

    def start(self) -> None:
        self.seen = Seen()

    def _watch_processor(self, processor_class) -> None:
        original = processor_class.__call__

        @functools.wraps(original)
        def watched(processor, *args, **kwargs):
            text = kwargs.get("text", args[1] if len(args) > 1 else None)
            self.seen.string = text if isinstance(text, str) else text[0]
            return original(processor, *args, **kwargs)

        processor_class.__call__ = watched

    def _on_ids(self, _module, args) -> None:
        self.seen.ids = args[0][0].tolist()
        assert args[0].shape[0] == 1, "one input at a time"

    def _on_grid(self, _module, args, kwargs) -> None:
        grid = kwargs.get("grid_thw", args[1] if len(args) > 1 else None)
        assert (grid[:, 0] == 1).all()
        self.seen.grids = grid[:, 1:].tolist()

    def _on_positions(self, _module, args, kwargs) -> None:
        positions = kwargs.get("position_ids", args[1] if len(args) > 1 else None)
        assert positions.shape[:2] == (3, 1)
        self.seen.positions = positions[:, 0].tolist()
