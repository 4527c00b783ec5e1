#!/usr/bin/env bash
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: demo.sh [TEXT..]   (RNNC: the compiler, BUILD: where the results go, CC: the C compiler)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
rnnc=${RNNC:-build/release/rnnc}
build=${BUILD:-build/demo}
[[ -x $rnnc ]] || { echo "demo: no $rnnc: run ./dev build, or set RNNC" >&2; exit 1; }

show() { printf '\n\033[1m$ %s\033[0m\n' "$*"; "$@"; }

mkdir -p "$build"
show "$rnnc" compile examples/language_id/model.onnx --name language_id --state h=hn -o "$build/language_id.o"
show "${CC:-cc}" -std=c11 -Wall -Wextra -O2 -I"$build" -Iruntime examples/language_id/language_id.c \
  "$build/language_id.o" -o "$build/language_id"

if (($#)); then show "$build/language_id" "$@"; exit; fi
show "$build/language_id" "Dove si mangia bene?"
show "$build/language_id" --summary \
  "The weather will be better tomorrow afternoon" \
  "Wir haben gestern lange auf den Zug gewartet" \
  "Morgen gaan we met de fiets naar het strand" \
  "Jeg vil gerne købe et stykke brød og noget ost" \
  "Vi åker till sjön när solen skiner på sommaren" \
  "Nous cherchons une petite maison près de la rivière" \
  "Mañana iremos juntos al mercado del pueblo" \
  "Amanhã não vou conseguir chegar cedo à reunião" \
  "Questa sera mangiamo una pizza con gli amici" \
  "Jutro rano pojedziemy pociągiem do Krakowa"
show "$build/language_id" --selftest
