// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string>

#include "compiler/ir/tensor.h"
#include "compiler/support/result.h"

namespace rnnc::driver {

/// A tensor in NumPy's format (NEP 1), versions 1 to 3: little-endian, C order. Other files are refused with
/// the reason; nothing larger than the file itself is allocated.
Result<ir::Tensor> ReadNpy(const std::string& path);
/// The bytes of a .npy file, version 1.
std::string WriteNpy(const ir::Tensor& tensor);

}  // namespace rnnc::driver
