// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_profile.hpp"
#include "core/result.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// Visits the keys of a configuration and fills in what a JSON object sets.
/// The first key that is not as it should be is kept as the failure.
class config_reader {
public:
  /// @param json An object; it must outlive the reader.
  explicit config_reader(const nlohmann::json& json);

  /// Returns what is wrong, if anything.
  const std::optional<std::string>& failure() const {
    return failure_;
  }

  void path(const char* key, std::string& into,
            std::size_t max_bytes = std::numeric_limits<std::size_t>::max());
  /// Empty text is taken, too.
  void path_or_none(const char* key, std::string& into);
  void http_address_or_none(const char* key, std::string& into);
  void release_or_none(const char* key, std::string& into,
                       const agent_release& min);
  void paths(const char* key, std::vector<std::string>& into);
  void uids(const char* key, std::vector<std::uint32_t>& into);
  void flag(const char* key, bool& into);
  void duration(const char* key, std::chrono::nanoseconds& into,
                std::chrono::nanoseconds min, std::chrono::nanoseconds max);

  template <class T>
  void number(const char* key, T& into, T min, T max) {
    if (const auto value = unsigned_number(key, min, max))
      into = static_cast<T>(*value);
  }

  template <class T, class Words>
  void choice(const char* key, T& into, const Words& words) {
    const auto* json = find(key);
    if (json == nullptr)
      return;
    std::string allowed;
    for (const auto& [word, value] : words) {
      if (json->is_string() && json->get_ref<const std::string&>() == word) {
        into = value;
        return;
      }
      allowed.append(allowed.empty() ? "" : ", ").append(word);
    }
    fail(key, *json, "one of " + allowed);
  }

private:
  /// Returns the value of a key; null if it is not set or something failed.
  const nlohmann::json* find(const char* key) const;
  std::optional<std::uint64_t>
  unsigned_number(const char* key, std::uint64_t min, std::uint64_t max);
  void fail(const char* key, const nlohmann::json& value,
            const std::string& allowed);

  const nlohmann::json& json_;
  std::optional<std::string> failure_;
};

} // namespace fsshare
