# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What `cmake --install` puts where: the compiler, the runtime, and a package for find_package(rnnc).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/rnnc")
set(installed rnnc_runtime)
if(TARGET rnnc)
  list(APPEND installed rnnc)
  add_executable(rnnc::rnnc ALIAS rnnc)
endif()
add_library(rnnc::runtime ALIAS rnnc_runtime)
set_target_properties(rnnc_runtime PROPERTIES EXPORT_NAME runtime)
target_include_directories(rnnc_runtime INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/runtime>"
                           "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")

install(TARGETS ${installed} EXPORT rnncTargets)
install(FILES runtime/rnnc.h runtime/rnnc.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(EXPORT rnncTargets NAMESPACE rnnc:: DESTINATION "${package_folder}")
configure_package_config_file(runtime/cmake/rnncConfig.cmake.in "${CMAKE_BINARY_DIR}/rnncConfig.cmake"
                              INSTALL_DESTINATION "${package_folder}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/rnncConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/rnncConfig.cmake" "${CMAKE_BINARY_DIR}/rnncConfigVersion.cmake"
              runtime/cmake/RnncAddModel.cmake DESTINATION "${package_folder}")
