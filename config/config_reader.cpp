// SPDX-License-Identifier: Apache-2.0
#include "config/config_reader.hpp"

#include "config/config_keys.hpp"
#include "core/net/http_address.hpp"
#include "core/paths.hpp"
#include "core/text/duration_text.hpp"

#include <algorithm>

namespace fsshare {

namespace {

std::string between(const std::string& min, const std::string& max) {
  return min + " to " + max;
}

bool is_path(const nlohmann::json& value, std::size_t max_bytes) {
  return value.is_string()
         && value.get_ref<const std::string&>().size() <= max_bytes
         && check_path("path", value.get_ref<const std::string&>());
}

} // namespace

config_reader::config_reader(const nlohmann::json& json) : json_(json) {
}

const nlohmann::json* config_reader::find(const char* key) const {
  const nlohmann::json::json_pointer pointer{key};
  if (failure_ || !json_.contains(pointer))
    return nullptr;
  return &json_.at(pointer);
}

void config_reader::fail(const char* key, const nlohmann::json& value,
                         const std::string& allowed) {
  constexpr std::size_t shown_bytes = 80;
  auto shown
    = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (shown.size() > shown_bytes)
    shown = std::string{"a long "} + value.type_name();
  failure_ = std::string{key} + ": " + shown + " is not " + allowed;
}

void config_reader::path(const char* key, std::string& into,
                         std::size_t max_bytes) {
  const auto* value = find(key);
  if (value == nullptr)
    return;
  if (is_path(*value, max_bytes)) {
    into = value->get<std::string>();
    return;
  }
  std::string allowed = "an absolute path without '.', '..' or repeated and "
                        "trailing slashes";
  if (max_bytes != std::numeric_limits<std::size_t>::max())
    allowed += " of at most " + std::to_string(max_bytes) + " bytes";
  fail(key, *value, allowed);
}

void config_reader::path_or_none(const char* key, std::string& into) {
  const auto* value = find(key);
  if (value != nullptr && value->is_string()
      && value->get_ref<const std::string&>().empty())
    into.clear();
  else
    path(key, into);
}

void config_reader::http_address_or_none(const char* key, std::string& into) {
  const auto* value = find(key);
  if (value == nullptr)
    return;
  if (value->is_string()) {
    const auto& text = value->get_ref<const std::string&>();
    if (text.empty() || parse_http_address(text)) {
      into = text;
      return;
    }
  }
  fail(key, *value,
       "an IP address in numbers with a port, such as \"127.0.0.1:10260\" or "
       "\"[::1]:10260\", or \"unix:///PATH\", or \"\"");
}

void config_reader::release_or_none(const char* key, std::string& into,
                                    const agent_release& min) {
  const auto* value = find(key);
  if (value == nullptr)
    return;
  if (value->is_string()) {
    const auto& text = value->get_ref<const std::string&>();
    const auto release = parse_agent_release(text);
    if (text.empty() || (release && *release >= min)) {
      into = text;
      return;
    }
  }
  fail(key, *value,
       "a release such as \"4.2\", " + std::to_string(min.major) + "."
         + std::to_string(min.minor) + " or later, or \"\"");
}

void config_reader::paths(const char* key, std::vector<std::string>& into) {
  const auto* value = find(key);
  if (value == nullptr)
    return;
  const auto good = [](const nlohmann::json& each) {
    return is_path(each, std::numeric_limits<std::size_t>::max());
  };
  if (value->is_array() && std::all_of(value->begin(), value->end(), good))
    into = value->get<std::vector<std::string>>();
  else
    fail(key, *value,
         "an array of absolute paths without '.', '..' or repeated and "
         "trailing slashes");
}

void config_reader::uids(const char* key, std::vector<std::uint32_t>& into) {
  const auto* value = find(key);
  if (value == nullptr)
    return;
  const auto good = [](const nlohmann::json& each) {
    return each.is_number_unsigned() && each.get<std::uint64_t>() <= max_uid;
  };
  if (value->is_array() && std::all_of(value->begin(), value->end(), good))
    into = value->get<std::vector<std::uint32_t>>();
  else
    fail(key, *value,
         "an array of user ids, " + between("0", std::to_string(max_uid)));
}

void config_reader::flag(const char* key, bool& into) {
  const auto* value = find(key);
  if (value == nullptr)
    return;
  if (value->is_boolean())
    into = value->get<bool>();
  else
    fail(key, *value, "true or false");
}

void config_reader::duration(const char* key, std::chrono::nanoseconds& into,
                             std::chrono::nanoseconds min,
                             std::chrono::nanoseconds max) {
  const auto* value = find(key);
  if (value == nullptr)
    return;
  if (value->is_string()) {
    const auto parsed = parse_duration(value->get_ref<const std::string&>());
    if (parsed && *parsed >= min && *parsed <= max) {
      into = *parsed;
      return;
    }
  }
  fail(key, *value,
       "a duration such as \"30s\", "
         + between(format_duration(min), format_duration(max)));
}

std::optional<std::uint64_t> config_reader::unsigned_number(const char* key,
                                                            std::uint64_t min,
                                                            std::uint64_t max) {
  const auto* value = find(key);
  if (value == nullptr)
    return std::nullopt;
  if (value->is_number_unsigned()) {
    const auto number = value->get<std::uint64_t>();
    if (number >= min && number <= max)
      return number;
  }
  fail(key, *value,
       "a whole number, " + between(std::to_string(min), std::to_string(max)));
  return std::nullopt;
}

} // namespace fsshare
