// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

namespace fsshare::test {

/// Names of entries of one directory, or paths.
using name_set = std::set<std::string>;

/// Returns the names, one per line.
std::string lines_of(const name_set& names);

/// Returns the names of all that is in a directory.
name_set entries_of(const std::string& dir);

/// Returns what `..data` of a directory names; empty if there is none.
std::string live_generation(const std::string& dir);

/// Returns the names that a guest's copy of a volume has at its top beside what
/// it should have: old generations, links of deleted keys.
/// @param volume_dir The volume on the host. What a kubelet that died left in
///                   it (other generations, links that lead nowhere) does not
///                   belong into a guest.
name_set leftovers(const std::string& volume_dir, const std::string& guest_dir);

/// Compares a guest's copy with the volume on the host: types, contents, modes,
/// owners and links, the directory itself included. The generation may have the
/// number of an attempt behind its name, links the owner of their directory.
/// @param left Names at the top of the copy that are not compared.
/// @returns one line per difference, `-` before what only the host has and `+`
///          before what only the guest has; empty if they are equal. Contents
///          appear as size and hash.
std::string copy_difference(const std::string& volume_dir,
                            const std::string& guest_dir, const name_set& left);

} // namespace fsshare::test
