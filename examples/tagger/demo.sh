#!/usr/bin/env bash
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: demo.sh [SENTENCE..]   (see examples/demo_tools.sh for RNNC, BUILD, CC)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../demo_tools.sh"
build_program tagger --dim T=1..64
if (($#)); then show "$build/tagger" "$@"; exit; fi
show "$build/tagger" "They can fish, but he does not want to can the fish."
show_on examples/tagger/sentences.txt "$build/tagger"
