# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Finds what the build needs. All that is missing is reported together, by Debian package name.

set(RNNC_MISSING_PACKAGES "")
macro(rnnc_need found debian_package)
  if(NOT ${found})
    list(APPEND RNNC_MISSING_PACKAGES ${debian_package})
  endif()
endmacro()

find_package(Threads REQUIRED)
find_package(fmt CONFIG QUIET)
rnnc_need(fmt_FOUND libfmt-dev)
find_package(CLI11 CONFIG QUIET)
rnnc_need(CLI11_FOUND libcli11-dev)
find_package(nlohmann_json CONFIG QUIET)
rnnc_need(nlohmann_json_FOUND nlohmann-json3-dev)
set(CMAKE_MESSAGE_LOG_LEVEL WARNING)  # it looks for libraries that only some of its tools use, and says so
find_package(LLVM 19.1 CONFIG QUIET PATHS /usr/lib/llvm-19)
unset(CMAKE_MESSAGE_LOG_LEVEL)
rnnc_need(LLVM_FOUND llvm-19-dev)
find_package(Protobuf QUIET)  # before ONNX, whose targets name protobuf::libprotobuf
rnnc_need(Protobuf_FOUND libprotobuf-dev)
rnnc_need(Protobuf_FOUND protobuf-compiler)
if(Protobuf_FOUND)
  find_package(ONNX CONFIG QUIET)
  rnnc_need(ONNX_FOUND libonnx-dev)
else()
  list(APPEND RNNC_MISSING_PACKAGES libonnx-dev)
endif()
if(RNNC_BUILD_TESTS)
  find_package(GTest CONFIG QUIET)
  rnnc_need(GTest_FOUND libgtest-dev)
  if(GTest_FOUND AND NOT TARGET GTest::gmock)
    list(APPEND RNNC_MISSING_PACKAGES libgmock-dev)
  endif()
  find_package(rapidcheck CONFIG QUIET)
  rnnc_need(rapidcheck_FOUND librapidcheck-dev)
endif()

if(RNNC_MISSING_PACKAGES)
  list(REMOVE_DUPLICATES RNNC_MISSING_PACKAGES)
  list(JOIN RNNC_MISSING_PACKAGES " " missing)
  message(FATAL_ERROR "missing packages: ${missing}\n"
                      "On Debian 12:  apt-get install ${missing}    (or ./dev build, which does it)")
endif()

# LLVM as one shared library where there is one (links in seconds), else the components in use.
add_library(rnnc_llvm INTERFACE)
target_include_directories(rnnc_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
separate_arguments(llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(rnnc_llvm INTERFACE ${llvm_definitions})
if(NOT LLVM_ENABLE_RTTI)
  target_compile_options(rnnc_llvm INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>)
endif()
if(LLVM_LINK_LLVM_DYLIB)
  target_link_libraries(rnnc_llvm INTERFACE LLVM)
else()
  llvm_map_components_to_libnames(llvm_libraries core support analysis passes target mc object orcjit
                                  jitlink x86 aarch64)
  target_link_libraries(rnnc_llvm INTERFACE ${llvm_libraries})
endif()
