// SPDX-License-Identifier: Apache-2.0
#include "core/api/request_fields.hpp"

#include "core/net/guest_address.hpp"
#include "core/paths.hpp"
#include "core/text/utf8.hpp"

#include <algorithm>
#include <set>

namespace fsshare {

namespace {

// Longest socket path, its scheme and a port: sun_path has 108 bytes.
constexpr std::size_t max_address_bytes = 128;

// What names an object of Kubernetes (RFC 1123 subdomain), and a label's name.
constexpr std::size_t max_object_name_bytes = 253;
constexpr std::size_t max_label_name_bytes = 63;

// They stand in every line of the log about the sandbox.
constexpr std::size_t max_labels = 16;
constexpr std::size_t max_labels_bytes = 1024;

bool has_control(std::string_view text) {
  for (; !text.empty();
       text.remove_prefix(std::max<std::size_t>(utf8_length(text), 1)))
    if (control_length(text) > 0)
      return true;
  return false;
}

bool is_label_name(std::string_view name) {
  const auto is_alnum = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
           || (c >= 'a' && c <= 'z');
  };
  return !name.empty() && name.size() <= max_label_name_bytes
         && is_alnum(name.front())
         && std::all_of(name.begin(), name.end(), [&](char c) {
              return is_alnum(c) || c == '_' || c == '.' || c == '/'
                     || c == '-';
            });
}

} // namespace

error refused(const std::string& sentence) {
  return {errc::invalid_argument, sentence};
}

error too_many(std::string_view what, std::size_t count, std::size_t limit) {
  return refused(std::string{what} + " has " + std::to_string(count)
                 + " entries; at most " + std::to_string(limit) + " are taken");
}

status first_failure(std::initializer_list<status> checks) {
  for (const auto& checked : checks)
    if (!checked)
      return checked;
  return unit{};
}

status make_normal(std::string_view what, std::string& path) {
  // Of a relative path nothing is changed: check_path() refuses it.
  // One that is far too long is not gone through either.
  if (path.starts_with('/') && path.size() <= max_document_bytes
      && path.find('\0') == std::string::npos)
    path = normal_path(path);
  return check_path(what, path);
}

status check_words(std::string_view what, const std::vector<std::string>& words,
                   std::size_t max_bytes) {
  if (words.size() > max_entries)
    return too_many(what, words.size());
  for (const auto& word : words)
    if (word.size() > max_bytes)
      return refused(std::string{what} + " has " + std::to_string(word.size())
                     + " bytes; at most " + std::to_string(max_bytes)
                     + " are taken");
  const auto bad
    = std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return word.find('\0') != std::string::npos;
      });
  if (bad)
    return refused(std::string{what} + " has a NUL byte");
  return unit{};
}

status check_name(std::string_view what, std::string_view name) {
  if (name.size() > max_object_name_bytes)
    return refused(std::string{what} + " has " + std::to_string(name.size())
                   + " bytes; at most " + std::to_string(max_object_name_bytes)
                   + " are taken");
  if (has_control(name))
    return refused(std::string{what} + " has a control character");
  return unit{};
}

// Sentences quote no label whose form nobody has checked.
status check_labels(const label_map& labels) {
  if (labels.size() > max_labels)
    return too_many("labels", labels.size(), max_labels);
  std::size_t sum = 0;
  for (const auto& [name, value] : labels) {
    if (!is_label_name(name))
      return refused("labels: a name of " + std::to_string(name.size())
                     + " bytes is not of the form [A-Za-z0-9][A-Za-z0-9_./-]* "
                       "of at most "
                     + std::to_string(max_label_name_bytes) + " bytes");
    if (auto checked = check_name("labels['" + name + "']", value); !checked)
      return checked;
    sum += name.size() + value.size();
  }
  if (sum > max_labels_bytes)
    return refused("labels have " + std::to_string(sum)
                   + " bytes in all; at most "
                   + std::to_string(max_labels_bytes) + " are taken");
  return unit{};
}

status check_facts(std::uint64_t memory_bytes, guest_policy policy) {
  if (memory_bytes > static_cast<std::uint64_t>(INT64_MAX))
    return refused("guest.memory_bytes is negative");
  if (policy > guest_policy::set)
    return refused("guest.policy is none of UNKNOWN, NONE and SET");
  return unit{};
}

status check_address(const std::string& text) {
  if (text.empty())
    return unit{};
  if (text.size() > max_address_bytes)
    return refused("guest.address has more than 128 bytes");
  const auto address = parse_guest_address(text);
  if (!address)
    return address.err();
  if (address->scheme == address_scheme::vsock && address->cid == vsock_any_cid)
    return refused("guest address " + text + ": nobody can dial CID -1");
  return unit{};
}

status check_binds(std::vector<sandbox_bind>& binds) {
  if (binds.size() > max_directories)
    return too_many("sandbox_binds", binds.size(), max_directories);
  std::set<std::string_view> names;
  for (auto& bind : binds) {
    if (auto path = make_normal("sandbox_binds.source", bind.source); !path)
      return path;
    if (bind.source == "/")
      return refused("sandbox_binds.source '/' has no base name");
    if (!names.insert(base_name(bind.source)).second)
      return refused("sandbox_binds.source '" + bind.source
                     + "' has the same base name as another one");
  }
  return unit{};
}

} // namespace fsshare
