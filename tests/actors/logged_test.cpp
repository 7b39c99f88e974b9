// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "guest/share_path.hpp"
#include "log/log.hpp"
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

// Runs something in a process of its own, which alone has the program's log.
// Returns that.
std::string log_of(const std::function<void()>& what) {
  const temp_dir dir;
  const auto file = dir.write("log", "");
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(::open(file.c_str(), O_WRONLY | O_APPEND), STDERR_FILENO);
    bool is_done = false;
    try {
      log::set_up({});
      what();
      is_done = log::end(5s);
    } catch (const std::exception& failed) {
      ::dprintf(STDERR_FILENO, "%s\n", failed.what());
    }
    ::_exit(is_done ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  return read_file(file);
}

std::size_t count_of(const std::string& text, const std::string& words) {
  std::size_t n = 0;
  for (auto at = text.find(words); at != std::string::npos;
       at = text.find(words, at + 1))
    ++n;
  return n;
}

// As genpolicy writes it: no link directly in the shared directory.
bool is_denied(const grpc::CopyFileRequest& request) {
  return (request.file_mode() & 0170000U) == 0120000U
         && parent_path(request.path()) == guest::share_root;
}

// Shares two trees of another owner than root in each of two sandboxes.
void share_trees(
  const std::function<bool(const grpc::CopyFileRequest&)>& deny) {
  chooser choose{1};
  node_world w{choose};
  w.dir.write("tree/a", "1");
  if (::chown((w.dir / "tree").c_str(), 1000, 1000) != 0)
    throw std::runtime_error{"not root"};
  for (const auto* sandbox : {"s1", "s2"}) {
    w.add_sandbox(sandbox).denies = deny;
    for (int n = 0; n < 2; ++n) {
      auto request = w.volume_request(sandbox, "c1", "none");
      request.mount.source = w.dir / "tree";
      request.mount.destination = "/at/" + std::to_string(n);
      if (!w.ask_over_time<share_file_reply>(request))
        throw std::runtime_error{"not shared"};
    }
  }
}

} // namespace

TEST_SUITE_BEGIN("actors/guest_proxy");

TEST_CASE("a policy that keeps the guest's shared directory from being given "
          "back to root is logged once per sandbox") {
  const auto log = log_of([] {
    share_trees(is_denied);
  });
  CHECK(count_of(log, "event=share-directory-owned") == 2);
  for (const auto* sandbox : {"s1", "s2"})
    CHECK_MESSAGE(count_of(log, std::string{"event=share-directory-owned "
                                            "sandbox="}
                                  + sandbox)
                    == 1,
                  log);
  CHECK(count_of(log_of([] {
                   share_trees(nullptr);
                 }),
                 "share-directory-owned")
        == 0);
}

TEST_CASE("from the first line on that tells of a sandbox of before it is "
          "called what it is") {
  const auto log = log_of([] {
    chooser choose{1};
    node_world w{choose, {}, journaling::on};
    prepare_request request;
    request.sandbox_id = "s1";
    request.mode = sharing_mode::copy;
    request.labels = {{"pod", "web"}};
    if (!w.ask<prepare_reply>(request))
      throw std::runtime_error{"not prepared"};
    w.kill();
    // The next one is another process.
    log::forget_names("s1");
    w.start();
    w.settle();
  });
  CHECK_MESSAGE(count_of(log, "event=sandbox-adopted sandbox=s1 shares=0 "
                              "rootfs=0 labels=\"pod=web\"\n")
                  == 1,
                log);
}

TEST_SUITE_END();
