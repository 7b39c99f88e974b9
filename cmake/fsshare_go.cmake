# Debian's Go and its packages below /usr/share/gocode: nothing is downloaded,
# and no setting of the caller's Go plays a part.
find_program(FSSHARE_GO go PATHS /usr/bin NO_DEFAULT_PATH)

# fsshare_go_program(NAME FILES...) builds a program from the Go files of one
# package and adds the target NAME. Its path is the target's PROGRAM property.
function(fsshare_go_program name)
  if(NOT FSSHARE_GO)
    message(FATAL_ERROR "the interop tests need Debian's golang-go")
  endif()
  set(program "${CMAKE_CURRENT_BINARY_DIR}/go/${name}")
  list(TRANSFORM ARGN PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" OUTPUT_VARIABLE files)
  add_custom_command(
    OUTPUT "${program}"
    COMMAND "${CMAKE_COMMAND}" -E env
      GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOENV=off CGO_ENABLED=0
      "GOCACHE=${CMAKE_BINARY_DIR}/go-cache"
      "${FSSHARE_GO}" build -o "${program}" ${files}
    DEPENDS ${files}
    COMMENT "Building Go program ${name}"
    VERBATIM)
  add_custom_target(${name} DEPENDS "${program}")
  set_target_properties(${name} PROPERTIES PROGRAM "${program}")
endfunction()
