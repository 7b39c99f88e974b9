// SPDX-License-Identifier: Apache-2.0
#include "sys/net/socket_address.hpp"
#include "tests/gameday/game_day.hpp"
#include "tests/metrics/http_peer.hpp"
#include "tests/support/eventually.hpp"

#include <cerrno>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <string>
#include <sys/resource.h>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

const injected_trouble inotify_limits{"inotify limits"};
const injected_trouble overflow{"overflow"};
const injected_trouble no_descriptors{"no descriptors"};

// Nine tenths of few descriptors, which are still more than are kept from
// connections; fewer than the test itself may have.
constexpr std::size_t many_clients = 850;
constexpr std::size_t few_descriptors = 950;

// The limit of a user namespace, in which the node agent is by itself: nothing
// of this machine is changed.
void set_watch_limit(game_day& day, const std::string& limit) {
  const auto done
    = run_process({"/usr/bin/nsenter", "--user", "--target",
                   std::to_string(day.node.program().pid()), "/bin/sh", "-c",
                   "echo " + limit + " > /proc/sys/user/max_inotify_watches"});
  REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
}

/// More events at once than the kernel keeps.
void flood(game_day& day) {
  const auto most
    = std::stoul(read_file("/proc/sys/fs/inotify/max_queued_events"));
  const auto one = day.volume + "/.one";
  const auto other = day.volume + "/.other";
  fs::create_directory(one);
  day.node.program().stop();
  for (std::size_t n = 0; n <= most / 2 + 1; ++n) {
    fs::rename(one, other);
    fs::rename(other, one);
  }
  day.node.program().signal(SIGCONT);
  fs::remove(one);
}

/// A client that connects and says nothing.
unique_fd idle_client(const game_day& day) {
  guest_address address;
  address.path = day.node.socket();
  const auto target = to_socket_address(address);
  REQUIRE(target);
  unique_fd out;
  REQUIRE(eventually([&] {
    auto socket = open_socket(*target);
    REQUIRE(socket);
    const auto failed = begin_connect(socket->get(), *target);
    // The backlog is full.
    REQUIRE((failed == 0 || failed == EAGAIN));
    if (failed == 0)
      out = *std::move(socket);
    return failed == 0;
  }));
  return out;
}

} // namespace

TEST_SUITE_BEGIN("gameday/limits");

TEST_CASE("a limit of inotify is named, and volumes are watched when it is "
          "raised") {
  if (const auto missing = missing_for_game_day(); !missing.empty()) {
    MESSAGE("skipped: ", missing);
    return;
  }
  const std::vector<std::string> launcher{"/usr/bin/unshare", "--user",
                                          "--map-root-user", "--mount"};
  auto tried = launcher;
  tried.emplace_back("/bin/true");
  if (run_process(tried).exit_code != 0) {
    MESSAGE("skipped: needs a user namespace, which has limits of its own");
    return;
  }
  game_day day{{.launcher = launcher}};
  day.check(inotify_limits, [&day] {
    set_watch_limit(day, "0");
    fs::remove_all(day.volume);
    fs::create_directories(day.volume);
    day.rotate("second");
  });
  set_watch_limit(day, "1000");
  day.check_cured(inotify_limits);
}

TEST_CASE("events that the kernel drops are named, and nothing is lost") {
  if (const auto missing = missing_for_game_day(); !missing.empty()) {
    MESSAGE("skipped: ", missing);
    return;
  }
  game_day day;
  day.check(overflow, [&day] {
    // An alert is not for one.
    for (int n = 1; n <= 4; ++n) {
      flood(day);
      REQUIRE(eventually([&day, n] {
        return value_of(day.scrape(), "kata_fsshare_inotify_overflows_total")
               >= n;
      }));
    }
  });
  day.rotate("second");
  day.check_cured(overflow);
}

TEST_CASE("descriptors that are used up are named, until clients end") {
  if (const auto missing = missing_for_game_day(); !missing.empty()) {
    MESSAGE("skipped: ", missing);
    return;
  }
  game_day day;
  std::vector<unique_fd> clients;
  day.check(no_descriptors, [&] {
    for (std::size_t n = 0; n < many_clients; ++n)
      clients.push_back(idle_client(day));
    REQUIRE(eventually([&day] {
      return value_of(day.scrape(), "kata_fsshare_api_clients") >= many_clients;
    }));
    const rlimit few{few_descriptors, few_descriptors};
    REQUIRE(::prlimit(day.node.program().pid(), RLIMIT_NOFILE, &few, nullptr)
            == 0);
  });
  clients.clear();
  day.rotate("second");
  day.check_cured(no_descriptors);
}
