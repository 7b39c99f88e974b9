# SPDX-License-Identifier: Apache-2.0
# Flags for our own targets only: an INTERFACE target, never global flags.
include(fsshare_hardening)
add_library(fsshare_options INTERFACE)
target_link_libraries(fsshare_options INTERFACE fsshare_hardening)
target_include_directories(fsshare_options INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(fsshare_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wold-style-cast -Wimplicit-fallthrough)
target_compile_definitions(fsshare_options INTERFACE
  # A message type without a type ID is a compile error, as from CAF 0.18 on.
  CAF_ENABLE_TYPE_ID_CHECKS
  # An index out of range ends the program, whatever it would have read.
  _GLIBCXX_ASSERTIONS)
if(FSSHARE_SANITIZERS)
  target_compile_options(fsshare_options INTERFACE
    -fsanitize=${FSSHARE_SANITIZERS} -fno-omit-frame-pointer -fno-sanitize-recover=all
    # Its runtime opens a pipe to see whether memory can be read, and takes
    # every object for a broken one where a test uses up all descriptors.
    -fno-sanitize=vptr)
  target_link_options(fsshare_options INTERFACE -fsanitize=${FSSHARE_SANITIZERS})
endif()

# ccache speeds up every second build; a precompiled header is cached only with
# these sloppiness flags (ccache(1), "Precompiled headers").
find_program(FSSHARE_CCACHE ccache)
if(FSSHARE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${FSSHARE_CCACHE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(fsshare_options INTERFACE -fpch-preprocess)
  endif()
endif()

# fsshare_library(NAME SOURCES... ) adds the static library of one folder.
function(fsshare_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC fsshare_options)
endfunction()
