// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/gameday/known_troubles.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/rotator.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fsshare::test {

/// What a game day needs beside root; a test that finds it missing prints it
/// and ends.
std::string missing_for_game_day();

/// Mounts a tmpfs of that size, or changes that of one.
void mount_room(const std::string& dir, std::uint64_t bytes);
void resize_room(const std::string& dir, std::uint64_t bytes);

/// A node agent whose guest follows a volume, all whole programs, below a
/// tmpfs in a mount namespace of the test's own. Everything ends with it.
class game_day {
public:
  /// What is to be different.
  struct settings {
    /// Members of the configuration beside `volumes` and `http`.
    std::string config = {};
    /// What starts the node agent, and gets its command line behind its own.
    std::vector<std::string> launcher = {};
    /// Room of the guest; 0 is that of this machine.
    std::uint64_t guest_bytes = 0;
  };

  game_day();
  explicit game_day(const settings& s);
  ~game_day();
  game_day(const game_day&) = delete;
  game_day& operator=(const game_day&) = delete;

  /// Runs fssharectl, which has to succeed, and returns what it prints.
  std::string run(const std::vector<std::string>& arguments) const;
  /// What /metrics says.
  std::string scrape() const;
  /// Has the kubelet write another generation.
  void rotate(const std::string& value);

  /// Waits until the guest has what the volume has; false if it never does.
  bool is_followed() const;

  /// Makes the trouble, and checks that within five seconds of it its command
  /// prints its words, its metric rises and its alert's condition holds, and
  /// that none of this was so before.
  void check(const injected_trouble& injected,
             const std::function<void()>& inject);
  /// Checks that the trouble is over: every copy is current, and what rose
  /// falls where it is no counter.
  void check_cured(const injected_trouble& injected) const;

  static constexpr const char* volume_path
    = "kubelet/pods/u1/volumes/kubernetes.io~configmap/cm";
  static constexpr const char* sandbox = "box";

  private_mounts work;
  std::uint16_t port;
  std::string volume;
  rotator kubelet;
  node_process node;
  guest_process guest;

private:
  std::string say(const known_trouble& of) const;
  std::string copy_dir() const;
};

} // namespace fsshare::test
