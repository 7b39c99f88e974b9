// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_category.hpp"
#include "sys/mountinfo.hpp"
#include "sys/tree/place_names.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// Tells whether what is met on the way of a copy is in a pod's volume that the
/// rules do not let pass without a word, by whatever name it is met: below a
/// parent, by a bind, or by a hard link. Used by one thread, for one copy.
class volume_judge {
public:
  struct settings {
    copy_rules rules;
    /// Where pods' volumes are looked for, beside those of the mount table, to
    /// tell hard links to their files.
    std::vector<std::string> kubelet_roots;
  };

  /// @param between called between any two file system operations.
  volume_judge(settings with, std::function<void()> between);

  /// Whether there is anything to be judged.
  bool is_needed() const {
    return !settings_.rules.allow_volumes();
  }

  copy_rule rule_for(copy_category category) const {
    return settings_.rules.rule_for(category);
  }

  /// Finds the names of what `fd` has open and of what is below it.
  std::shared_ptr<const place_names> names_of(int fd, const std::string& shown);

  /// Returns the category with the strictest rule that any of the names of
  /// `path` below a place has; nothing where all of them pass.
  std::optional<copy_category> category_of(const place_names& place,
                                           std::string_view path) const;

  /// The same of a file that has several names (st_nlink), by its identity.
  std::optional<copy_category> category_of_linked(std::uint64_t device,
                                                  std::uint64_t inode);

private:
  using identity = std::pair<std::uint64_t, std::uint64_t>;

  std::optional<copy_category>
  stricter(std::optional<copy_category> one,
           std::optional<copy_category> other) const;
  void find_linked_files();
  void look_into_volumes(const std::string& root);
  void look_into(const std::string& volume, copy_category category);

  settings settings_;
  std::function<void()> between_;
  std::optional<std::vector<mounted_entry>> table_;
  bool has_found_linked_ = false;
  /// Files of volumes with more than one name.
  std::map<identity, copy_category> linked_;
};

} // namespace fsshare
