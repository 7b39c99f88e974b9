# SPDX-License-Identifier: Apache-2.0
# Debian's Go and its packages below /usr/share/gocode: nothing is downloaded,
# and no setting of the caller's Go plays a part.
find_program(FSSHARE_GO go PATHS /usr/bin NO_DEFAULT_PATH)

find_program(FSSHARE_PROTOC_GEN_GOGO protoc-gen-gogo PATHS /usr/bin
  NO_DEFAULT_PATH)

# fsshare_go_missing(OUT) sets OUT to what is not installed of what the Go
# programs need, by its names in Debian.
function(fsshare_go_missing out)
  set(missing)
  if(NOT FSSHARE_GO)
    list(APPEND missing golang-go)
  endif()
  if(NOT FSSHARE_PROTOC_GEN_GOGO)
    list(APPEND missing gogoprotobuf)
  endif()
  set(packages /usr/share/gocode/src)
  if(NOT IS_DIRECTORY "${packages}/github.com/containerd/ttrpc")
    list(APPEND missing golang-github-containerd-ttrpc-dev)
  endif()
  if(NOT IS_DIRECTORY "${packages}/google.golang.org/protobuf")
    list(APPEND missing golang-google-protobuf-dev)
  endif()
  set(${out} ${missing} PARENT_SCOPE)
endfunction()

# fsshare_go_proto(OUT PROTO PACKAGE) generates the Go code of a proto file,
# whose go_package begins with PACKAGE, below build/go-generated/src. Sets OUT to
# the file.
function(fsshare_go_proto out proto package)
  set(src "${CMAKE_BINARY_DIR}/go-generated/src")
  get_filename_component(dir "${proto}" DIRECTORY)
  get_filename_component(stem "${proto}" NAME_WE)
  set(generated "${src}/${package}/${stem}.pb.go")
  add_custom_command(
    OUTPUT "${generated}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${src}"
    COMMAND protobuf::protoc "--plugin=${FSSHARE_PROTOC_GEN_GOGO}"
      "--gogo_out=${src}" "-I${dir}" "${proto}"
    DEPENDS "${proto}"
    COMMENT "Generating Go package ${package}"
    VERBATIM)
  set(${out} "${generated}" PARENT_SCOPE)
endfunction()

# fsshare_go_program(NAME FILES... [GENERATED FILES...]) builds a program from
# the Go files of one package and adds the target NAME. Its path is the target's
# PROGRAM property. GENERATED are files of fsshare_go_proto that it imports.
function(fsshare_go_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "GENERATED")
  set(program "${CMAKE_CURRENT_BINARY_DIR}/go/${name}")
  list(TRANSFORM arg_UNPARSED_ARGUMENTS PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" OUTPUT_VARIABLE files)
  add_custom_command(
    OUTPUT "${program}"
    COMMAND "${CMAKE_COMMAND}" -E env
      GO111MODULE=off
      "GOPATH=${CMAKE_BINARY_DIR}/go-generated:/usr/share/gocode" GOFLAGS= GOENV=off CGO_ENABLED=0
      "GOCACHE=${CMAKE_BINARY_DIR}/go-cache"
      "${FSSHARE_GO}" build -o "${program}" ${files}
    DEPENDS ${files} ${arg_GENERATED}
    COMMENT "Building Go program ${name}"
    VERBATIM)
  add_custom_target(${name} DEPENDS "${program}")
  set_target_properties(${name} PROPERTIES PROGRAM "${program}")
endfunction()
