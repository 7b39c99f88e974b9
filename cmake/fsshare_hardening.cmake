# SPDX-License-Identifier: Apache-2.0
# What makes a fault in our code harder to exploit, in builds that are not for
# debugging: an INTERFACE target, for our own targets only.
include(CheckCXXCompilerFlag)
include(CheckPIESupported)

# Without it, CMake leaves it to the compiler whether a program can be loaded
# anywhere: Debian's makes it so, that of others does not.
check_pie_supported(OUTPUT_VARIABLE fsshare_pie_output LANGUAGES CXX)
check_cxx_compiler_flag(-fcf-protection FSSHARE_HAS_CF_PROTECTION)
check_cxx_compiler_flag(-fstack-clash-protection
  FSSHARE_HAS_STACK_CLASH_PROTECTION)

set(fsshare_hardened "$<NOT:$<CONFIG:Debug>>")
add_library(fsshare_hardening INTERFACE)
# -fPIE for libraries, too: all of them end in programs, and share a precompiled
# header with them, which has to be compiled in the same way.
target_compile_options(fsshare_hardening INTERFACE
  "$<${fsshare_hardened}:-fPIE;-fstack-protector-strong>"
  # No path of the machine it was built on: the same commit is the same program.
  "$<${fsshare_hardened}:-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.>")
if(FSSHARE_HAS_CF_PROTECTION)
  target_compile_options(fsshare_hardening INTERFACE
    "$<${fsshare_hardened}:-fcf-protection>")
endif()
if(FSSHARE_HAS_STACK_CLASH_PROTECTION)
  target_compile_options(fsshare_hardening INTERFACE
    "$<${fsshare_hardened}:-fstack-clash-protection>")
endif()
if(NOT FSSHARE_SANITIZERS)
  # Some compilers define it themselves, which would be a warning.
  target_compile_options(fsshare_hardening INTERFACE
    "$<${fsshare_hardened}:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
endif()
if(CMAKE_CXX_LINK_PIE_SUPPORTED)
  target_link_options(fsshare_hardening INTERFACE "$<${fsshare_hardened}:-pie>")
else()
  message(WARNING "The linker makes no position-independent programs: "
    "${fsshare_pie_output}")
endif()
# Functions of libraries are looked up at the start, and what was looked up is
# read-only from then on.
target_link_options(fsshare_hardening INTERFACE
  "$<${fsshare_hardened}:LINKER:-z,relro,-z,now>")
