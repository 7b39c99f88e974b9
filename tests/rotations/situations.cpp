// SPDX-License-Identifier: Apache-2.0
#include "tests/rotations/situations.hpp"

#include "tests/support/copied_volume.hpp"

#include <filesystem>

namespace fsshare::test {

namespace fs = std::filesystem;

namespace {

rotator& written(node_world& w, const payload& files, kubelet_order order) {
  auto& kubelet = w.add_volume("cm", order);
  kubelet.rotate(files);
  return kubelet;
}

} // namespace

payload numbered(int n) {
  const auto text = std::to_string(n);
  return {{"a", {text}}, {"d/b", {text}}, {"key-" + text, {text}}};
}

followed_volume::followed_volume(node_world& world, const payload& files,
                                 guest::profile which, kubelet_order order)
  : w(world), kubelet(written(world, files, order)),
    guest(world.add_sandbox("s1", which)),
    share_id(world.share("s1", "c1", "cm").share_id) {
  w.settle();
}

std::set<std::string> followed_volume::names() const {
  return entries_of(w.guest_dir("s1", share_id));
}

std::set<std::string> followed_volume::generations() const {
  auto all = names();
  std::erase_if(all, [](const std::string& name) {
    return !name.starts_with("..2026_");
  });
  return all;
}

std::string followed_volume::content(const std::string& path) const {
  const auto file = w.guest_dir("s1", share_id) + "/..data/" + path;
  return fs::exists(file) ? read_file(file) : "-";
}

bool followed_volume::is_current() const {
  return w.is_equal("cm", "s1", share_id);
}

bool has_waiting_flip(const sim_guest& guest) {
  for (std::size_t n = 0; n < guest.waiting(); ++n) {
    const auto* copy = guest.waiting_copy(n);
    if (copy != nullptr && copy->path().ends_with("/..data"))
      return true;
  }
  return false;
}

void check_followed_anew(followed_volume& v,
                         const std::function<void()>& notice) {
  // Another counter: no two generations of a volume have one name.
  rotator second{v.w.volume_path("cm"), kubelet_order::from_1_27};
  second.rotate(numbered(1));
  second.rotate(numbered(2));
  notice();
  CHECK(v.w.status_of("cm").watched);
  CHECK(v.content("a") == "2");
  second.rotate(numbered(3));
  v.w.settle();
  CHECK(v.content("a") == "3");
  v.w.pass(std::chrono::milliseconds{2100});
  CHECK(v.is_current());
}

std::uintmax_t bytes_below(const std::string& dir) {
  std::uintmax_t sum = 0;
  for (const auto& entry : fs::recursive_directory_iterator{dir})
    if (entry.is_regular_file() && !entry.is_symlink())
      sum += entry.file_size();
  return sum;
}

} // namespace fsshare::test
