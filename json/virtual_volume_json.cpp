// SPDX-License-Identifier: Apache-2.0
#include "json/virtual_volume_json.hpp"

#include "json/members.hpp"
#include "json/option.hpp"

namespace fsshare {

namespace {

void read_verity(json_members& in, dm_verity& out) {
  in.text("hashtype", out.hash_type);
  in.text("hash", out.hash);
  in.number("blocknum", out.block_count);
  in.number("blocksize", out.block_size);
  in.number("hashsize", out.hash_size);
  in.number("offset", out.offset);
}

// Where the object stands its metadata must too, if only as `{}`.
void read_metadata(json_members& in, const char* name,
                   std::optional<string_map>& out) {
  in.object(name, [&out](json_members& inner) {
    inner.string_map("metadata", out.emplace(), true);
  });
}

void read_volume(json_members& in, virtual_volume& out) {
  in.text("volume_type", out.volume_type);
  in.text("source", out.source);
  in.text("fs_type", out.fs_type);
  in.texts("options", out.options);
  read_metadata(in, "direct_volume", out.direct_volume);
  read_metadata(in, "image_pull", out.image_pull);
  in.object("nydus_image", [&out](json_members& inner) {
    auto& image = out.nydus_image.emplace();
    inner.text("config", image.config);
    inner.text("snapshot_dir", image.snapshot_dir);
  });
  in.object("dm_verity", [&out](json_members& inner) {
    read_verity(inner, out.dm_verity.emplace());
  });
}

} // namespace

result<std::vector<virtual_volume>>
decode_virtual_volumes(const std::vector<std::string>& options) {
  std::vector<virtual_volume> volumes;
  for (const auto& option : options) {
    if (!option.starts_with(virtual_volume_option))
      continue;
    auto volume = decode_option<virtual_volume>(option, virtual_volume_option,
                                                read_volume);
    if (!volume)
      return volume.err();
    volumes.push_back(*std::move(volume));
  }
  return volumes;
}

} // namespace fsshare
