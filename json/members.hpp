// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// Reads the members of a JSON object that somebody sent. A member that is
/// missing or null keeps its default, unknown ones are passed over, both as
/// Go's encoding/json does; the first of a wrong type is kept as the failure.
/// Sentences name members, never values.
class json_members {
public:
  /// @param json An object; must outlive the reader.
  /// @param where Put before the names in sentences, such as `dm_verity.`.
  explicit json_members(const nlohmann::json& json, std::string where = {})
    : json_(json), where_(std::move(where)) {
  }

  const std::optional<std::string>& failure() const {
    return failure_;
  }

  void text(const char* name, std::string& into) {
    if (const auto* value = find(name); value != nullptr)
      read_text(name, *value, into);
  }

  void texts(const char* name, std::vector<std::string>& into) {
    const auto* value = find(name);
    if (value == nullptr)
      return;
    if (!value->is_array())
      return fail(name, "an array");
    for (const auto& each : *value)
      read_text(name, each, into.emplace_back());
  }

  void number(const char* name, std::uint64_t& into) {
    const auto* value = find(name);
    if (value == nullptr)
      return;
    if (!value->is_number_unsigned())
      return fail(name, "a number from 0 on");
    into = value->get<std::uint64_t>();
  }

  /// @param needed Whether a missing or null object is a failure.
  void string_map(const char* name, std::map<std::string, std::string>& into,
                  bool needed) {
    const auto* value = find(name);
    if (value == nullptr && !needed)
      return;
    if (value == nullptr || !value->is_object())
      return fail(name, "an object");
    for (const auto& [key, each] : value->items())
      read_text(name, each, into[key]);
  }

  /// Reads an object with `read(json_members&)`, if it is there.
  template <class Reader>
  void object(const char* name, Reader read) {
    const auto* value = find(name);
    if (value == nullptr)
      return;
    if (!value->is_object())
      return fail(name, "an object");
    json_members inner{*value, where_ + name + "."};
    read(inner);
    if (inner.failure_ && !failure_)
      failure_ = inner.failure_;
  }

private:
  const nlohmann::json* find(const char* name) const {
    const auto at = json_.find(name);
    return failure_ || at == json_.end() || at->is_null() ? nullptr : &*at;
  }

  void read_text(const char* name, const nlohmann::json& value,
                 std::string& into) {
    if (!value.is_string())
      return fail(name, "text");
    into = value.get<std::string>();
    if (into.find('\0') != std::string::npos)
      fail(name, "text without NUL bytes");
  }

  void fail(const char* name, const char* wanted) {
    if (!failure_)
      failure_ = where_ + name + " is not " + wanted;
  }

  const nlohmann::json& json_;
  std::string where_;
  std::optional<std::string> failure_;
};

} // namespace fsshare
