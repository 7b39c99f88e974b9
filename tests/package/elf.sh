# SPDX-License-Identifier: Apache-2.0
# What the headers of our programs say; sourced by tests/package/run.

# Each takes the path of a program.
is_position_independent() {
  local headers
  headers=$(readelf -hdW "$1")
  contains "$headers" "DYN (Position-Independent Executable file)"
  contains "$headers" "PIE"
}

is_bound_at_the_start() {
  contains "$(readelf -lW "$1")" "GNU_RELRO"
  contains "$(readelf -dW "$1")" "BIND_NOW"
}

has_no_executable_stack() {
  readelf -lW "$1" | grep -E 'GNU_STACK .* RW +0x'
}

has_no_text_relocations() {
  fails grep -E 'TEXTREL' <(readelf -dW "$1")
}

has_no_run_path() {
  fails grep -E 'R(UN)?PATH' <(readelf -dW "$1")
}

protects_its_stack() {
  readelf -sW --dyn-syms "$1" | grep -w '__stack_chk_fail@.*'
}

# Calls of the C library that are checked. fssharectl makes none that could be.
is_fortified() {
  readelf -W --dyn-syms "$1" | grep -E ' __[a-z_]+_chk@' | grep -v __stack_chk
}

# Every function that may be called by address begins with it.
marks_branch_targets() {
  [[ $(uname -m) == x86_64 ]] || return 0
  (($(objdump -d --no-show-raw-insn "$1" | grep -c endbr64) > 100))
}

names_no_path_of_the_build() {
  fails grep -a -F -q -- "$root" "$1"
}

elf_properties=(
  is_position_independent is_bound_at_the_start has_no_executable_stack
  has_no_text_relocations has_no_run_path protects_its_stack is_fortified
  marks_branch_targets names_no_path_of_the_build)

# No file of ours was compiled without the flag.
compiles_everything_fortified() {
  local commands=$build/compile_commands.json
  (($(grep -c '"command":' "$commands") > 100))
  fails grep '"command":' <(grep -v -- '-D_FORTIFY_SOURCE=2' "$commands" \
    | grep -v -- '/bench/')
}

# One file, compiled from a copy of the sources elsewhere, is the same; but for
# what it says to debuggers, where ccache has other paths, and what is not packaged.
is_the_same_compiled_elsewhere() {
  local object=core/CMakeFiles/fsshare_core.dir/paths.cpp.o
  local there=$scratch/elsewhere
  mkdir "$there"
  git ls-files -z | xargs -0 cp --parents -t "$there"
  cmake -S "$there" -B "$there/build/release" -G Ninja -DFSSHARE_CCACHE=OFF \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFSSHARE_BUILD_TESTS=OFF >/dev/null
  ninja -C "$there/build/release" "$object" >/dev/null
  objcopy -g "$build/$object" "$scratch/here.o"
  objcopy -g "$there/build/release/$object" "$scratch/there.o"
  cmp "$scratch/here.o" "$scratch/there.o"
}

# check_elf DIRECTORY: of the tree of a package.
check_elf() {
  local program property
  check "a file is the same, compiled elsewhere" is_the_same_compiled_elsewhere
  check "everything is compiled fortified" compiles_everything_fortified
  for program in usr/sbin/fsshared usr/bin/fssharectl usr/bin/fsshare-guest; do
    for property in "${elf_properties[@]}"; do
      [[ $program$property != *ctlis_fortified ]] || continue
      check "$program ${property//_/ }" "$property" "$1/$program"
    done
  done
}

skip_elf() {
  local property names=("a file is the same, compiled elsewhere"
    "everything is compiled fortified")
  for property in "${elf_properties[@]}"; do
    names+=("programs: ${property//_/ }")
  done
  skip "the programs of a test build" "${names[@]}"
}

# Of a program that is none of ours, to see that each property can be missed.
check_elf_misses() {
  local weak=$scratch/weak
  echo 'int main(int n, char** v) { char t[9]; t[n] = **v; return t[0]; }' \
    | g++ -x c++ -g -O0 -no-pie -fno-stack-protector -fcf-protection=none \
      -Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,"$root" -o "$weak" -
  local property
  for property in is_position_independent is_bound_at_the_start \
    has_no_executable_stack has_no_run_path protects_its_stack is_fortified \
    marks_branch_targets names_no_path_of_the_build; do
    check "of a weak program it is noticed that not: ${property//_/ }" \
      fails "$property" "$weak"
  done
}
