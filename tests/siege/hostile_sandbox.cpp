// SPDX-License-Identifier: Apache-2.0
#include "tests/siege/hostile_sandbox.hpp"

#include "core/paths.hpp"
#include "tests/siege/attack_socket.hpp"
#include "tests/support/control_client.hpp"

#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace fsshare::siege {

namespace {

std::string made_dir(const std::string& path) {
  std::filesystem::create_directories(path);
  return path;
}

std::string id_of(guest_attack how) {
  return "hostile-" + std::to_string(static_cast<int>(how));
}

} // namespace

hostile_sandbox::hostile_sandbox(const std::string& socket,
                                 const std::string& dir, guest_attack how)
  : id_(id_of(how)),
    volume_(made_dir(
      join(dir, "pods/" + id_ + "/volumes/kubernetes.io~configmap/settings"))),
    guest_(join(dir, id_ + ".sock"), how),
    kubelet_(volume_, test::kubelet_order::from_1_27) {
  kubelet_.rotate({{"key", {"0"}}});
  test::control_client client{socket};
  if (const auto made = client.prepare_copy(id_, guest_.address()); !made)
    throw std::runtime_error{made.err().message};
  shim_ = std::thread{[this, socket] {
    run(socket);
  }};
}

hostile_sandbox::~hostile_sandbox() {
  is_ending_ = true;
  shim_.join();
}

void hostile_sandbox::run(const std::string& socket) {
  lower_priority();
  // Its connection may be ended; then there is another one.
  for (std::uint64_t turn = 1; !is_ending_; ++turn)
    try {
      test::control_client client{socket};
      for (; !is_ending_; ++turn) {
        kubelet_.rotate({{"key", {std::to_string(turn)}}});
        const auto container = "c" + std::to_string(turn % 4);
        static_cast<void>(
          client.share(id_, container, volume_, "/settings", true));
        pause_for(std::chrono::milliseconds{500}, is_ending_);
        if (turn % 3 == 0)
          static_cast<void>(client.unshare_container(id_, container));
      }
    } catch (const std::exception&) {
      pause_for(std::chrono::milliseconds{500}, is_ending_);
    }
}

} // namespace fsshare::siege
