// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "log/line.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace fsshare::log {

/// What people call sandboxes and containers, so that every line about one has
/// that, whoever writes it. May be used from any thread.
class known_names {
public:
  /// Tells what a sandbox is called; empty for nothing.
  void name_sandbox(const std::string& id, std::string labels);
  /// Tells what a container of a sandbox is called; empty for nothing.
  void name_container(const std::string& sandbox, const std::string& id,
                      const std::string& name);
  /// Forgets a sandbox and its containers.
  void forget(const std::string& sandbox);

  /// Returns what a line gets beside the fields that it has: `labels` where it
  /// is about a `sandbox` that has some, `container_name` where it is about a
  /// `container` of that.
  std::vector<field> names_for(const fields& values) const;

private:
  struct known_sandbox {
    std::string labels;
    std::map<std::string, std::string> containers;
  };

  void drop_if_empty(const std::string& id);

  mutable std::mutex mutex_;
  std::map<std::string, known_sandbox, std::less<>> sandboxes_;
};

} // namespace fsshare::log
