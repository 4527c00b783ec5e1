#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Do the tests notice? Puts one mistake after the other into the recurrent passes and names the tests that fail.

`tests/mutation/recurrent.py [NAME..]`, after ./dev build. Each mistake is one edit of a source file; what depends on it
is built anew in build/release, the tests of passes and the random recurrent nodes run, and the edit is taken back. A
mistake that no test notices is `unnoticed`, and the exit code is 1.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
CELLS, SCAN = "passes/recurrent_cells.cc", "passes/recurrent_to_scan.cc"

# name, file, what stands there, the mistake in its place
MISTAKES = [
    ("two gates exchanged", CELLS, [
        ("Value* i = PlainGate(body, 0, 0, h, c);", "Value* i = PlainGate(body, 2, 0, h, c);"),
        ("f = PlainGate(body, 2, 0, h, c);", "f = PlainGate(body, 0, 0, h, c);")]),
    ("GRU without its recurrent bias", CELLS, [("Linear(body, h, g.r, g.rb)", "Linear(body, h, g.r, nullptr)")]),
    ("second direction not reversed", SCAN, [("int64_t{direction == 1 || ", "int64_t{")]),
    ("reversed along the batch", SCAN, [
        ("if (batch_first) x = Transpose(builder, x, {1, 0, 2});",
         "if (batch_first) x = Transpose(builder, x, {1, 0, 2});\n"
         "  if (op.String(\"direction\") == \"reverse\" && x->type.dims[0] == x->type.dims[1]) "
         "x = Transpose(builder, x, {1, 0, 2});")]),
    ("a length ignored", SCAN, [
        ("next[i] = Where(body.builder, inside, next[i], body.carried[i]);", "(void)i;")]),
    ("an empty sequence keeps its state", SCAN, [
        ("return Where(builder, some, final_value, Scalar(builder, final_value->type.element, 0));",
         "return Where(builder, some, final_value, final_value);")]),
    ("clip after the activation", CELLS, [
        ("return Activate(body, activation, Clipped(body, sum));",
         "return Clipped(body, Activate(body, activation, sum));")]),
    ("C(t-1) in the output peephole", CELLS, [
        ("o = PlainGate(body, 1, 0, h, next);", "o = PlainGate(body, 1, 0, h, c);")]),
    ("alpha by position", CELLS, [
        ("if (row->parameters > 0) activation.alpha = take(0, row->alpha);",
         "const double by_position = take(0, row->alpha);\n"
         "    if (row->parameters > 0) activation.alpha = by_position;")]),
    ("a threshold ignored", CELLS, [
        ('{z, Number(body, "alpha", activation.alpha)}, truth', '{z, Number(body, "alpha", 0 * activation.alpha)}, truth')]),
    ("z in place of 1 - z", CELLS, [
        ("Value* kept = Binary(body, OpKind::kMul, z, h);\n  return {",
         "Value* kept = Binary(body, OpKind::kMul, z, candidate);\n  fresh = Binary(body, OpKind::kMul, "
         "Binary(body, OpKind::kSub, Number(body, \"one\", 1), z), h);\n  return {")]),
    ("an update shares what others read", "passes/recurrent_no_steps.cc", [
        ("      separate.insert(update);", "      if (state.name.empty()) separate.insert(update);"),
        ("separate.insert(CloneOperation(", "(void)(CloneOperation(")]),
    ("no steps keep the state", "passes/recurrent_no_steps.cc", [
        ("if (!MayHaveNoSteps(*x) ||", "if (true || !MayHaveNoSteps(*x) ||")]),
]

TESTS = [("passes_test", "RecurrentToScan.*:Pipeline*"),
         ("differential_test", "RecurrentProperty.*:RecurrentLaws.*native")]


def run(command, **more):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **more)


def failing_tests():
    """Names of the tests that fail, of the first executable in which any does."""
    environment = dict(os.environ, RC_PARAMS="seed=1 max_success=100 noshrink=1")
    for program, which in TESTS:
        said = run([BUILD / "tests" / program, f"--gtest_filter={which}"], env=environment)
        names = dict.fromkeys(re.findall(r"\[  FAILED  \] (\S+?),? ", said.stdout + " "))
        if said.returncode != 0:
            return list(names) or [f"{program} broke off: {said.stderr.strip().splitlines()[-1:]}"]
    return []


def try_mistake(file, edits):
    path = ROOT / file
    before = path.read_text(encoding="utf-8")
    text = before
    for old, new in edits:
        if text.count(old) != 1:
            return None, f"{file} has no place, or several, with: {old}"
        text = text.replace(old, new)
    try:
        path.write_text(text, encoding="utf-8")
        built = run(["ninja", "-C", str(BUILD)] + [name for name, _ in TESTS])
        if built.returncode != 0:
            return None, "does not compile: " + built.stdout[-800:]
        return failing_tests(), ""
    finally:
        path.write_text(before, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="mistakes to try, by a part of their names")
    names = parser.parse_args().names
    unnoticed = 0
    for name, file, edits in MISTAKES:
        if names and not any(part in name for part in names):
            continue
        failed, problem = try_mistake(file, edits)
        unnoticed += not failed
        print(f"{name:36} {problem or ', '.join(failed) or 'unnoticed'}", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
