// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/temp_folder.h"

#include <cstdlib>
#include <system_error>

#include "compiler/support/check.h"

namespace rnnc::test {

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "rnnc_test_XXXXXX").string();
  RNNC_CHECK(::mkdtemp(name.data()) != nullptr, "no temporary folder {}", name);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace rnnc::test
