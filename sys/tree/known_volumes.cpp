// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/known_volumes.hpp"

#include "core/paths.hpp"
#include "sys/unique_fd.hpp"

#include <array>
#include <climits>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace fsshare {

namespace {

directory_id id_of(const struct stat& info) {
  return {info.st_dev, info.st_ino};
}

// Whether `..data` names that generation, and it is there.
bool publishes(int root, const std::string& generation) {
  std::array<char, NAME_MAX + 1> target{};
  const auto length = readlinkat(root, data_link, target.data(), target.size());
  if (length < 0
      || std::string_view{target.data(), static_cast<std::size_t>(length)}
           != generation)
    return false;
  struct stat info {};
  return fstatat(root, generation.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

} // namespace

directory_id directory_at(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0)
    return {};
  return id_of(info);
}

bool is_as_known(const known_volume& known) {
  const unique_fd root{
    open(known.path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat info {};
  return root && fstat(root.get(), &info) == 0 && id_of(info) == known.root
         && publishes(root.get(), known.generation);
}

} // namespace fsshare
