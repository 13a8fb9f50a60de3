"""Exports a SigLIP checkpoint to ONNX as transformers.js' published models are: both towers apart, named as its classes look for
them, then quantized with ONNX Runtime's own tools as its `quantize` script sets them (q8: dynamic, integer; q4: MatMulNBits of
32 columns, symmetric, no accuracy level).

    PYTHONPATH=export:tf-4.57.3 base/bin/python bench/siglip-export.py <checkpoint> <out> [fp32 q8 q4]

`export` holds onnx 1.17.0, onnxruntime 1.22.1 and onnxslim 0.1.48; `base` torch 2.5.1. Files that are there already are kept.
"""

import shutil
import sys
from pathlib import Path

import onnx
import onnxslim
import torch
from onnxruntime.quantization import QuantType
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.quantization.onnx_quantizer import ONNXQuantizer
from onnxruntime.quantization.quant_utils import QuantizationMode
from onnxruntime.quantization.registry import IntegerOpsRegistry
from transformers import SiglipModel

ENDINGS = {"fp32": "", "q8": "_quantized", "q4": "_q4"}


class Pooled(torch.nn.Module):
    """A tower that gives its two outputs by position, which is all that the exporter names."""

    def __init__(self, tower: torch.nn.Module, name: str):
        super().__init__()
        self.tower, self.name = tower, name

    def forward(self, x: torch.Tensor):
        out = self.tower(**{self.name: x})
        return out.last_hidden_state, out.pooler_output


def export(tower: torch.nn.Module, name: str, example: torch.Tensor, path: Path) -> None:
    axes = {0: "batch_size", 1: "sequence_length"} if name == "input_ids" else {0: "batch_size"}
    raw = path.with_suffix(".raw")
    torch.onnx.export(
        Pooled(tower, name),
        (example,),
        str(raw),
        input_names=[name],
        output_names=["last_hidden_state", "pooler_output"],
        dynamic_axes={name: axes, "last_hidden_state": axes, "pooler_output": {0: "batch_size"}},
        opset_version=18,
        do_constant_folding=True,
    )
    onnx.save(onnxslim.slim(onnx.load(str(raw))), str(path))
    raw.unlink()


def quantize_q8(source: Path, target: Path) -> None:
    model = onnx.load(str(source))
    convolves = any(node.op_type == "Conv" for node in model.graph.node)
    quantizer = ONNXQuantizer(
        model,
        per_channel=False,
        reduce_range=False,
        mode=QuantizationMode.IntegerOps,
        static=False,
        weight_qType=QuantType.QUInt8 if convolves else QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=None,
        nodes_to_quantize=[],
        nodes_to_exclude=[],
        op_types_to_quantize=list(IntegerOpsRegistry),
        extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True},
    )
    quantizer.quantize_model()
    onnx.save(quantizer.model.model, str(target))


def quantize_q4(source: Path, target: Path) -> None:
    quantizer = MatMulNBitsQuantizer(onnx.load(str(source)), block_size=32, is_symmetric=True, accuracy_level=None)
    quantizer.process()
    onnx.save(quantizer.model.model, str(target))


def main(checkpoint: str, out: str, *dtypes: str) -> None:
    folder = Path(out)
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(Path(checkpoint) / name, folder / name)
    model = None
    for tower in ("vision", "text"):
        source = folder / "onnx" / f"{tower}_model.onnx"
        if not source.exists():
            model = model or SiglipModel.from_pretrained(checkpoint, dtype=torch.float32).eval()
            size = model.config.vision_config.image_size
            with torch.no_grad():
                if tower == "vision":
                    export(model.vision_model, "pixel_values", torch.zeros(2, 3, size, size), source)
                else:
                    export(model.text_model, "input_ids", torch.ones(2, 64, dtype=torch.int64), source)
        for dtype, quantize in (("q8", quantize_q8), ("q4", quantize_q4)):
            target = source.with_name(f"{tower}_model{ENDINGS[dtype]}.onnx")
            if dtype in dtypes and not target.exists():
                quantize(source, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
