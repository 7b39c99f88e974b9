// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_mark.hpp"

#include "core/ids.hpp"

namespace fsshare {

namespace {

constexpr std::string_view version_key = R"({"format_version":)";
constexpr std::string_view known_version = "1";
constexpr std::string_view id_key = R"(,"sandbox_id":")";
constexpr std::string_view tail = "\"}\n";

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

} // namespace

std::string render_share_mark(const share_mark& mark) {
  std::string text;
  text.append(version_key).append(known_version);
  return text.append(id_key).append(mark.sandbox_id).append(tail);
}

result<share_mark> parse_share_mark(std::string_view text) {
  const error damaged{errc::data_loss, "the mark is damaged"};
  if (!take(text, version_key))
    return damaged;
  const auto version = text.substr(0, text.find_first_not_of("0123456789"));
  if (version.empty())
    return damaged;
  if (version != known_version)
    return error{errc::failed_precondition,
                 "the mark has a format version that this build does not know"};
  text.remove_prefix(version.size());
  if (!take(text, id_key) || !text.ends_with(tail))
    return damaged;
  text.remove_suffix(tail.size());
  if (!check_id("sandbox_id", text))
    return damaged;
  return share_mark{std::string{text}};
}

} // namespace fsshare
