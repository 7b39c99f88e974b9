// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/pod_volume.hpp"

#include "core/paths.hpp"
#include "core/volume/volume_shape.hpp"
#include "sys/errno_error.hpp"
#include "sys/mountinfo.hpp"
#include "sys/tree/open_beneath.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <utility>
#include <vector>

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

// Where a path leads in its file system.
struct place_in_device {
  std::string device;
  std::string path;
};

bool is_at_or_below(const std::string& path, const std::string& dir) {
  return path == dir || dir == "/" || is_below(path, dir);
}

// Returns what of `path` lies below `dir`, which it is or is below.
std::string rest_below(const std::string& path, const std::string& dir) {
  if (path == dir)
    return {};
  return path.substr(dir == "/" ? 1 : dir.size() + 1);
}

std::optional<place_in_device>
place_of(const std::string& path, const std::vector<mounted_entry>& table) {
  const mounted_entry* found = nullptr;
  for (const auto& entry : table)
    if (is_at_or_below(path, entry.mount_point)
        && (found == nullptr
            || entry.mount_point.size() >= found->mount_point.size()))
      found = &entry;
  if (found == nullptr)
    return std::nullopt;
  const auto rest = rest_below(path, found->mount_point);
  return place_in_device{
    found->device, found->root == "/" ? "/" + rest : join(found->root, rest)};
}

bool is_same_file(const std::string& x, const std::string& y) {
  struct stat at_x {};
  struct stat at_y {};
  return lstat(x.c_str(), &at_x) == 0 && lstat(y.c_str(), &at_y) == 0
         && at_x.st_dev == at_y.st_dev && at_x.st_ino == at_y.st_ino;
}

// Returns the root of the emptyDir that a path is or lies in by its words.
std::optional<std::string> empty_dir_above(const std::string& path) {
  const std::string dir
    = "/kubernetes.io~" + std::string{empty_dir_plugin} + "/";
  const auto at = path.find(dir);
  if (plugin_of(path) != empty_dir_plugin || at == std::string::npos)
    return std::nullopt;
  return path.substr(0, path.find('/', at + dir.size()));
}

} // namespace

std::optional<pod_volume_part> find_empty_dir(const std::string& resolved) {
  if (auto above = empty_dir_above(resolved))
    return pod_volume_part{*above, rest_below(resolved, *above)};
  const auto subpath = subpath_volume_of(resolved);
  if (!subpath)
    return std::nullopt;
  const auto volume = join(subpath->volumes_dir,
                           "kubernetes.io~" + std::string{empty_dir_plugin}
                             + "/" + subpath->name);
  const auto table = read_mountinfo();
  if (!table)
    return std::nullopt;
  const auto whole = place_of(volume, *table);
  const auto part = place_of(resolved, *table);
  if (!whole || !part || whole->device != part->device
      || !is_at_or_below(part->path, whole->path))
    return std::nullopt;
  auto inside = rest_below(part->path, whole->path);
  if (!is_same_file(join(volume, inside), resolved))
    return std::nullopt;
  return pod_volume_part{volume, std::move(inside)};
}

empty_dir_look look_at_empty_dir(const std::string& volume) {
  struct stat info {};
  std::error_code failed;
  const bool is_empty = fs::is_empty(volume, failed);
  if (failed || !is_empty || lstat(volume.c_str(), &info) != 0
      || !S_ISDIR(info.st_mode))
    return {};
  return {true, fs_group_of(info.st_mode, info.st_gid)};
}

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
    if (is_in_image_volume(at))
      return std::string{image_volume_plugin};
  }
  return {};
}

result<looked_at_source> look_at_source(const std::string& path) {
  looked_at_source out{path,
                       unique_fd{::open(path.c_str(), O_PATH | O_CLOEXEC)}};
  if (!out.handle)
    return errno_error(errno, "open", path);
  struct stat info {};
  if (::fstat(out.handle.get(), &info) != 0)
    return errno_error(errno, "stat", path);
  out.is_directory = S_ISDIR(info.st_mode);
  out.is_linked = S_ISREG(info.st_mode) && info.st_nlink > 1;
  out.device = info.st_dev;
  out.inode = info.st_ino;
  struct stat link {};
  if (::lstat(path.c_str(), &link) != 0 || !S_ISLNK(link.st_mode))
    return out;
  auto real = real_path(out.handle.get(), path);
  if (!real)
    return real.err();
  out.path = *std::move(real);
  return out;
}

} // namespace fsshare
