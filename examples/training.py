# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the training scripts of the text examples share: the split, the export, the goldens, the C tables."""

import shutil
import zlib

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper


def held_out(text, parts):
    """Whether a text is for testing: one in `parts`, by its checksum, so equal texts are never on both sides."""
    return zlib.crc32(text.encode()) % parts == 0


def export(model, example, path, inputs, outputs, time_axes):
    """Writes an ONNX file in which axis `time_axes[name]` of an input or output is T."""
    torch.onnx.export(
        model,
        example,
        str(path),
        input_names=inputs,
        output_names=outputs,
        dynamic_axes={name: {axis: "T"} for name, axis in time_axes.items()},
        opset_version=17,
        dynamo=False,
    )
    graph = onnx.load(path)
    onnx.checker.check_model(graph)
    print(f"{path.name}: {path.stat().st_size} bytes, {sorted({node.op_type for node in graph.graph.node})}")


@torch.no_grad()
def write_goldens(exact, path, outputs, cases):
    """test_data_set_N beside the model for cases of named inputs: outputs of `exact`, a net in double precision,
    rounded once to float, and held against ONNX Runtime on the model's file."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for number, inputs in enumerate(cases):
        tensors = [torch.from_numpy(x) for x in inputs.values()]
        values = exact(*(x.double() if x.is_floating_point() else x for x in tensors))
        values = values if isinstance(values, tuple) else (values,)
        named = dict(zip(outputs, (x.numpy().astype(np.float32) for x in values), strict=True))
        theirs = session.run(outputs, inputs)
        pairs = zip(theirs, named.values(), strict=True)
        worst = max((np.abs(a - b) / np.maximum(1, np.abs(b))).max() for a, b in pairs)
        print(f"test_data_set_{number}: ONNX Runtime differs by at most {worst:.1e}")
        assert worst < 1e-5
        folder = path.parent / f"test_data_set_{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for kind, arrays in (("input", inputs), ("output", named)):
            for index, (name, array) in enumerate(arrays.items()):
                tensor = numpy_helper.from_array(array, name)
                (folder / f"{kind}_{index}.pb").write_bytes(tensor.SerializeToString())


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def c_table(name, strings, comment):
    """A sorted or ordered table of strings in C, filled lines."""
    lines, line = [], ""
    for cell in (c_string(s) + "," for s in strings):
        if len(line) + len(cell) > 110:
            lines.append(line)
            line = ""
        line += (" " if line else "") + cell
    lines.append(line)
    body = "\n    ".join(lines)
    return f"/* {comment} */\nstatic const char* const {name}[{len(strings)}] = {{\n    {body}\n}};\n"


def write_header(path, guard, constants, tables):
    """What the model's numbers mean, as a C header written by the script."""
    numbers = ", ".join(f"{name} = {value}" for name, value in constants.items())
    path.write_text(
        "/* SPDX-FileCopyrightText: The rnnc authors */\n"
        "/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */\n"
        "/* Written by train.py: what the model's numbers mean. */\n"
        f"#ifndef {guard}\n#define {guard}\n\n/* clang-format off */\n"
        f"enum {{ {numbers} }};\n\n" + "\n".join(tables) + "/* clang-format on */\n\n#endif\n",
        encoding="utf-8",
    )
