// SPDX-License-Identifier: Apache-2.0
#include "sys/process/inherited_socket.hpp"

#include "tests/support/control_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/listening_socket.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace fsshare;
using test::child_process;
using test::control_client;

namespace {

guest_address unix_at(const std::string& path) {
  return {address_scheme::unix_socket, path, 0, 0};
}

/// Whoever starts fsshared and hands a socket over, as systemd does.
struct manager {
  test::temp_dir dir;
  std::string socket = dir / "api.sock";
  unique_fd listening = test::listen_at(unix_at(socket), 8);

  std::vector<std::string> command(const std::string& variables,
                                   const std::string& api_socket) const {
    const auto config
      = dir.write("config.json",
                  R"({"api": {"socket": ")" + api_socket
                    + R"("}, "share": {"root": ")" + (dir / "share")
                    + R"("}, "http": {"listen": ""}, "mounts": {"visibility": )"
                      R"("assumed"}})");
    return {"/bin/bash",
            "-c",
            "exec 3<&\"$1\"; shift; " + variables + " exec \"$@\"",
            "bash",
            std::to_string(held.get()),
            test::fsshared_program(),
            "--config",
            config};
  }

  std::vector<std::string> command() const {
    return command("LISTEN_PID=$$ LISTEN_FDS=1", socket);
  }

  /// What a child keeps over exec.
  unique_fd held{::dup(listening.get())};
};

bool answers(control_client& client) {
  return static_cast<bool>(client.list_sandboxes());
}

} // namespace

TEST_SUITE_BEGIN("integration/inherited_socket");

TEST_CASE_FIXTURE(manager,
                  "who calls before the node agent is there, and while it is "
                  "started again, is served") {
  control_client early{socket};
  child_process first{command()};
  CHECK(answers(early));
  struct stat file {};
  REQUIRE(::stat(socket.c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0600);

  SUBCASE("after it ended") {
    CHECK(first.terminate() == 0);
  }
  SUBCASE("after it was killed") {
    first.signal(SIGKILL);
    first.wait();
  }
  CHECK_FALSE(answers(early));
  control_client meanwhile{socket};
  child_process second{command()};
  CHECK(answers(meanwhile));
  CHECK(second.terminate() == 0);
  CHECK(std::filesystem::exists(socket));
}

TEST_CASE_FIXTURE(manager,
                  "a socket that is not the configured one is refused, by both "
                  "names") {
  const auto refused = [&](std::vector<std::string> argv) {
    const auto got = test::run_process(std::move(argv));
    CHECK(got.exit_code == 78);
    CHECK_FALSE(std::filesystem::exists(dir / "share"));
    return got.errors;
  };
  SUBCASE("another path") {
    const auto said
      = refused(command("LISTEN_PID=$$ LISTEN_FDS=1", dir / "other.sock"));
    CHECK(said.find(socket) != std::string::npos);
    CHECK(said.find(dir / "other.sock") != std::string::npos);
  }
  SUBCASE("one of two") {
    const auto said = refused(command("LISTEN_PID=$$ LISTEN_FDS=2", socket));
    CHECK(said.find("is one of 2") != std::string::npos);
  }
  SUBCASE("one that does not listen") {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    held.reset(ends[0]);
    const unique_fd other{ends[1]};
    const auto said = refused(command());
    CHECK(said.find("no stream of unix(7) that listens") != std::string::npos);
  }
  SUBCASE("a file") {
    held.reset(::open("/dev/null", O_RDONLY));
    const auto said = refused(command());
    CHECK(said.find("no stream of unix(7) that listens") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(manager,
                  "what was handed to another process, or is no number, is "
                  "nobody's") {
  listening.reset();
  held.reset(::open("/dev/null", O_RDONLY));
  std::filesystem::remove(socket);
  for (const auto* variables :
       {"LISTEN_PID=1 LISTEN_FDS=1", "LISTEN_PID=$$ LISTEN_FDS=0",
        "LISTEN_PID=$$ LISTEN_FDS=one", "LISTEN_FDS=1", "LISTEN_PID=$$"}) {
    CAPTURE(variables);
    child_process node{command(variables, socket)};
    CHECK(test::eventually([this] {
      return test::run_fssharectl(socket, {"version"}).exit_code == 0;
    }));
    CHECK(node.terminate() == 0);
    // It was its own.
    CHECK_FALSE(std::filesystem::exists(socket));
  }
}

TEST_CASE_FIXTURE(manager,
                  "doctor looks at the node agent, not at whoever lent "
                  "it the socket") {
  child_process node{command()};
  control_client client{socket};
  REQUIRE(answers(client));
  const auto seen = test::run_process(
    {test::fssharectl_program(), "doctor", "--config", dir / "config.json"});
  CHECK_MESSAGE(seen.output.find("open files of the node agent (process "
                                 + std::to_string(node.pid()) + ")")
                  != std::string::npos,
                seen.output);
}

TEST_SUITE_END();
