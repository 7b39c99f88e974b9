// SPDX-License-Identifier: Apache-2.0
#include "json/nydus_json.hpp"

#include "core/text/utf8.hpp"
#include "json/members.hpp"
#include "json/option.hpp"

#include <algorithm>

namespace fsshare {

namespace {

constexpr std::size_t max_message_bytes = 256;

void read_rootfs(json_members& in, nydus_rootfs& out) {
  in.text("source", out.source);
  in.text("config", out.config);
  in.text("snapshotdir", out.snapshot_dir);
}

std::optional<std::string> member(std::string_view body, const char* name) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object())
    return std::nullopt;
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string())
    return std::nullopt;
  auto text = found->get<std::string>().substr(0, max_message_bytes);
  std::replace_if(
    text.begin(), text.end(),
    [](char c) {
      return static_cast<unsigned char>(c) < 0x20;
    },
    ' ');
  return valid_utf8(text);
}

} // namespace

result<std::optional<nydus_rootfs>>
decode_nydus_rootfs(const std::vector<std::string>& options) {
  const auto last
    = std::find_if(options.rbegin(), options.rend(), [](const auto& option) {
        return option.starts_with(nydus_option);
      });
  if (last == options.rend())
    return std::optional<nydus_rootfs>{};
  auto rootfs = decode_option<nydus_rootfs>(*last, nydus_option, read_rootfs);
  if (!rootfs)
    return rootfs.err();
  for (const auto& [name, value] : {std::pair{"source", &rootfs->source},
                                    {"config", &rootfs->config},
                                    {"snapshotdir", &rootfs->snapshot_dir}})
    if (value->empty())
      return error{errc::invalid_argument, "option extraoption=...: "
                                             + std::string{name} + " is empty"};
  return std::optional<nydus_rootfs>{*std::move(rootfs)};
}

std::string render_rafs_mount(const rafs_mount& mount) {
  const nlohmann::json body{
    {"fs_type", "rafs"}, {"source", mount.source}, {"config", mount.config}};
  return body.dump();
}

std::optional<std::string> parse_nydusd_failure(std::string_view body) {
  return member(body, "message");
}

std::optional<std::string> parse_nydusd_state(std::string_view body) {
  return member(body, "state");
}

std::optional<std::set<std::string>>
parse_nydusd_mountpoints(std::string_view body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object())
    return std::nullopt;
  const auto images = json.find("backend_collection");
  if (images == json.end() || !images->is_object())
    return std::nullopt;
  std::set<std::string> mountpoints;
  for (const auto& image : images->items())
    mountpoints.insert(image.key());
  return mountpoints;
}

} // namespace fsshare
