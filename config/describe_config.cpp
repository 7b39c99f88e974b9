// SPDX-License-Identifier: Apache-2.0
#include "config/describe_config.hpp"

#include "config/config_keys.hpp"
#include "core/text/duration_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <vector>

namespace fsshare {

namespace {

// In the order of config_keys.hpp.
using json = nlohmann::ordered_json;

constexpr auto no_limit
  = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

struct described_key {
  config_key key;
  /// What it may be, in Markdown.
  std::string type;
  std::string unit;
  json value;
  /// What a JSON Schema says of it.
  json schema;

  /// As people write it, such as `api.socket`.
  std::string name() const {
    std::string out = key.pointer + 1;
    std::replace(out.begin(), out.end(), '/', '.');
    return out;
  }

  /// What it is for, and when.
  std::string about() const {
    return key.about + std::string{key.is_live ? " SIGHUP changes it." : ""};
  }
};

std::string quoted(const std::string& text) {
  return "`" + text + "`";
}

/// Describes every key that it is shown.
class key_describer {
public:
  const std::vector<described_key>& described() const {
    return described_;
  }

  void path(const config_key& key, const std::string& value,
            std::size_t max_bytes = 0) {
    json schema{{"type", "string"}, {"pattern", "^/"}};
    if (max_bytes != 0)
      schema["maxLength"] = max_bytes;
    add(key,
        max_bytes == 0
          ? "path"
          : "path, at most " + std::to_string(max_bytes) + " bytes",
        value, schema);
  }
  void path_or_none(const config_key& key, const std::string& value) {
    add(key, "path, or empty", value,
        {{"type", "string"}, {"pattern", "^(/.*)?$"}});
  }
  void http_address_or_none(const config_key& key, const std::string& value) {
    add(key, "`ADDRESS:PORT`, `unix://PATH`, or empty", value,
        {{"type", "string"},
         {"pattern", "^(unix:///.*|[0-9.]+:[0-9]+|\\[[0-9A-Fa-f:.]+\\]:[0-9]+)?"
                     "$"}});
  }
  void release_or_none(const config_key& key, const std::string& value,
                       const agent_release& min) {
    add(key,
        "`\"MAJOR.MINOR\"`, at least " + std::to_string(min.major) + "."
          + std::to_string(min.minor) + ", or empty",
        value, {{"type", "string"}, {"pattern", "^([0-9]+\\.[0-9]+)?$"}});
  }
  void paths(const config_key& key, const std::vector<std::string>& value) {
    add(
      key, "list of paths", value,
      {{"type", "array"}, {"items", {{"type", "string"}, {"pattern", "^/"}}}});
  }
  void uids(const config_key& key, const std::vector<std::uint32_t>& value) {
    add(
      key, "list of user ids", value,
      {{"type", "array"},
       {"items", {{"type", "integer"}, {"minimum", 0}, {"maximum", max_uid}}}});
  }
  void flag(const config_key& key, bool value) {
    add(key, "boolean", value, {{"type", "boolean"}});
  }
  void duration(const config_key& key, std::chrono::nanoseconds value,
                std::chrono::nanoseconds min, std::chrono::nanoseconds max) {
    add(key,
        quoted("\"" + format_duration(min) + "\"") + " to "
          + quoted("\"" + format_duration(max) + "\""),
        format_duration(value),
        {{"type", "string"}, {"pattern", "^[0-9]+(ns|us|ms|s|m|h)$"}},
        "duration");
  }
  template <class T>
  void number(const config_key& key, T value, T min, T max) {
    json schema{{"type", "integer"}, {"minimum", min}, {"maximum", max}};
    add(key,
        max == no_limit ? "at least " + std::to_string(min)
                        : std::to_string(min) + " to " + std::to_string(max),
        value, schema);
  }
  template <class T, class Words>
  void choice(const config_key& key, T value, const Words& words) {
    std::string type;
    std::string shown;
    auto allowed = json::array();
    for (const auto& [word, meaning] : words) {
      type.append(type.empty() ? "" : ", ").append(quoted(std::string{word}));
      allowed.push_back(word);
      if (meaning == value)
        shown = word;
    }
    add(key, type, shown, {{"enum", allowed}});
  }

private:
  void add(const config_key& key, const std::string& type, json value,
           json schema, const char* unit = nullptr) {
    described_.push_back({key, type, unit == nullptr ? key.unit : unit,
                          std::move(value), std::move(schema)});
  }

