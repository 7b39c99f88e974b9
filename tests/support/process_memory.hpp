// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace fsshare::test {

/// Searches all memory that a process can read, mapping by mapping (proc(5)),
/// for any eight bytes in a row of `text`: what is left of a text whose
/// storage was freed or partly used again. The process runs on meanwhile.
/// Throws if it may not be looked into, as only its parent always may.
/// @param text At least eight bytes, like no others in any program.
/// @returns where it was found, with the name of the mapping; empty if nowhere.
std::string find_in_memory(int pid, std::string_view text);

} // namespace fsshare::test
