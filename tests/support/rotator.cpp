// SPDX-License-Identifier: Apache-2.0
#include "tests/support/rotator.hpp"

#include "core/paths.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace fsshare::test {

namespace {

namespace fs = std::filesystem;

using step_list = std::vector<rotation_step>;

void check(int result, const std::string& what) {
  if (result != 0)
    throw std::system_error(errno, std::generic_category(), what);
}

/// The steps in the order of one kubelet.
step_list steps_of(kubelet_order order) {
  using enum rotation_step;
  switch (order) {
  case kubelet_order::to_1_22:
    return {validate,    read_current, find_removed,  compare, make_generation,
            write_files, add_links,    link_data_tmp, flip,    remove_links,
            remove_old,  own_volume};
  case kubelet_order::from_1_23:
    return {validate,        read_current, find_removed,  compare,
            make_generation, write_files,  link_data_tmp, flip,
            add_links,       remove_links, remove_old,    own_volume};
  case kubelet_order::from_1_27: break;
  }
  return {validate,     read_current,   find_removed,  compare, make_generation,
          write_files,  own_generation, link_data_tmp, flip,    add_links,
          remove_links, remove_old};
}

/// The digits that end the name before the first.
constexpr std::uint64_t first_digits = 100000000;

/// Names as the kubelet gives them, `..` + UTC time + `.` + random digits, but
/// the same in every run.
std::string generation_name(std::uint64_t n) {
  char name[64] = {};
  std::snprintf(name, sizeof name, "..2026_01_02_%02d_%02d_%02d.",
                static_cast<int>(n / 3600 % 24), static_cast<int>(n / 60 % 60),
                static_cast<int>(n % 60));
  return name + std::to_string(first_digits + n);
}

/// A path and all directories above it, relative as it is.
void add_with_parents(std::string path, std::set<std::string>& out) {
  while (!path.empty()) {
    out.insert(path);
    path.resize(parent_path(path).size());
  }
}

std::set<std::string> first_components(const payload& files) {
  std::set<std::string> names;
  for (const auto& [path, file] : files)
    names.emplace(first_component(path));
  return names;
}

/// What SetVolumeOwnership does to one entry of a read-only volume.
void give_to_group(const std::string& file, gid_t group) {
  struct stat st = {};
  check(::lstat(file.c_str(), &st), "lstat " + file);
  check(::lchown(file.c_str(), static_cast<uid_t>(-1), group),
        "lchown " + file);
  if (S_ISLNK(st.st_mode))
    return;
  const mode_t more = S_ISDIR(st.st_mode) ? 02550 : 0440;
  check(::chmod(file.c_str(), (st.st_mode & 07777U) | more), "chmod " + file);
}

} // namespace

rotator::rotator(std::string volume_dir, kubelet_order order,
                 std::optional<gid_t> fs_group)
  : dir_(std::move(volume_dir)), order_(order), fs_group_(fs_group) {
  // A kubelet that starts again continues after the names that are there.
  for (const auto& entry : fs::directory_iterator{dir_}) {
    const auto name = entry.path().filename().string();
    const auto dot = name.rfind('.');
    if (name.starts_with("..2026_") && dot > 1) {
      const auto n = std::strtoull(name.c_str() + dot + 1, nullptr, 10);
      if (n >= first_digits)
        counter_ = std::max<std::uint64_t>(counter_, n - first_digits);
    }
  }
}

void rotator::begin(payload files) {
  files_ = std::move(files);
  steps_ = steps_of(order_);
  done_ = 0;
  old_.clear();
  written_.clear();
  removed_.clear();
}

bool rotator::step() {
  if (done_ == steps_.size())
    return false;
  run(steps_[done_++]);
  return true;
}

std::optional<rotation_step> rotator::next() const {
  if (done_ == steps_.size())
    return std::nullopt;
  return steps_[done_];
}

void rotator::run_until(rotation_step stop) {
  while (next() && next() != stop)
    step();
}

void rotator::finish() {
  while (step()) {
  }
}

void rotator::rotate(payload files) {
  begin(std::move(files));
  finish();
}

std::string rotator::current() const {
  std::error_code ignored;
  return fs::read_symlink(in_volume("..data"), ignored).string();
}

