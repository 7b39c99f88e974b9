// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace fsshare::test {

/// What describe_tree() says; by default all of it.
struct tree_text_options {
  bool modes = true;
  bool owners = true;
  /// The guest's links carry the owner of their directory, the host's their
  /// own: comparisons of host and guest leave this out.
  bool link_owners = true;
  /// The directory itself, as an entry with the path `.`.
  bool root = true;
  /// Entries, with all below them, for whose relative path this is true are
  /// left out.
  std::function<bool(const std::string& path)> leave_out;
};

/// Lists a tree in lexical order, one line per entry, so that two trees are
/// equal exactly if their texts are, and a failed check shows how they differ:
///
///     dir  0755 0:0 .
///     file 0644 0:0 a/b 12 bytes 00f1e2d3c4b5a697
///     link 0:0 c -> a/b
///
/// Contents appear as size and hash only. Throws if something cannot be read.
std::string describe_tree(const std::string& dir,
                          const tree_text_options& options = {});

} // namespace fsshare::test
