#!/usr/bin/env bash
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: run.sh [MODEL..] [bench.py's options]   (RNNC: the compiler, PYTHON: one that has onnxruntime)
# Without models: those of the project, and those beside it. See README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rnnc=${RNNC:-build/release/rnnc}
python=${PYTHON:-.venv/bin/python}
[[ -x $rnnc ]] || { echo "bench: no $rnnc: run ./dev build, or set RNNC" >&2; exit 1; }

# The peer is no dependency of the project: it comes from PyPI, into .venv, the first time.
if ! "$python" -c 'import onnxruntime' 2>/dev/null; then
  if [[ -n ${PYTHON-} ]]; then echo "bench: $PYTHON has no onnxruntime" >&2; exit 1; fi
  echo "bench: fetching onnxruntime from PyPI into .venv" >&2
  python3 -m venv .venv || { echo "bench: please install python3-venv" >&2; exit 1; }
  .venv/bin/pip install --quiet --disable-pip-version-check onnxruntime
fi

models=() options=()
while (($#)); do
  case $1 in
    --frames | --rounds) options+=("$1" "${2?$1 wants a number}"); shift ;;
    -*) options+=("$1") ;;
    *) models+=("$1") ;;
  esac
  shift
done
if ((!${#models[@]})); then
  shared=${RNNC_SHARED:-../shared}
  models=(examples/language_id tests/data/*/)
  for model in models/silero_v6_openvino_16k \
    exports/{lstm1,gru2,rnn_tanh,rnn_relu,char_rnn,amp_lstm}.legacy; do
    [[ ! -e $shared/$model/model.onnx ]] || models+=("$shared/$model")
  done
fi
grep -m1 'model name' /proc/cpuinfo 2>/dev/null || true
exec "$python" tests/bench/bench.py "$rnnc" "${models[@]}" "${options[@]}"