void rotator::run(rotation_step what) {
  switch (what) {
  case rotation_step::validate: return validate();
  case rotation_step::read_current: old_ = current(); return;
  case rotation_step::find_removed: return find_removed();
  case rotation_step::compare: return compare();
  case rotation_step::make_generation: return make_generation();
  case rotation_step::write_files: return write_files();
  case rotation_step::own_generation:
  case rotation_step::own_volume: return own_volume();
  case rotation_step::link_data_tmp: return link_data_tmp();
  case rotation_step::flip:
    return check(
      ::rename(in_volume("..data_tmp").c_str(), in_volume("..data").c_str()),
      "rename ..data_tmp");
  case rotation_step::add_links: return add_links();
  case rotation_step::remove_links: return remove_links();
  case rotation_step::remove_old: return remove_old();
  }
}

void rotator::validate() const {
  for (const auto& [path, file] : files_)
    if (path.empty() || path.starts_with("..")
        || !check_path("payload", join("/", path)))
      throw std::runtime_error("invalid payload path: " + path);
}

void rotator::find_removed() {
  if (old_.empty())
    return;
  const auto old_dir = in_volume(old_);
  for (const auto& entry : fs::recursive_directory_iterator{old_dir})
    add_with_parents(entry.path().string().substr(old_dir.size() + 1),
                     removed_);
  std::set<std::string> wanted;
  for (const auto& [path, file] : files_)
    add_with_parents(path, wanted);
  for (const auto& path : wanted)
    removed_.erase(path);
}

void rotator::compare() {
  const auto same = [this](const payload::value_type& entry) {
    const auto file = join(in_volume(old_), entry.first);
    return fs::is_regular_file(fs::symlink_status(file))
           && read_file(file) == entry.second.content;
  };
  if (old_.empty() || !removed_.empty()
      || !std::all_of(files_.begin(), files_.end(), same))
    return;
  step_list rest;
  if (order_ != kubelet_order::to_1_22)
    rest.push_back(rotation_step::add_links);
  if (order_ != kubelet_order::from_1_27)
    rest.push_back(rotation_step::own_volume);
  steps_ = std::move(rest);
  done_ = 0;
}

void rotator::make_generation() {
  written_ = generation_name(++counter_);
  const auto dir = in_volume(written_);
  check(::mkdir(dir.c_str(), 0700), "mkdir " + dir);
  check(::chmod(dir.c_str(), 0755), "chmod " + dir);
}

void rotator::write_files() {
  for (const auto& [path, file] : files_) {
    std::set<std::string> dirs;
    add_with_parents(std::string{parent_path(path)}, dirs);
    for (const auto& dir : dirs) {
      const auto made = join(in_volume(written_), dir);
      if (fs::create_directory(made))
        check(::chmod(made.c_str(), 0755), "chmod " + made);
    }
    const auto made = join(in_volume(written_), path);
    std::ofstream out{made, std::ios::binary};
    out << file.content;
    if (!out.flush())
      throw std::runtime_error("write " + made);
    out.close();
    check(::chmod(made.c_str(), file.mode), "chmod " + made);
    if (file.user)
      check(::chown(made.c_str(), *file.user, static_cast<gid_t>(-1)),
            "chown " + made);
  }
}

void rotator::own_volume() const {
  if (!fs_group_)
    return;
  give_to_group(dir_, *fs_group_);
  for (const auto& entry : fs::recursive_directory_iterator{dir_})
    give_to_group(entry.path().string(), *fs_group_);
}

void rotator::link_data_tmp() const {
  // A kubelet that died after this step has left one.
  fs::remove(in_volume("..data_tmp"));
  fs::create_symlink(written_, in_volume("..data_tmp"));
}

void rotator::add_links() const {
  for (const auto& name : first_components(files_)) {
    const auto link = in_volume(name);
    if (!fs::exists(fs::symlink_status(link)))
      fs::create_symlink(join("..data", name), link);
  }
}

void rotator::remove_links() const {
  for (const auto& path : removed_)
    if (path.find('/') == std::string::npos)
      fs::remove(in_volume(path));
}

void rotator::remove_old() const {
  if (!old_.empty())
    fs::remove_all(in_volume(old_));
}

std::string rotator::in_volume(const std::string& name) const {
  return join(dir_, name);
}

} // namespace fsshare::test
