#!/usr/bin/env bash
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: demo.sh [TEXT..]   (see examples/demo_tools.sh for RNNC, BUILD, CC)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../demo_tools.sh"
build_program sentiment
if (($#)); then show "$build/sentiment" "$@"; exit; fi
show "$build/sentiment" "The film is a mess, but the actors are wonderful"
show_on examples/sentiment/sentences.txt "$build/sentiment"
