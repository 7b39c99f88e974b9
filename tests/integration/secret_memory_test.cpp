// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/process_memory.hpp"
#include "tests/support/rotator.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <functional>
#include <thread>

TEST_SUITE_BEGIN("integration/secret_memory");

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

const std::string secret_text = "Qx7VbN2mKzR9tWpL4cYhJ8sD";
constexpr std::size_t large_bytes = std::size_t{1} << 20;

std::string small_secret(std::uint64_t number) {
  return std::to_string(number) + secret_text;
}

std::string large_secret(std::uint64_t number) {
  std::string out;
  while (out.size() < large_bytes)
    out += small_secret(number);
  return out;
}

bool becomes(const std::function<bool()>& wanted) {
  const auto limit
    = std::chrono::steady_clock::now() + test::child_process::patience;
  while (!wanted()) {
    if (std::chrono::steady_clock::now() > limit)
      return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

/// A node agent with a guest that has a copy of a Secret and of another tree.
class secret_world {
public:
  secret_world() {
    rotate();
    files_.write("tree/small", small_secret(0));
    files_.write("tree/large", large_secret(0));
    ctl({"sandbox", "prepare", "sb", "--mode", "copy", "--guest",
         to_string(guest_.address())});
    ctl({"share", "add", "sb", "app", volume_, "/secret"});
    ctl({"share", "add", "sb", "app", files_ / "tree", "/tree"});
  }

  void ctl(std::vector<std::string> args) {
    const auto done = test::run_fssharectl(node_.socket(), std::move(args));
    CHECK_MESSAGE(done.exit_code == 0, done.errors);
  }

  void rotate() {
    ++number_;
    kubelet_.rotate(
      {{"small", {small_secret(number_)}}, {"large", {large_secret(number_)}}});
  }

  /// Waits until the guest has the newest generation.
  bool follows() {
    return becomes([this] {
      return guest_has(small_secret(number_))
             && guest_has(large_secret(number_));
    });
  }

  bool will_have_logged(const std::string& text) {
    return becomes([&] {
      return node_.program().errors().find(text) != std::string::npos;
    });
  }

  test::guest_process& guest() {
    return guest_;
  }

  /// Returns where fsshared holds a part of a secret.
  std::string held_in() {
    return test::find_in_memory(node_.program().pid(), secret_text);
  }

private:
  bool guest_has(const std::string& content) const {
    for (const auto& entry : fs::recursive_directory_iterator{
           guest_.root(), fs::directory_options::skip_permission_denied}) {
      std::error_code gone;
      if (entry.is_regular_file(gone) && entry.file_size(gone) == content.size()
          && test::read_file(entry.path().string()) == content)
        return true;
    }
    return false;
  }

  test::temp_dir files_;
  std::string volume_
    = files_.make_dir("pods/5f0c6c5e-6f3b-4c0e-9d55-3c2f4f6a7b10/volumes/"
                      "kubernetes.io~secret/keys");
  std::uint64_t number_ = 0;
  test::rotator kubelet_{volume_, test::kubelet_order::from_1_27};
  test::guest_process guest_;
  test::node_process node_{R"("guest": {"dial_timeout": "1s",
                                        "request_timeout": "500ms",
                                        "quiet_time": "10ms"},
                              "volumes": {"grace": "100ms",
                                          "sweep_interval": "1s"})"};
};

} // namespace

TEST_CASE("no content of a file stays in the memory of fsshared") {
  secret_world world;
  for (int i = 0; i < 3; ++i) {
    world.rotate();
    CHECK(world.follows());
  }
  // One whose push fails, and then succeeds.
  world.guest().restart({"--fail-every", "1"});
  world.rotate();
  CHECK(world.will_have_logged("push-failed"));
  world.guest().restart();
  CHECK(world.follows());
  // One that hangs in the middle: now its contents must be held.
  world.guest().restart({"--hang-after", "3"});
  world.rotate();
  CHECK(becomes([&] {
    return !world.held_in().empty();
  }));
  world.ctl({"share", "rm", "sb", "app", "--all"});
  world.ctl({"sandbox", "cleanup", "sb"});
  CHECK_MESSAGE(becomes([&] {
                  return world.held_in().empty();
                }),
                world.held_in());
}

TEST_CASE("what is left of a text in the memory of a process is found") {
  const test::temp_dir files;
  // The path is among its arguments; it runs once it has printed that.
  const auto is_found_in_tail_of = [&](const std::string& name) {
    test::child_process tail{
      {"/usr/bin/tail", "-v", "-f", files.write(name, "")}};
    CHECK(tail.read_line());
    return !test::find_in_memory(tail.pid(), secret_text).empty();
  };
  CHECK(is_found_in_tail_of(secret_text));
  CHECK(is_found_in_tail_of(secret_text.substr(7, 8)));
  CHECK_FALSE(is_found_in_tail_of(secret_text.substr(7, 7)));
}

TEST_SUITE_END();
