# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One line for every .onnx file below a folder: verified, compiled, refused or failed. See tests/README.md."""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import time

KINDS = ("verified", "compiled", "refused", "failed")


class Ended(Exception):
    """A run of the compiler that ended by the time or a signal."""


def run(command, timeout):
    """Exit code, stdout, stderr."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise Ended(f"timeout: more than {timeout:g} s") from None
    if done.returncode < 0 or done.returncode > 2:
        first = next((line for line in done.stderr.splitlines() if line.strip()), "")
        raise Ended(f"crash: exit code {done.returncode} {first}".rstrip())
    return done.returncode, done.stdout, done.stderr


def goldens_options(model):
    """What goldens.json beside the model says of sizes and constants, as options of `compile`; `verify` reads it
    itself."""
    options = []
    try:
        with open(os.path.join(os.path.dirname(model), "goldens.json"), encoding="utf-8") as file:
            goldens = json.load(file)
    except (OSError, ValueError):
        return options
    for name, size in goldens.get("dims", {}).items():
        options += ["--dim", f"{name}={size}"]
    for name, dims in goldens.get("shapes", {}).items():
        options += ["--shape", f"{name}={'x'.join(map(str, dims)) or 'scalar'}"]
    for name, value in goldens.get("constants", {}).items():
        value = value[0] if isinstance(value, list) and value else value
        options += ["--const", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
    return options


def reason(errors, model):
    """The first line of what the compiler said, without what every line begins with."""
    line = next((line for line in errors.splitlines() if line.startswith("rnnc: ")), errors.strip().split("\n")[0])
    line = line.removeprefix("rnnc: ")
    return line.removeprefix(model + ": ")


def difference(row):
    """How an output of `verify` is wrong. JSON has no infinity: that is null."""
    if "expected" in row["shape"]:
        return f"is {row['shape']}"
    off = row["largest_absolute"]
    return "NaN or infinite" if off is None else f"off by {off:.1e}, bound {row['atol']:.1e}"


def judge(rnnc, model, timeout, extra):
    """(kind, what there is to say)"""
    code, out, errors = run([rnnc, "verify", model, "--json", *extra], timeout)
    if code == 2:
        return "failed", reason(errors, model)
    if out.strip():
        report = json.loads(out)
        outputs = report["outputs"]
        if report["passed"]:
            worst = max(row["largest_absolute"] for row in outputs if row["compared"])
            sets = len({row["data_set"] for row in outputs})
            return "verified", f"{sets} sets, largest difference {worst:.1e}"
        row = next((row for row in outputs if not row["within"]), None)
        if row is None:
            return "compiled", "there was nothing to compare"
        return "failed", f"{row['data_set']}: {row['output']}: {difference(row)}"
    # No comparison: is it the model that is refused, or could only its data not be used?
    why = reason(errors, model)
    code, _, _ = run([rnnc, "compile", model, "-q", "--emit=obj", "-o", os.devnull, *goldens_options(model), *extra],
                     timeout)
    return ("compiled", f"not verified: {why}") if code == 0 else ("refused", why)


def visit(rnnc, model, timeout, extra):
    start = time.monotonic()
    try:
        kind, text = judge(rnnc, model, timeout, extra)
    except Ended as end:
        kind, text = "failed", str(end)
    return {"model": model, "result": kind, "why": text, "seconds": round(time.monotonic() - start, 2)}


def models_below(folder):
    found = []
    for parent, folders, files in os.walk(folder):
        folders.sort()
        found += [os.path.join(parent, file) for file in sorted(files) if file.endswith(".onnx")]
    return found


def clip(text, width):
    return text if len(text) <= width else text[: width - 3] + "..."


def main():
    parser = argparse.ArgumentParser(prog="./dev census", description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--timeout", type=float, default=120, metavar="SECONDS", help="for one model (120)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="models at a time")
    parser.add_argument("--json", action="store_true", help="everything as JSON, reasons in full")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress")
    parser.add_argument("options", nargs="*", help="after --: options of rnnc for every model")
    arguments = parser.parse_args()
    rnnc = os.environ.get("RNNC", "build/release/rnnc")
    if not os.path.isdir(arguments.folder):
        parser.error(f"{arguments.folder}: no such folder")
    models = models_below(arguments.folder)
    show = sys.stderr.isatty() and not arguments.quiet
    results = []
    width = max((len(os.path.relpath(model, arguments.folder)) for model in models), default=0)
    with concurrent.futures.ThreadPoolExecutor(max(1, arguments.jobs)) as pool:
        work = [pool.submit(visit, rnnc, model, arguments.timeout, arguments.options) for model in models]
        for model, job in zip(models, work):
            if show:
                print(f"\r\033[K{len(results)} of {len(models)}  {clip(model, 60)}", end="", file=sys.stderr, flush=True)
            results.append(job.result())
            if show:
                print("\r\033[K", end="", file=sys.stderr, flush=True)
            if not arguments.json:
                row = results[-1]
                print(f"{os.path.relpath(model, arguments.folder):<{width}}  {row['result']:<8}  {clip(row['why'], 160)}",
                      flush=True)
    counts = {kind: sum(row["result"] == kind for row in results) for kind in KINDS}
    if arguments.json:
        print(json.dumps({"models": results, "counts": counts}, indent=2))
    else:
        print(", ".join(f"{counts[kind]} {kind}" for kind in KINDS))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
