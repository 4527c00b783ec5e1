#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes onnx_schemas.txt: every version of every ONNX operator, with the names of its attributes.

Needs the package `onnx`, of which the newest has all opsets. `./list_schemas.py` writes the file beside itself.
"""

import pathlib

import onnx
from onnx import defs

HEADER = """\
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Operators of ONNX's default domain up to opset {opset}: name, first opset of the version, its attributes.
# Written by list_schemas.py, with onnx {version}.
"""


def main():
    lines = []
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            lines.append((schema.name, schema.since_version, " ".join(
                [schema.name, str(schema.since_version)] + (["(deprecated)"] if schema.deprecated else []) +
                sorted(schema.attributes))))
    text = HEADER.format(opset=defs.onnx_opset_version(), version=onnx.__version__)
    text += "".join(line + "\n" for _, _, line in sorted(lines))
    pathlib.Path(__file__).with_name("onnx_schemas.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
