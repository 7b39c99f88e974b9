// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_plan.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace fsshare {

/// Whether a guest still has a tree that was copied once.
enum class tree_doubt : std::uint8_t {
  none,
  /// The guest was lost since, and nothing showed what it has.
  unknown,
  /// The guest came back without what it was sent.
  gone,
};

/// What a guest was sent whole, and by which files of it it shows whether a
/// guest that comes back still has it. Takes a name per copy.
class landmarks {
public:
  /// A volume at `guest_root` is whole, and has this file; an empty name where
  /// no file of it is fit for that. One at most is remembered for each volume.
  void stands(const std::string& guest_root, std::string file);

  /// A tree at `guest_root` is whole.
  void copied(const std::string& guest_root);

  /// What is at or below a path goes, or may.
  void goes(std::string_view path);

  /// The guest was lost.
  void lost();
  /// It has what it had.
  void found();
  /// It has nothing of what it had.
  void gone();

  bool has_volumes() const {
    return !volumes_.empty();
  }

  /// Returns one of the files; null if none is known.
  const std::string* any() const;

  /// The trees, by guest path.
  const std::map<std::string, tree_doubt>& trees() const {
    return trees_;
  }

private:
  /// Files by the guest path of their volume.
  std::map<std::string, std::string> volumes_;
  std::map<std::string, tree_doubt> trees_;
};

/// Returns a request that tells whether a file is there. Every guest agent
/// refuses a directory below a file, and changes nothing; without the file it
/// makes both.
copy_step look_step(std::string_view file);

/// What the answer to look_step() says.
enum class look_result : std::uint8_t { there, gone, unknown };
look_result look_result_of(errc code);

} // namespace fsshare
