#!/usr/bin/env bash
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: demo.sh [OPTION..] [BEGINNING..]   (see examples/demo_tools.sh for RNNC, BUILD, CC)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../demo_tools.sh"
build_program verses --state h=hn --state c=cn
if (($#)); then show "$build/verses" "$@"; exit; fi
show_on examples/verses/beginnings.txt "$build/verses" --rows
show "$build/verses" --count 3 --seed 7 "The children of"
