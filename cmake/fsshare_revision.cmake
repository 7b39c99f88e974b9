# SPDX-License-Identifier: Apache-2.0
# FSSHARE_REVISION is the commit that is built: as given, or what git says of the
# source directory at each configuration; "unknown" where that is no repository.
set(FSSHARE_REVISION "" CACHE STRING
  "Commit that the programs say they were built from; empty asks git")

# fsshare_revision(OUT) sets OUT to it.
function(fsshare_revision out)
  set(${out} "unknown" PARENT_SCOPE)
  if(FSSHARE_REVISION)
    if(NOT FSSHARE_REVISION MATCHES "^[A-Za-z0-9._+~-]+$")
      message(FATAL_ERROR "FSSHARE_REVISION is no commit: ${FSSHARE_REVISION}")
    endif()
    set(${out} "${FSSHARE_REVISION}" PARENT_SCOPE)
    return()
  endif()
  find_program(FSSHARE_GIT git)
  mark_as_advanced(FSSHARE_GIT)
  if(NOT FSSHARE_GIT)
    return()
  endif()
  # Sources without a repository may lie in somebody else's.
  execute_process(
    COMMAND "${FSSHARE_GIT}" -C "${CMAKE_SOURCE_DIR}" rev-parse --show-cdup
    OUTPUT_VARIABLE above RESULT_VARIABLE failed ERROR_QUIET
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(failed OR above)
    return()
  endif()
  execute_process(
    COMMAND "${FSSHARE_GIT}" -C "${CMAKE_SOURCE_DIR}"
      describe --always --dirty --abbrev=12 --exclude "*"
    OUTPUT_VARIABLE commit RESULT_VARIABLE failed ERROR_QUIET
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT failed AND commit)
    set(${out} "${commit}" PARENT_SCOPE)
  endif()
endfunction()
