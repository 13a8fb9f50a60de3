"""What the embedders of document screenshots (dse, mcdse, vdr) share.

Their cards prepare the inputs as for generation, with one cache position per input (a slip that changes nothing up to
transformers 4.46, and with one input a call and sdpa in later ones), and take the last state of the last layer.
"""

from collections.abc import Callable, Sequence

import torch
from PIL import Image
from transformers import AutoProcessor

from . import checkpoint, plain
from .golden import Golden
from .pictures import open_picture

BLANK = (56, 56)


def processor(min_tokens: int, max_tokens: int):
    """The checkpoint's processor with a card's limits, in visual tokens."""
    result = AutoProcessor.from_pretrained(
        checkpoint.folder(), min_pixels=min_tokens * plain.K, max_pixels=max_tokens * plain.K
    )
    result.tokenizer.padding_side = "left"
    return result


@torch.no_grad()
def authors_embed(model, prepare, text: str, images: Sequence[Image.Image], dims: int | None) -> torch.Tensor:
    """The cards' calls, for one input. // [1, dims]"""
    inputs = prepare(text=[text], images=list(images), videos=None, padding="longest", return_tensors="pt")
    inputs = model.prepare_inputs_for_generation(**inputs, cache_position=torch.arange(0, 1), use_cache=False)
    output = model(**inputs, return_dict=True, output_hidden_states=True)
    return torch.nn.functional.normalize(output.hidden_states[-1][:, -1][:, :dims], p=2, dim=-1)


class Screens:
    """Runs the cases of one of them: `run(case)` is the card's flow, `string(case)` and `steps` the recipe's data."""

    def __init__(self, golden: Golden, model, run: Callable[[dict], torch.Tensor], string: Callable[[dict], str],
                 steps: list[plain.Step]) -> None:
        self.golden, self.model, self.run, self.string, self.steps = golden, model, run, string, steps
        self.by_id: dict[str, dict] = {}

    def ours(self, case: dict, **changed) -> torch.Tensor:
        images = [open_picture(image) for image in case.get("images", [])]
        data = {"images": images, "steps": self.steps}
        if not images:
            data = {"images": [Image.new("RGB", BLANK)], "steps": []}
        return plain.embed(self.model, **{"string": self.string(case), "positions": "mrope",
                                          "dims": case.get("dims"), **data, **changed})

    def add(self, cases: list[dict]) -> None:
        for case in cases:
            self.by_id[case["id"]] = case
            if case.get("refused"):
                fields = {key: value for key, value in case.items() if key != "refused"}
                self.golden.refuse(lambda: self.run(case), **fields)
                continue
            self.golden.add(lambda: self.run(case), **case, string=self.string(case))
            self.golden.same(case["id"], self.ours(case))

    def mistakes(self, entries: list[tuple[str, str, dict]]) -> None:
        for id, name, changed in entries:
            self.golden.mistake(id, name, self.ours(self.by_id[id], **changed))

    def blanks(self, id: str) -> None:
        """What a text without its black picture, or with another one, gives."""
        string = self.string(self.by_id[id])
        marker = "<|vision_start|><|image_pad|><|vision_end|>"
        self.mistakes([
            (id, "blank picture 28 x 28", {"images": [Image.new("RGB", (28, 28))]}),
            (id, "white picture", {"images": [Image.new("RGB", BLANK, "white")]}),
            (id, "marker without a picture", {"images": []}),
            (id, "no picture, no marker", {"images": [], "string": string.replace(marker, "")}),
            (id, "1d positions", {"positions": "1d"}),
        ])
