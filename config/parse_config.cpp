// SPDX-License-Identifier: Apache-2.0
#include "config/parse_config.hpp"

#include "config/config_keys.hpp"
#include "config/config_reader.hpp"
#include "core/text/duration_text.hpp"
#include "core/text/json_text.hpp"

#include <nlohmann/json.hpp>
#include <set>

namespace fsshare {

namespace {

using nlohmann::json;

/// Collects the JSON pointers of all keys, and of the objects around them.
class key_collector {
public:
  bool is_key(const std::string& pointer) const {
    return keys_.contains(pointer);
  }
  bool is_section(const std::string& pointer) const {
    return sections_.contains(pointer);
  }
  /// Returns the names that exist directly in a section.
  std::string names_in(const std::string& section) const {
    std::string names;
    for (const auto* known : {&keys_, &sections_})
      for (const auto& pointer : *known)
        if (const auto slash = pointer.rfind('/');
            slash != std::string::npos && pointer.substr(0, slash) == section)
          names.append(names.empty() ? "" : ", ")
            .append(pointer.substr(slash + 1));
    return names;
  }

  template <class... Ts>
  void path(const char* key, Ts&&...) {
    add(key);
  }
  template <class... Ts>
  void path_or_none(const char* key, Ts&&...) {
    add(key);
  }
  template <class... Ts>
  void http_address_or_none(const char* key, Ts&&...) {
    add(key);
  }
  template <class... Ts>
  void release_or_none(const char* key, Ts&&...) {
    add(key);
  }
  template <class... Ts>
  void paths(const char* key, Ts&&...) {
    add(key);
  }
  template <class... Ts>
  void uids(const char* key, Ts&&...) {
    add(key);
  }
  template <class... Ts>
  void flag(const char* key, Ts&&...) {
    add(key);
  }
  template <class... Ts>
  void duration(const char* key, Ts&&...) {
    add(key);
  }
  template <class... Ts>
  void number(const char* key, Ts&&...) {
    add(key);
  }
  template <class... Ts>
  void choice(const char* key, Ts&&...) {
    add(key);
  }

private:
  void add(std::string key) {
    keys_.insert(key);
    while (!key.empty()) {
      key.resize(key.rfind('/'));
      sections_.insert(key);
    }
  }

  std::set<std::string> keys_;
  std::set<std::string> sections_;
};

/// Puts every key into a JSON object.
class config_writer {
public:
  const json& written() const {
    return json_;
  }

  template <class... Ts>
  void path(const char* key, const std::string& value, Ts&&...) {
    put(key, value);
  }
  void path_or_none(const char* key, const std::string& value) {
    put(key, value);
  }
  void http_address_or_none(const char* key, const std::string& value) {
    put(key, value);
  }
  template <class... Ts>
  void release_or_none(const char* key, const std::string& value, Ts&&...) {
    put(key, value);
  }
  void paths(const char* key, const std::vector<std::string>& value) {
    put(key, value);
  }
  void uids(const char* key, const std::vector<std::uint32_t>& value) {
    put(key, value);
  }
  void flag(const char* key, bool value) {
    put(key, value);
  }
  template <class... Ts>
  void duration(const char* key, std::chrono::nanoseconds value, Ts&&...) {
    put(key, format_duration(value));
  }
  template <class T, class... Ts>
  void number(const char* key, T value, Ts&&...) {
    put(key, value);
  }
  template <class T, class Words>
  void choice(const char* key, T value, const Words& words) {
    for (const auto& [word, meaning] : words)
      if (meaning == value)
        put(key, std::string{word});
  }

private:
  void put(const char* key, json value) {
    json_[json::json_pointer{key}] = std::move(value);
  }

  json json_ = json::object();
};

error refused(const std::string& name, const std::string& why) {
  return {errc::invalid_argument, name + ": " + why};
}

const key_collector& known_keys() {
  static const key_collector collected = [] {
    key_collector keys;
    node_config config;
    visit_keys(keys, config);
    return keys;
  }();
  return collected;
}

/// Returns what is wrong with the names in an object, or nothing.
std::optional<std::string> unknown_key(const json& object,
                                       const std::string& section) {
  const auto& known = known_keys();
  for (auto it = object.begin(); it != object.end(); ++it) {
    auto pointer = section;
    pointer.append("/").append(it.key());
    if (known.is_key(pointer))
      continue;
    if (!known.is_section(pointer))
      return pointer + ": no such key; there are " + known.names_in(section);
    if (it->is_null())
      continue;
    if (!it->is_object())
      return pointer + ": is not an object; its keys are "
             + known.names_in(pointer);
    if (auto unknown = unknown_key(*it, pointer))
      return unknown;
  }
  return std::nullopt;
}

/// Notes the first key that an object has twice, which json keeps silent about.
class duplicate_finder {
public:
  /// To be called for every step of the parser; keeps everything.
  void step(json::parse_event_t event, const json& parsed) {
    if (event == json::parse_event_t::object_start)
      open_.emplace_back();
    else if (event == json::parse_event_t::object_end)
      open_.pop_back();
    else if (event == json::parse_event_t::key && !found_
             && !open_.back().insert(parsed.get<std::string>()).second)
      found_ = parsed.get<std::string>();
  }
  const std::optional<std::string>& found() const {
    return found_;
  }

private:
  std::vector<std::set<std::string>> open_;
  std::optional<std::string> found_;
};

result<json> parse_object(const config_text& source) {
  // To the parser it is the end, whatever follows.
  if (source.text.find('\0') != std::string::npos)
    return refused(source.name, "has a NUL byte");
  if (is_too_deep(source.text))
    return refused(source.name, "is nested deeper than "
                                  + std::to_string(max_json_depth) + " levels");
  // The one place where an exception is caught: nlohmann throws, we do not.
  try {
    duplicate_finder duplicates;
    auto parsed
      = json::parse(source.text, [&](int, json::parse_event_t event, json& j) {
          duplicates.step(event, j);
          return true;
        });
    if (duplicates.found())
      return refused(source.name,
                     "the key '" + *duplicates.found() + "' appears twice");
    if (!parsed.is_object())
      return refused(source.name, "is not a JSON object");
    return parsed;
  } catch (const json::exception& e) {
    std::string why = e.what();
    if (const auto end = why.find("] "); end != std::string::npos)
      why.erase(0, end + 2);
    return refused(source.name, why);
  }
}

} // namespace

result<node_config> parse_config(const std::vector<config_text>& texts,
                                 const node_config& defaults) {
  auto merged = json::object();
  auto config = defaults;
  for (const auto& source : texts) {
    auto parsed = parse_object(source);
    if (!parsed)
      return parsed.err();
    if (const auto unknown = unknown_key(*parsed, ""))
      return refused(source.name, *unknown);
    merged.merge_patch(*parsed);
    config = defaults;
    config_reader reader{merged};
    visit_keys(reader, config);
    // What came before was fine: this source is at fault.
    if (reader.failure())
      return refused(source.name, *reader.failure());
  }
  return config;
}

std::string to_json_text(const node_config& config) {
  config_writer writer;
  visit_keys(writer, config);
  return writer.written().dump(2) + "\n";
}

} // namespace fsshare
