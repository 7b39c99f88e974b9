# Checks that every source file of the tree says its licence in its first lines,
# as https://reuse.software has it. usage: cmake -DROOT=DIR -P THIS
cmake_minimum_required(VERSION 3.25)

set(line "SPDX-License-Identifier: Apache-2.0")
file(GLOB_RECURSE files RELATIVE "${ROOT}"
  "${ROOT}/*.cpp" "${ROOT}/*.hpp" "${ROOT}/*.proto" "${ROOT}/*.go"
  "${ROOT}/*.cmake" "${ROOT}/CMakeLists.txt" "${ROOT}/*.service")
list(FILTER files EXCLUDE REGEX "^(build|\\.git|\\.ccache)/")
set(without)
foreach(file IN LISTS files)
  file(READ "${ROOT}/${file}" head LIMIT 400)
  if(NOT head MATCHES "${line}")
    list(APPEND without "${file}")
  endif()
endforeach()
if(NOT files)
  message(FATAL_ERROR "no source file below ${ROOT}")
endif()
if(without)
  list(JOIN without "\n  " names)
  message(FATAL_ERROR "no line '${line}' in:\n  ${names}")
endif()
