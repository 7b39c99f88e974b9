# SPDX-License-Identifier: Apache-2.0
# Fails, naming file and line, if a program of ours could delete a tree: users'
# data may be mounted anywhere in it. The guest stand-in may; it works in a
# directory of its own. Run: cmake -DROOT=DIR -P check_no_recursive_delete.cmake
cmake_minimum_required(VERSION 3.25)

include("${CMAKE_CURRENT_LIST_DIR}/folders.cmake")
set(folders ${all_folders})
list(REMOVE_ITEM folders ${may_delete_trees})
string(CONCAT pattern "::remove_all|[^a-z_]n?ftw(64)?[ \t]*\\(|FTW_|"
  "fts_(open|read)|<fts\\.h>|<ftw\\.h>|rm -[a-zA-Z]*[rR]|[^a-z_]system[ \t]*\\(")

set(files_seen 0)
set(breaches 0)
foreach(folder IN LISTS folders)
  file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/${folder}/*.[ch]pp"
    "${ROOT}/${folder}/*.[ch]")
  foreach(file IN LISTS files)
    math(EXPR files_seen "${files_seen} + 1")
    file(STRINGS "${ROOT}/${file}" lines REGEX "${pattern}")
    # Removes copies in the guest, one request each.
    list(FILTER lines EXCLUDE REGEX "guest_copy::remove_all\\(\\)")
    foreach(line IN LISTS lines)
      message("${file}: could delete a tree: ${line}")
      math(EXPR breaches "${breaches} + 1")
    endforeach()
  endforeach()
endforeach()

if(breaches)
  message(FATAL_ERROR "users' data could be deleted")
elseif(NOT files_seen)
  message(FATAL_ERROR "${ROOT} has no source files")
endif()
message("${files_seen} files delete no tree")
