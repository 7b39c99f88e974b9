#include "sys/file_system_type.hpp"

#include <algorithm>

#include <sys/vfs.h>

namespace fsshare {

namespace {

// EROFS_SUPER_MAGIC_V1 of linux/magic.h.
constexpr unsigned long erofs_magic = 0xe0f5e1e2;

} // namespace

bool any_on_erofs(const std::vector<std::string>& dirs) {
  return std::any_of(dirs.begin(), dirs.end(), [](const auto& dir) {
    struct statfs found {};
    return ::statfs(dir.c_str(), &found) == 0
           && static_cast<unsigned long>(found.f_type) == erofs_magic;
  });
}

} // namespace fsshare
