// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/volume_part.hpp"

#include "core/paths.hpp"
#include "tests/demo/copy_check.hpp"
#include "tests/demo/restart_part.hpp"
#include "tests/demo/rotation_part.hpp"
#include "tests/demo/volume_script.hpp"

#include <array>
#include <filesystem>

namespace fsshare::demo {

namespace {

namespace fs = std::filesystem;

constexpr std::array containers{"app-1", "app-2", "app-3"};

std::string make_volume_dir(const demo_host& host) {
  auto dir = host.path("kubelet/pods/5f0c6c5e-6f3b-4c0e-9d55-3c2f4f6a7b10/"
                       "volumes/kubernetes.io~configmap/settings");
  fs::create_directories(dir);
  return dir;
}

std::vector<guest_copy> copies_of(const demo_host& host) {
  std::vector<guest_copy> out;
  const auto reply = host.ask({"sandbox", "inspect", "settings"});
  for (const auto& share : reply.at("shares")) {
    const std::string guest_path = share.at("guest_path");
    out.push_back({share.at("container_id"), guest_path,
                   join(host.guest_root(), base_name(guest_path))});
  }
  return out;
}

/// Removes the shares and the sandbox.
void unshare(demo_host& host, const demo_options& with) {
  auto& out = host.out();
  out.heading("Taking it away");
  for (const auto* container : containers)
    host.ctl({"share", "rm", "settings", container, "--all"});
  const auto left = std::distance(fs::directory_iterator{host.guest_root()},
                                  fs::directory_iterator{});
  const auto pending
    = host.ask({"sandbox", "inspect", "settings"}).at("sandbox").at("pending");
  if (with.abilities().removal) {
    out.check(left == 0, "nothing is left in the guest");
    out.check(pending.empty(), "no removal is pending", pending.dump(2));
  } else {
    out.say("not removable by this guest agent: " + std::to_string(left)
            + " entries of the guest's share");
    out.check(pending.size() >= static_cast<std::size_t>(left),
              "fsshared lists them as pending", pending.dump(2));
  }
  host.ctl({"sandbox", "cleanup", "settings"});
}

} // namespace

void show_volume(demo_host& host, const demo_options& with) {
  auto& out = host.out();
  out.heading("A ConfigMap with nested keys, shared by three containers");
  const auto volume = make_volume_dir(host);
  test::rotator kubelet{volume, test::kubelet_order::from_1_27};
  kubelet.rotate(first_files());
  host.ctl({"sandbox", "prepare", "settings", "--mode", "copy", "--guest",
            host.guest_address()});
  for (const auto* container : containers)
    host.ctl({"share", "add", "settings", container, volume, "/etc/settings",
              "--read-only"});
  host.ctl({"sandbox", "inspect", "settings"});
  const auto copies = copies_of(host);
  out.check(copies.size() == containers.size(), "three shares are listed");
  show_rotations(host, kubelet, copies, with);
  check_copies(host, volume, copies, with);
  if (with.tamper == test::tampering::nothing)
    show_restart(host, kubelet, copies);
  unshare(host, with);
}

} // namespace fsshare::demo
