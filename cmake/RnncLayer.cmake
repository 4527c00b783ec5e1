# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# rnnc_compile_options(TARGET): the warnings, all of them errors, and includes from the repository's root.
function(rnnc_compile_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wswitch -Werror)
  target_include_directories(${target} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
endfunction()

# rnnc_layer(TARGET FOLDER dir [LANGUAGE C] [EXCLUDE file...] [EXCLUDE_FOLDER dir]
#            [LINK target...] [PRIVATE_LINK target...])
# A static library of every source below the folder. PRIVATE_LINK names what the layer's own files may
# include and no other layer may see. A folder without sources still makes a (hollow) library.
function(rnnc_layer target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FOLDER;LANGUAGE;EXCLUDE_FOLDER" "EXCLUDE;LINK;PRIVATE_LINK")
  if(arg_LANGUAGE STREQUAL "C")
    set(extension c)
  else()
    set(extension cc)
  endif()
  set(folder "${PROJECT_SOURCE_DIR}/${arg_FOLDER}")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${folder}/*.${extension}")
  foreach(file IN LISTS arg_EXCLUDE)
    list(REMOVE_ITEM sources "${folder}/${file}")
  endforeach()
  if(arg_EXCLUDE_FOLDER)
    list(FILTER sources EXCLUDE REGEX "^${folder}/${arg_EXCLUDE_FOLDER}/")
  endif()
  if(NOT sources)
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/hollow/${target}.${extension}"
         CONTENT "typedef int ${target}_is_hollow;\n")
    set(sources "${CMAKE_BINARY_DIR}/hollow/${target}.${extension}")
  endif()
  add_library(${target} STATIC ${sources})
  rnnc_compile_options(${target})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${target} PUBLIC ${arg_LINK} PRIVATE ${arg_PRIVATE_LINK})
endfunction()
