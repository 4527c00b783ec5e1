#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled models beside ONNX Runtime, interleaved on one core; prints a table.

Usage: bench.py RNNC MODEL_FOLDER_OR_FILE... [--frames N] [--rounds N] [--json]

Every model is compiled for this machine, linked into a shared library and timed by peer.cc in the process that
also holds ONNX Runtime (one thread, all its optimisations). A model with an open time axis is called with
--frames frames. goldens.json beside a model says how to bind it.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"{command[0]} failed")
    return done.stdout


def peer_library():
    import onnxruntime

    folder = pathlib.Path(onnxruntime.__file__).parent / "capi"
    return sorted(folder.glob("libonnxruntime.so*"))[0] if list(folder.glob("libonnxruntime.so*")) else sorted(
        folder.glob("onnxruntime_pybind11_state*.so"))[0]


def bindings(model):
    """What goldens.json asks for: options for rnnc, shapes for the peer."""
    path = model.parent / "goldens.json"
    if not path.exists():
        return []
    goldens = json.loads(path.read_text())
    options = [f"--dim={name}={size}" for name, size in goldens.get("dims", {}).items()]
    return options


def bench(rnnc, model, peer, library, frames, rounds, work):
    name = "model_" + "".join(c if c.isalnum() else "_" for c in model.parent.name + "_" + model.stem)
    target = work / f"{name}.o"
    run(rnnc, "compile", model, "--name", name, "-o", target, "-q", *bindings(model))
    shared = work / f"{name}.so"
    run("cc", "-shared", "-o", shared, target)
    return json.loads(run(peer, shared, name, library, model, frames, rounds))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rnnc")
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--frames", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    library = peer_library()
    rows, failed = [], 0
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        peer = work / "peer"
        run("c++", "-std=c++17", "-O2", f"-I{ROOT}", HERE / "peer.cc", "-o", peer, "-ldl")
        for given in options.models:
            model = given / "model.onnx" if given.is_dir() else given
            try:
                row = bench(options.rnnc, model.resolve(), peer, library, options.frames, options.rounds, work)
            except RuntimeError as problem:
                failed += 1
                print(f"{given}: {problem}", file=sys.stderr)
                continue
            rows.append({"model": model.parent.name if model.stem == "model" else model.stem, **row})
    if options.json:
        print(json.dumps(rows, indent=1))
        return failed > 0
    print(f"{'model':<28}{'rnnc us':>22}{'ONNX Runtime us':>22}{'ratio':>8}  largest difference")
    print(f"{'':<28}{'min':>11}{'median':>11}{'min':>11}{'median':>11}")
    for row in rows:
        print(f"{row['model']:<28}{row['native_min']:>11.3f}{row['native_median']:>11.3f}{row['peer_min']:>11.3f}"
              f"{row['peer_median']:>11.3f}{row['peer_min'] / row['native_min']:>7.1f}x  {row['difference']:.1e}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
