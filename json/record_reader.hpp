// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/ids.hpp"
#include "json/members.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// What records of state files are read and written with.
namespace fsshare::journal_words {

/// The words of an enumeration.
template <class T, std::size_t N>
using words = std::array<std::pair<T, const char*>, N>;

template <class T, std::size_t N>
const char* word_for(const words<T, N>& all, T value) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const auto& each) {
    return each.first == value;
  });
  return at == all.end() ? "" : at->second;
}

} // namespace fsshare::journal_words

namespace fsshare {

/// Reads the members of one record; the first that is not as it has to be
/// spoils it.
class record_reader {
public:
  explicit record_reader(const nlohmann::json& record)
    : record_(record), members_(record) {
  }

  bool is_good() const {
    return is_good_ && !members_.failure();
  }
  std::string text(const char* name) {
    std::string value;
    members_.text(name, value);
    return value;
  }
  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> value;
    members_.texts(name, value);
    return value;
  }
  /// Reads an object of texts; one that is missing is empty.
  std::map<std::string, std::string> text_map(const char* name) {
    std::map<std::string, std::string> value;
    members_.string_map(name, value, false);
    return value;
  }
  std::uint64_t number(const char* name) {
    std::uint64_t value = 0;
    members_.number(name, value);
    return value;
  }
  bool truth(const char* name) {
    const auto at = record_.find(name);
    const bool is_one = at != record_.end() && at->is_boolean();
    is_good_ = is_good_ && is_one;
    return is_one && at->get<bool>();
  }
  /// What was read has no sense.
  void refuse() {
    is_good_ = false;
  }
  bool has(const char* name) const {
    return record_.contains(name);
  }
  /// The same, and that it is not null.
  bool has_value(const char* name) const {
    const auto at = record_.find(name);
    return at != record_.end() && !at->is_null();
  }
  /// Reads an object with `read(record_reader&)`.
  template <class Read>
  void object(const char* name, Read read) {
    const auto at = record_.find(name);
    is_good_ = is_good_ && at != record_.end() && at->is_object();
    if (!is_good_)
      return;
    record_reader inner{*at};
    read(inner);
    is_good_ = is_good_ && inner.is_good();
  }
  /// Reads an object of objects, each with `read(name, record_reader&)`.
  template <class Read>
  void objects(const char* name, Read read) {
    objects(name, read, [this](const std::string&) {
      refuse();
    });
  }
  /// The same, where some are null, each of these with `none(name)`.
  template <class Read, class None>
  void objects(const char* name, Read read, None none) {
    const auto at = record_.find(name);
    is_good_ = is_good_ && at != record_.end() && at->is_object();
    if (!is_good_)
      return;
    for (const auto& [key, each] : at->items()) {
      is_good_ = is_good_ && (each.is_object() || each.is_null());
      if (!is_good_)
        return;
      if (each.is_null()) {
        none(key);
        continue;
      }
      record_reader inner{each};
      read(key, inner);
      is_good_ = is_good_ && inner.is_good();
    }
  }
  /// Reads an object of numbers.
  std::map<std::string, std::uint64_t> numbers(const char* name) {
    std::map<std::string, std::uint64_t> out;
    const auto at = record_.find(name);
    is_good_ = is_good_ && at != record_.end() && at->is_object();
    if (!is_good_)
      return out;
    for (const auto& [key, each] : at->items()) {
      is_good_ = is_good_ && each.is_number_unsigned();
      if (is_good_)
        out[key] = each.template get<std::uint64_t>();
    }
    return out;
  }
  std::uint32_t number32(const char* name) {
    const auto value = number(name);
    is_good_ = is_good_ && value <= UINT32_MAX;
    return static_cast<std::uint32_t>(value);
  }
  template <class Set>
  Set set(const char* name) {
    const auto all = texts(name);
    return {all.begin(), all.end()};
  }
  /// Reads an array of objects, each with `read(record_reader&)`.
  template <class Read>
  void each(const char* name, Read read) {
    const auto at = record_.find(name);
    is_good_ = is_good_ && at != record_.end() && at->is_array();
    if (!is_good_)
      return;
    for (const auto& one : *at) {
      is_good_ = is_good_ && one.is_object();
      if (!is_good_)
        return;
      record_reader inner{one};
      read(inner);
      is_good_ = is_good_ && inner.is_good();
    }
  }
  /// Reads what a share is of; its members stand beside the others.
  mount_entry mount() {
    mount_entry out;
    out.source = text("source");
    out.destination = text("destination");
    out.type = text("type");
    out.options = texts("options");
    out.read_only = truth("read_only");
    return out;
  }
  template <class T, std::size_t N>
  T word(const char* name, const journal_words::words<T, N>& all) {
    const auto said = text(name);
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& each) {
      return said == each.second;
    });
    is_good_ = is_good_ && at != all.end();
    return at == all.end() ? T{} : at->first;
  }
  std::string id(const char* name) {
    auto value = text(name);
    is_good_ = is_good_ && is_id(value);
    return value;
  }
  /// Returns the name of a file, which leads nowhere else.
  std::string name(const char* name) {
    auto value = text(name);
    is_good_ = is_good_ && !value.empty() && value != "." && value != ".."
               && value.find('/') == std::string::npos;
    return value;
  }
  std::vector<sandbox_bind> binds(const char* name) {
    std::vector<sandbox_bind> all;
    each(name, [&all](record_reader& one) {
      auto source = one.text("source");
      all.push_back({std::move(source), one.truth("writable")});
    });
    return all;
  }

private:
  const nlohmann::json& record_;
  json_members members_;
  bool is_good_ = true;
};

} // namespace fsshare
