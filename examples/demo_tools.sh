# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# Sourced by the demo.sh of each example. RNNC: the compiler, BUILD: where the results go, CC: the C compiler.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rnnc=${RNNC:-build/release/rnnc}
build=${BUILD:-build/demo}
[[ -x $rnnc ]] || { echo "demo: no $rnnc: run ./dev build, or set RNNC" >&2; exit 1; }

heading() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
show() { heading "$*"; "$@"; }
# show_on FILE COMMAND..: with the file as standard input.
show_on() { heading "${*:2} < $1"; "${@:2}" <"$1"; }

# build_program NAME [OPTION..]: examples/NAME/model.onnx, compiled with the options, and the program NAME.c.
build_program() {
  local name=$1
  mkdir -p "$build"
  show "$rnnc" compile "examples/$name/model.onnx" --name "$name" "${@:2}" -o "$build/$name.o"
  show "${CC:-cc}" -std=c11 -Wall -Wextra -O2 -I"$build" -Iruntime "examples/$name/$name.c" "$build/$name.o" \
    -lm -o "$build/$name"
}
