// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/mortal_node.hpp"

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>

namespace fsshare::churn {

namespace {

void sleep_up_to(random_source& from, std::uint64_t milliseconds) {
  std::this_thread::sleep_for(
    std::chrono::microseconds{pick(from, milliseconds * 1000)});
}

std::string copy_of_program(const test::temp_dir& dir) {
  auto copy = dir / "fsshared";
  std::filesystem::copy_file(test::fsshared_program(), copy);
  return copy;
}

} // namespace

mortal_node::mortal_node(std::string share_root, const std::string& config)
  : share_root_(std::move(share_root)),
    node_(share_root_, config, copy_of_program(dir_)) {
  node_.start();
}

void mortal_node::kill(random_source& from) {
  // As long as a rotation is on its way, and longer than a start takes.
  constexpr std::uint64_t rotation_ms = 30;
  constexpr std::uint64_t start_ms = 150;
  constexpr std::uint64_t most_rotations = 5;
  sleep_up_to(from, rotation_ms);
  if (!is_away_)
    kill_now();
  away_for_ = once_in(from, 2) ? pick(from, most_rotations) : 0;
  if (away_for_ != 0)
    return;
  node_.begin();
  while (once_in(from, 3)) {
    sleep_up_to(from, start_ms);
    kill_now();
    node_.begin();
  }
  is_away_ = false;
}

void mortal_node::rotated() {
  if (!is_away_ || --away_for_ != 0)
    return;
  node_.begin();
  is_away_ = false;
}

void mortal_node::revive() {
  if (std::exchange(is_away_, false))
    node_.begin();
  if (!node_.await_calls())
    throw std::runtime_error{"fsshared ended by itself"};
}

void mortal_node::kill_now() {
  is_away_ = true;
  ++kills_;
  if (!node_.kill())
    ++ends_;
}

} // namespace fsshare::churn
