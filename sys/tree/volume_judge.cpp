// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/volume_judge.hpp"

#include "core/paths.hpp"
#include "core/volume/volume_shape.hpp"
#include "sys/tree/pod_volume.hpp"

#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <system_error>

namespace fsshare {

namespace fs = std::filesystem;

namespace {

// Calls `each` with everything in a directory; what cannot be read has nothing.
template <class Iterator, class Each>
void for_each_in(const fs::path& dir, const Each& each) {
  std::error_code failed;
  for (Iterator i{dir, failed}, end; !failed && i != end; i.increment(failed))
    each(i->path());
}

} // namespace

volume_judge::volume_judge(settings with, std::function<void()> between)
  : settings_(std::move(with)), between_(std::move(between)) {
}

std::shared_ptr<const place_names>
volume_judge::names_of(int fd, const std::string& shown) {
  if (!table_) {
    auto read = read_mountinfo();
    // Without it a place has the one name that it is open by.
    table_ = read ? *std::move(read) : std::vector<mounted_entry>{};
  }
  return std::make_shared<const place_names>(fd, shown, *table_);
}

std::optional<copy_category>
volume_judge::category_of(const place_names& place,
                          std::string_view path) const {
  std::optional<copy_category> found;
  for (const auto& name : place.of(path))
    found = stricter(found, volume_category(find_plugin(name, name)));
  return found;
}

std::optional<copy_category>
volume_judge::stricter(std::optional<copy_category> one,
                       std::optional<copy_category> other) const {
  const auto& rules = settings_.rules;
  if (!other || rules.rule_for(*other) == copy_rule::allow)
    return one;
  return one && rules.rule_for(*one) >= rules.rule_for(*other) ? one : other;
}

std::optional<copy_category>
volume_judge::category_of_linked(std::uint64_t device, std::uint64_t inode) {
  if (!has_found_linked_)
    find_linked_files();
  has_found_linked_ = true;
  const auto found = linked_.find({device, inode});
  return found == linked_.end() ? std::nullopt : std::optional{found->second};
}

void volume_judge::find_linked_files() {
  std::set<std::string> roots{settings_.kubelet_roots.begin(),
                              settings_.kubelet_roots.end()};
  if (table_)
    for (const auto& entry : *table_)
      roots.emplace(kubelet_root_of(entry.mount_point));
  roots.erase(std::string{});
  for (const auto& root : roots)
    look_into_volumes(root);
}

void volume_judge::look_into_volumes(const std::string& root) {
  using enum copy_category;
  for_each_in<fs::directory_iterator>(join(root, "pods"), [&](const auto& pod) {
    for (const auto category : {configmap, secret, projected, downward_api}) {
      if (rule_for(category) == copy_rule::allow)
        continue;
      const auto plugin = std::string{"kubernetes.io~"} + to_string(category);
      look_into((pod / "volumes" / plugin).string(), category);
    }
  });
}

void volume_judge::look_into(const std::string& volume,
                             copy_category category) {
  for_each_in<fs::recursive_directory_iterator>(volume, [&](const auto& path) {
    between_();
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)
        || info.st_nlink < 2)
      return;
    linked_.emplace(identity{info.st_dev, info.st_ino}, category);
  });
}

} // namespace fsshare
