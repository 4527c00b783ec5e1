#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs models with ONNX Runtime and holds the given outputs against its own.

`third_opinion.py FOLDER`: below it a folder a case, each with model.onnx, test_data_set_0 (input_N.pb, output_N.pb)
and bounds.txt, a line `NAME ATOL RTOL` for each output in order. Prints a line for each case: `CASE agrees`,
`CASE differs: ..` or `CASE not run: ..`. `--reference` asks the reference evaluator of the package `onnx` instead.
Needs onnxruntime, onnx and numpy (third_opinion.txt has the versions).
"""

import argparse
import pathlib
import warnings

import numpy as np
import onnx
from onnx import numpy_helper


def tensors(folder, kind):
    files = sorted(folder.glob(f"{kind}_*.pb"), key=lambda f: int(f.stem.split("_")[1]))
    return [onnx.load_tensor(str(file)) for file in files]


def run_onnx_runtime(path, inputs):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def run_reference(path, inputs):
    from onnx.reference import ReferenceEvaluator
    return ReferenceEvaluator(path).run(None, inputs)


def difference(got, expected, atol, rtol):
    """What to say of an output; empty when it is within the bound."""
    if got.shape != expected.shape:
        return f"shape {list(got.shape)}, rnnc has {list(expected.shape)}"
    with np.errstate(all="ignore"):
        excess = np.abs(got.astype(np.float64) - expected) - (atol + rtol * np.abs(expected))
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    excess = np.where(same, -1, np.where(np.isnan(excess), np.inf, excess))
    if excess.size == 0 or excess.max() <= 0:
        return ""
    at = np.unravel_index(excess.argmax(), excess.shape)
    return f"element {[int(i) for i in at]}: {got[at]}, rnnc has {expected[at]} within {atol:g} + {rtol:g} |rnnc|"


def judge(folder, run):
    data = folder / "test_data_set_0"
    inputs = {tensor.name: numpy_helper.to_array(tensor) for tensor in tensors(data, "input")}
    expected = [numpy_helper.to_array(tensor) for tensor in tensors(data, "output")]
    bounds = [line.split() for line in (folder / "bounds.txt").read_text(encoding="utf-8").splitlines()]
    try:
        outputs = run(str(folder / "model.onnx"), inputs)
    except Exception as error:  # whatever it does not run, it says in some exception
        return "not run: " + " ".join(str(error).split())
    for got, wanted, (name, atol, rtol) in zip(outputs, expected, bounds, strict=True):
        said = difference(np.asarray(got), wanted.astype(np.float64), float(atol), float(rtol))
        if said:
            return f"differs: {name} {said}"
    return "agrees"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--reference", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    run = run_reference if arguments.reference else run_onnx_runtime
    for folder in sorted(p for p in arguments.folder.iterdir() if p.is_dir()):
        print(folder.name, judge(folder, run), flush=True)


if __name__ == "__main__":
    main()
