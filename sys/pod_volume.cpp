// SPDX-License-Identifier: Apache-2.0
#include "sys/pod_volume.hpp"

#include "core/paths.hpp"
#include "core/volume_shape.hpp"

#include <filesystem>
#include <system_error>

namespace fsshare {

namespace {

namespace fs = std::filesystem;

// Returns the plugin below whose directory the pod has the volume; names of
// volumes are unique within a pod.
std::string plugin_of_subpath(const subpath_volume& volume) {
  std::error_code failed;
  for (fs::directory_iterator i{volume.volumes_dir, failed}, end;
       !failed && i != end; i.increment(failed)) {
    const auto at = i->path() / volume.name;
    std::error_code missing;
    if (fs::is_directory(fs::symlink_status(at, missing)))
      return std::string{plugin_of(at.string())};
  }
  return {};
}

} // namespace

std::string resolved_path(const std::string& path) {
  std::error_code failed;
  const auto resolved = fs::canonical(path, failed);
  return failed ? path : resolved.string();
}

std::string find_plugin(const std::string& path, const std::string& resolved) {
  for (const auto& at : {path, resolved}) {
    if (const auto plugin = plugin_of(at); !plugin.empty())
      return std::string{plugin};
    if (const auto volume = subpath_volume_of(at))
      return plugin_of_subpath(*volume);
  }
  return {};
}

bool is_directory_at(const std::string& path) {
  std::error_code failed;
  return fs::is_directory(fs::symlink_status(path, failed));
}

} // namespace fsshare
