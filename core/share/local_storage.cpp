// SPDX-License-Identifier: Apache-2.0
#include "core/share/local_storage.hpp"

#include "core/paths.hpp"

#include <string>
#include <utility>

namespace fsshare {

namespace {

constexpr const char* driver = "local";

storage local_storage(std::string mount_point, std::uint32_t fs_group) {
  storage made;
  made.driver = driver;
  made.source = driver;
  made.fstype = driver;
  made.options = {"mode=0777"};
  if (fs_group != 0)
    made.options.push_back("fsgid=" + std::to_string(fs_group));
  made.mount_point = std::move(mount_point);
  return made;
}

} // namespace

std::vector<storage> local_storages(const copy_terms& empty_dir,
                                    std::string_view inside) {
  std::vector<storage> all{
    local_storage(empty_dir.guest_path, empty_dir.fs_group)};
  for (std::size_t end = 0; !inside.empty() && end != std::string_view::npos;) {
    end = inside.find('/', end + 1);
    all.push_back(local_storage(
      join(empty_dir.guest_path, inside.substr(0, end)), empty_dir.fs_group));
  }
  return all;
}

} // namespace fsshare
