# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# rnnc_add_model(TARGET MODEL [NAME name] [OPTIONS option...] [DEPENDS file...])
#
# Compiles an ONNX model when it, or the compiler, has changed, and makes of it the static library TARGET. Who
# links it can `#include "NAME.h"`:
#
#   find_package(rnnc REQUIRED)
#   rnnc_add_model(kws models/kws.onnx OPTIONS -O3 --dim batch=1)
#   target_link_libraries(app PRIVATE kws)
#
# NAME     the C name: NAME.h, NAME_step, ...; TARGET when it is not given
# OPTIONS  for `rnnc compile`; -mcpu= should be among them when the program is to run on other machines too
# DEPENDS  more files that the model is made of; external data named MODEL.data or beside it as STEM.data are found
function(rnnc_add_model target model)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "NAME" "OPTIONS;DEPENDS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "rnnc_add_model(${target}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_NAME)
    string(MAKE_C_IDENTIFIER "${target}" arg_NAME)
  endif()
  cmake_path(ABSOLUTE_PATH model BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
  if(NOT EXISTS "${model}")
    get_property(is_generated SOURCE "${model}" PROPERTY GENERATED)
    if(NOT is_generated)
      message(FATAL_ERROR "rnnc_add_model(${target}): no such model: ${model}")
    endif()
  endif()
  cmake_path(REPLACE_EXTENSION model LAST_ONLY data OUTPUT_VARIABLE stem_data)
  foreach(data IN ITEMS "${model}.data" "${model}_data" "${stem_data}")
    if(EXISTS "${data}")
      list(APPEND arg_DEPENDS "${data}")
    endif()
  endforeach()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}.rnnc")
  file(MAKE_DIRECTORY "${folder}")
  set(object "${folder}/${arg_NAME}${CMAKE_C_OUTPUT_EXTENSION}")
  set(header "${folder}/${arg_NAME}.h")
  set(for_target "")
  if(CMAKE_CROSSCOMPILING AND CMAKE_C_COMPILER_TARGET)
    set(for_target "--target=${CMAKE_C_COMPILER_TARGET}")
  endif()
  add_custom_command(
    OUTPUT "${object}" "${header}"
    COMMAND rnnc::rnnc compile "${model}" -o "${object}" --name "${arg_NAME}" ${for_target} ${arg_OPTIONS}
    DEPENDS "${model}" ${arg_DEPENDS} rnnc::rnnc
    COMMENT "Compiling ${model}"
    VERBATIM COMMAND_EXPAND_LISTS)

  add_library(${target} STATIC "${object}" "${header}")
  set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
  target_include_directories(${target} INTERFACE "$<BUILD_INTERFACE:${folder}>")
  target_link_libraries(${target} INTERFACE rnnc::runtime)  # for rnnc.h; the object itself needs no other
endfunction()