  std::vector<described_key> described_;
};

std::vector<described_key> describe() {
  key_describer describer;
  const node_config defaults;
  visit_keys(describer, defaults);
  return describer.described();
}

/// Returns text for troff: what stands between backquotes is bold, and hyphens
/// are those of commands.
std::string as_man(const std::string& text) {
  std::string out;
  bool is_bold = false;
  for (const char c : text)
    switch (c) {
    case '`':
      is_bold = !is_bold;
      out += is_bold ? "\\fB" : "\\fR";
      break;
    case '\\': out += "\\e"; break;
    case '-': out += "\\-"; break;
    default: out += c;
    }
  return out;
}

/// Lets null stand for the default.
json or_null(json schema) {
  if (const auto type = schema.find("type"); type != schema.end())
    *type = json::array({*type, "null"});
  else
    schema["enum"].push_back(nullptr);
  return schema;
}

json section_schema() {
  return {{"type", json::array({"object", "null"})},
          {"additionalProperties", false},
          {"properties", json::object()}};
}

/// Returns where the schema of a key stands, with the sections around it.
json& place_of(const std::string& name, json& schema) {
  auto* at = &schema;
  std::size_t begin = 0;
  for (auto end = name.find('.'); end != std::string::npos;
       begin = end + 1, end = name.find('.', begin)) {
    auto& section = (*at)["properties"][name.substr(begin, end - begin)];
    if (section.is_null())
      section = section_schema();
    at = &section;
  }
  return (*at)["properties"][name.substr(begin)];
}

} // namespace

std::vector<config_key_place> config_key_places() {
  std::vector<config_key_place> all;
  for (const auto& each : describe())
    all.push_back({each.name(), each.key.pointer, each.key.is_live});
  return all;
}

std::string config_as_markdown() {
  std::string out = "| Key | Type | Unit | Default | Effect |\n"
                    "|---|---|---|---|---|\n";
  for (const auto& each : describe())
    out.append("| ")
      .append(quoted(each.name()))
      .append(" | ")
      .append(each.type)
      .append(" | ")
      .append(each.unit.empty() ? "–" : each.unit)
      .append(" | ")
      .append(quoted(each.value.dump()))
      .append(" | ")
      .append(each.about())
      .append(" |\n");
  return out;
}

std::string config_as_man() {
  std::string out;
  for (const auto& each : describe())
    out.append(".TP\n.B ")
      .append(as_man(each.name()))
      .append("\n")
      .append(as_man(each.about()))
      .append("\n(")
      .append(as_man(each.type))
      .append(each.unit.empty() || each.unit == "duration" ? ""
                                                           : " " + each.unit)
      .append("; default ")
      .append(as_man(quoted(each.value.dump())))
      .append(")\n");
  return out;
}

std::string config_as_schema() {
  auto schema = section_schema();
  schema["type"] = "object";
  for (const auto& each : describe()) {
    auto entry = or_null(each.schema);
    auto about = each.about();
    std::erase(about, '`');
    if (each.unit == "duration") {
      auto range = each.type;
      std::erase(range, '`');
      about += " " + range + ".";
    }
    entry["description"] = about;
    entry["default"] = each.value;
    place_of(each.name(), schema) = std::move(entry);
  }
  json out{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
           {"title", "Configuration of fsshared"}};
  out.update(schema);
  return out.dump(2) + "\n";
}

} // namespace fsshare
