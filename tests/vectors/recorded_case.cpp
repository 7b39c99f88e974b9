// SPDX-License-Identifier: Apache-2.0
#include "tests/vectors/recorded_case.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

namespace fsshare::test {

namespace {

using nlohmann::json;

constexpr const char* share_path = "/run/kata-containers/shared/containers";

constexpr std::uint32_t directory_type = 0040000;
constexpr std::uint32_t file_type = 0100000;
constexpr std::uint32_t link_type = 0120000;
constexpr std::uint32_t fifo_type = 0010000;

std::uint32_t octal(const std::string& text) {
  return static_cast<std::uint32_t>(std::stoul(text, nullptr, 8));
}

std::string decode_base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz"
                                      "0123456789+/";
  std::string out;
  std::uint32_t collected = 0;
  unsigned bits = 0;
  for (const auto c : text.substr(0, text.find('='))) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos)
      throw std::runtime_error("not base64");
    collected = collected << 6U | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(collected >> bits & 0xffU);
    }
  }
  return out;
}

std::string replaced(std::string text, std::string_view from,
                     std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string plain(const std::string& text, const std::string& root) {
  constexpr std::string_view base64 = "base64:";
  if (text.starts_with(base64))
    return decode_base64(std::string_view{text}.substr(base64.size()));
  return replaced(text, "$R", root);
}

// Characters up to U+00FF, one byte each.
std::string latin1(const std::string& utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte >= 0xc0U)
      byte = static_cast<unsigned char>(
        (byte & 3U) << 6U | (static_cast<unsigned char>(utf8.at(++i)) & 0x3fU));
    out += static_cast<char>(byte);
  }
  return out;
}

// Bytes that are not UTF-8 are recorded as `\xfe`.
std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text.compare(i, 2, "\\x") == 0) {
      out += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
      i += 3;
    } else {
      out += text[i];
    }
  return out;
}

share_entry read_before(const json& from, const std::string& root) {
  share_entry out;
  out.path = from.at("path").get<std::string>();
  out.uid = from.value("uid", 0U);
  out.gid = from.value("gid", 0U);
  auto type = directory_type;
  if (from.contains("data")) {
    type = file_type;
    out.data = plain(from.at("data"), root);
  } else if (from.contains("target")) {
    type = link_type;
    out.target = plain(from.at("target"), root);
  } else if (from.value("kind", "") == "fifo") {
    type = fifo_type;
  }
  out.mode = type | octal(from.value("perm", "0755"));
  return out;
}

recorded_request read_request(const json& from, const std::string& root) {
  recorded_request out;
  out.path = plain(from.at("path"), root);
  const auto data = plain(from.value("data", ""), root);
  for (int i = from.value("repeat", 1); i > 0; --i)
    out.data += data;
  out.file_size
    = from.value("file_size", static_cast<std::int64_t>(out.data.size()));
  out.file_mode = octal(from.at("file_mode"));
  out.dir_mode = octal(from.value("dir_mode", "0750"));
  out.uid = from.value("uid", 0);
  out.gid = from.value("gid", 0);
  out.offset = from.value("offset", std::int64_t{0});
  return out;
}

share_entry read_after(const json& from) {
  share_entry out;
  out.path = from.value("path", "");
  out.mode = octal(from.at("mode"));
  out.uid = from.at("uid");
  out.gid = from.at("gid");
  out.data = latin1(from.value("data", ""));
  out.sha256 = from.value("sha256", "");
  out.target = unescaped(from.value("target", ""));
  return out;
}

recorded_outcome read_outcome(const json& from) {
  recorded_outcome out;
  for (const auto& reply : from.at("replies"))
    out.codes.push_back(reply.at("code"));
  for (const auto& entry : from.at("after"))
    out.after.push_back(read_after(entry));
  out.root = {"", directory_type | 0755U, 0, 0, "", "", ""};
  if (from.contains("root") && from.at("root").is_object())
    out.root = read_after(from.at("root"));
  out.wrote_outside = from.contains("outside");
  return out;
}

recorded_outcome outcome_of(const json& expect, const std::string& version) {
  const auto& found = expect.at(version);
  if (!found.is_string())
    return read_outcome(found);
  constexpr std::string_view as = "as ";
  return outcome_of(expect, found.get<std::string>().substr(as.size()));
}

recorded_case read_case(const json& from, const std::string& root) {
  recorded_case out;
  out.name = from.at("name");
  if (from.contains("before"))
    for (const auto& entry : from.at("before"))
      out.before.push_back(read_before(entry, root));
  for (const auto& request : from.at("requests"))
    out.requests.push_back(read_request(request, root));
  const auto& expect = from.at("expect");
  for (const auto& [version, ignored] : expect.items())
    out.expect.emplace(version, outcome_of(expect, version));
  return out;
}

} // namespace

bool recorded_case::has_absolute_link_into_share() const {
  return std::any_of(before.begin(), before.end(), [](const auto& entry) {
    return entry.target.starts_with(share_path);
  });
}

bool recorded_case::empties_share(const std::string& version) const {
  const auto names_share = [](const auto& request) {
    auto path = std::filesystem::path{request.path}.lexically_normal();
    if (!path.has_filename())
      path = path.parent_path();
    return path == share_path;
  };
  return !before.empty() && expect.at(version).after.empty()
         && std::any_of(requests.begin(), requests.end(), names_share);
}

std::vector<recorded_case> read_recorded_cases(const std::string& file) {
  std::ifstream in{file};
  const auto all = json::parse(in);
  const std::string root = all.at("root");
  std::vector<recorded_case> out;
  for (const auto& one : all.at("cases"))
    out.push_back(read_case(one, root));
  return out;
}

} // namespace fsshare::test
