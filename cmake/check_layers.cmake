# SPDX-License-Identifier: Apache-2.0
# Fails, naming file and rule, if a source file includes what its folder must
# not depend on. Run: cmake -DROOT=DIR -P check_layers.cmake
#
# A folder may include what stands here: our folders by name; `proto` is
# generated protobuf code, `kernel` every C header that is neither the C++
# library's nor that of a library named below (<unistd.h>, <sys/...>,
# <linux/...>), `io` the parts of the C++ library that reach files, threads and
# streams.
cmake_minimum_required(VERSION 3.25)

set(all_folders
  core json sys ttrpc config log messages actors guest ctl main bench tests)
set(may_core core)
set(may_json json core nlohmann)
set(may_sys sys core kernel io)
set(may_ttrpc ttrpc sys core proto protobuf io)
set(may_config config core nlohmann io)
set(may_log log core spdlog io)
set(may_messages messages core caf io)
set(may_actors actors messages sys ttrpc log json core proto protobuf caf io)
set(may_guest guest core sys ttrpc proto protobuf io)
set(may_ctl ctl core config ttrpc proto protobuf cli io)
set(may_main core json sys ttrpc config log messages actors guest ctl main caf cli
  spdlog nlohmann io)
set(may_bench core json sys ttrpc config log messages actors guest ctl bench
  benchmark io)
set(may_tests core json sys ttrpc config log messages actors guest ctl main
  tests proto protobuf caf cli nlohmann spdlog doctest rapidcheck httplib
  kernel io)
# Folders at the top that hold files which are not ours to check.
set(ignored_folders build)

set(library_caf "^caf/")
set(library_protobuf "^google/protobuf/")
set(library_nlohmann "^nlohmann/")
set(library_spdlog "^(spdlog|fmt)/")
set(library_cli "^CLI/")
set(library_httplib "^httplib\\.h$")
set(library_doctest "^doctest/")
set(library_rapidcheck "^rapidcheck(/|\\.h$)")
set(library_benchmark "^benchmark/")
string(CONCAT library_io "^(condition_variable|csignal|filesystem|fstream|"
  "future|iostream|mutex|shared_mutex|thread)$")
set(libraries
  caf protobuf nlohmann spdlog cli httplib doctest rapidcheck benchmark io)

# Sets `out` to what an include depends on: a folder or a word of the lists
# above, `std`, or `unknown`.
function(classify include out)
  set(${out} unknown PARENT_SCOPE)
  string(REGEX REPLACE "[<>\"]" "" name "${include}")
  if(include MATCHES "^\"")
    string(REGEX REPLACE "/.*" "" folder "${name}")
    if(name MATCHES "^proto/.*\\.pb\\.h$")
      set(${out} proto PARENT_SCOPE)
    elseif(name MATCHES "/" AND folder IN_LIST all_folders)
      set(${out} "${folder}" PARENT_SCOPE)
    endif()
    return()
  endif()
  foreach(library IN LISTS libraries)
    if(name MATCHES "${library_${library}}")
      set(${out} ${library} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  if(name MATCHES "^[a-z0-9_]+$")
    set(${out} std PARENT_SCOPE)
  elseif(name MATCHES "\\.h$")
    set(${out} kernel PARENT_SCOPE)
  endif()
endfunction()

function(report file why)
  message("${file}: ${why}")
  set_property(GLOBAL APPEND PROPERTY breaches "${file}")
endfunction()

# Actors know each other by messages only. The files of one actor begin with
# the same word: api_server, api_convert.
function(check_own_actor file include)
  get_filename_component(own "${file}" NAME)
  string(REGEX MATCH "^[a-z]+" own "${own}")
  if(NOT include MATCHES "^\"actors/${own}[_.]")
    report("${file}" "an actor must not include ${include} of another")
  endif()
endfunction()

function(check_file folder file)
  file(STRINGS "${ROOT}/${file}" lines REGEX "^[ \t]*#[ \t]*include[ \t]")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "[<\"][^>\"]*[>\"]" include "${line}")
    classify("${include}" kind)
    if(kind STREQUAL "unknown")
      report("${file}" "${include} is no file of this tree or known library")
    elseif(NOT kind STREQUAL "std" AND NOT kind IN_LIST may_${folder})
      report("${file}" "${folder}/ must not include ${include} (${kind})")
    elseif(folder STREQUAL "actors" AND kind STREQUAL "actors")
      check_own_actor("${file}" "${include}")
    endif()
  endforeach()
  if(folder MATCHES "^(actors|core|messages)$")
    file(STRINGS "${ROOT}/${file}" locks REGEX "mutex|lock_guard")
    if(locks)
      report("${file}" "${folder}/ must not speak of locks")
    endif()
  endif()
endfunction()

set(files_seen 0)
file(GLOB top RELATIVE "${ROOT}" "${ROOT}/*")
foreach(folder IN LISTS top)
  if(folder IN_LIST ignored_folders)
    continue()
  endif()
  if(NOT IS_DIRECTORY "${ROOT}/${folder}")
    if(folder MATCHES "\\.(hpp|cpp|h|cc|c)$")
      report("${folder}" "source files belong in a folder")
    endif()
    continue()
  endif()
  file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/${folder}/*.hpp"
    "${ROOT}/${folder}/*.cpp" "${ROOT}/${folder}/*.h" "${ROOT}/${folder}/*.cc"
    "${ROOT}/${folder}/*.c")
  foreach(file IN LISTS files)
    math(EXPR files_seen "${files_seen} + 1")
    if(folder IN_LIST all_folders)
      check_file("${folder}" "${file}")
    else()
      report("${file}" "the layers know no folder ${folder}/")
    endif()
  endforeach()
endforeach()

get_property(breaches GLOBAL PROPERTY breaches)
if(breaches)
  message(FATAL_ERROR "the include rules are broken")
elseif(files_seen EQUAL 0)
  message(FATAL_ERROR "${ROOT} has no source files")
endif()
message("${files_seen} files keep the include rules")
