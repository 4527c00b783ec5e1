// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "compiler/import/model_file.h"

namespace rnnc::import {

// Replaces every call of a function of the model by the function's nodes, in subgraphs too, until no call is
// left. Before and after, with y = Scale(x) of a function `Scale(a) -> b { half = Constant; b = Mul(a, half)
// }` and a call named "s":
//
//   y = Scale(x)          s/half = Constant;  y = Mul(x, s/half)
//
// Nodes and values of a call are named "CALL/name"; nodes keep the opset that their function imports
// (`model.opsets`). Refused by the call's name: functions that call themselves, that are there twice, whose
// attributes, inputs or outputs do not fit the call, and calls that expand to more than a model can have.
Result<> InlineFunctions(ModelFile& model);

}  // namespace rnnc::import
