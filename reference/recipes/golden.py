"""Collects the cases of one recipe and writes `reference/fixtures/recipes/<recipe>.json`."""

from collections.abc import Callable

import torch
import transformers

from ..oracle.encoding import FIXTURES, b64, write_json
from . import checkpoint
from .plain import cosine
from .record import Recorder

FOLDER = FIXTURES / "recipes"
# Of float32 runs of one model in two orders of operations.
SAME = 0.9999995


class Golden:
    def __init__(self, recipe: str, model, *, positions: str, code: dict, adapter: str | None = None,
                 checkpoint_name: str = checkpoint.NAME, **watched) -> None:
        """`watched`: further arguments of Recorder."""
        self.recipe, self.rule = recipe, positions
        self.recorder = Recorder(model, **watched)
        self.head = {"recipe": recipe, "code": code, "transformers": transformers.__version__,
                     "checkpoint": checkpoint_name, **({"adapter": adapter} if adapter else {}), "positions": positions}
        self.cases: list[dict] = []
        self.vectors: dict[str, torch.Tensor] = {}
        self.mistakes: list[dict] = []

    def add(self, run: Callable[[], torch.Tensor], *, id: str, string: str, rows: int = 12, **fields) -> None:
        """Runs the authors' code on one input. `string` is what the recipe's data says it must tokenize.

        A result of two axes [rows, size] is kept as `embeddings`: `rows` of them where there are more than twice as
        many.
        """
        self.recorder.start()
        with torch.no_grad():
            result = run().squeeze(0).float()
        seen = self.recorder.seen
        assert seen.string == string, f"{id}: {seen.string!r} is not {string!r}"
        flat = [list(range(len(seen.ids)))] * 3
        assert self.rule == "mrope" or seen.positions == flat, f"{id}: not 1-D"
        case = {"id": id, **fields, "string": string, "ids": seen.ids, "grids": seen.grids}
        # Of text alone both rules are the same; the file says so all the same where the recipe is M-RoPE.
        if self.rule == "mrope":
            case["positions"] = seen.positions
        if result.ndim == 1:
            assert abs(float(result.norm()) - 1) < 1e-5, id
            case["embedding"] = b64(result)
        else:
            if len(result) > 2 * rows:
                case["rows"] = [round(i * (len(result) - 1) / (rows - 1)) for i in range(rows)]
            case["embeddings"] = b64(result[case["rows"]] if "rows" in case else result)
        self.cases.append(case)
        self.vectors[id] = result

    def refuse(self, run: Callable[[], object], *, id: str, **fields) -> None:
        """The authors' code throws on this input."""
        try:
            run()
        except (ValueError, AssertionError) as error:
            print(f"{self.recipe} {id}: refused ({error})")
            self.cases.append({"id": id, **fields, "refused": True})
            return
        raise AssertionError(f"{id} was not refused")

    def same(self, id: str, vector: torch.Tensor) -> None:
        """Another implementation gives this vector."""
        value = cosine(self.vectors[id], vector)
        print(f"{self.recipe} {id}: {value:.9f}")
        assert value > SAME, f"{id}: {value}"

    def mistake(self, id: str, name: str, vector: torch.Tensor) -> None:
        """What a near mistake gives: it must be another vector."""
        value = cosine(self.vectors[id], vector)
        print(f"{self.recipe} {id}, {name}: {value:.6f}")
        assert value < 0.99999, f"{id}, {name}: no different"
        self.mistakes.append({"case": id, "name": name, "cosine": round(value, 6)})

    def write(self, **extra) -> None:
        path = FOLDER / f"{self.recipe}.json"
        write_json(path, {**self.head, "cases": self.cases, "mistakes": self.mistakes, **extra}, depth=2)
        print(f"{path.name}: {path.stat().st_size // 1000} kB, {len(self.cases)} cases")
