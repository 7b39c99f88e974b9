// SPDX-License-Identifier: Apache-2.0
#include "sys/process/service_manager.hpp"

#include "tests/support/environment_variable.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/notify_socket.hpp"
#include "tests/support/temp_dir.hpp"

#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fsshare;
using namespace std::chrono_literals;
using test::environment_variable;
using test::eventually;
using test::node_process;
using test::notify_socket;
using test::temp_dir;

namespace {

int thread_named(int pid, const std::string& name) {
  const auto tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& entry : std::filesystem::directory_iterator{tasks}) {
    std::ifstream file{entry.path() / "comm"};
    std::string found;
    if (std::getline(file, found) && found == name)
      return std::stoi(entry.path().filename());
  }
  return 0;
}

/// A thread that stands still, as its process does not (ptrace(2)).
class stopped_thread {
public:
  explicit stopped_thread(int id) : id_(id) {
    REQUIRE(id_ != 0);
    REQUIRE(::ptrace(PTRACE_SEIZE, id_, nullptr, nullptr) == 0);
    REQUIRE(::ptrace(PTRACE_INTERRUPT, id_, nullptr, nullptr) == 0);
    REQUIRE(::waitpid(id_, nullptr, __WALL) == id_);
  }
  ~stopped_thread() {
    ::ptrace(PTRACE_DETACH, id_, nullptr, nullptr);
  }
  stopped_thread(const stopped_thread&) = delete;
  stopped_thread& operator=(const stopped_thread&) = delete;

private:
  int id_;
};

int count(const std::string& text, const std::string& what) {
  int out = 0;
  for (auto at = text.find(what); at != std::string::npos;
       at = text.find(what, at + 1))
    ++out;
  return out;
}

} // namespace

TEST_SUITE_BEGIN("sys/process/service_manager");

TEST_CASE("what the manager told is taken out of the environment") {
  const temp_dir dir;
  notify_socket socket{dir / "notify"};
  const environment_variable where{"NOTIFY_SOCKET", dir / "notify"};
  const environment_variable patience{"WATCHDOG_USEC", "30000000"};
  const environment_variable watched{"WATCHDOG_PID",
                                     std::to_string(::getpid())};
  const auto manager = service_manager::from_environment();
  CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
  CHECK(std::getenv("WATCHDOG_USEC") == nullptr);
  CHECK(std::getenv("WATCHDOG_PID") == nullptr);
  CHECK(manager.patience() == 30s);
  manager.say_ready("one\ntwo");
  CHECK(socket.next() == "READY=1\nSTATUS=one two");
  manager.say_alive();
  CHECK(socket.next() == "WATCHDOG=1");
  manager.say_stopping("ending");
  CHECK(socket.next() == "STOPPING=1\nSTATUS=ending");
}

TEST_CASE("an abstract socket is a place, a port of a vsock or a relative path "
          "is none") {
  const temp_dir dir;
  const environment_variable patience{"WATCHDOG_USEC", "30000000"};
  for (const std::string value : {"vsock:2:1234", "notify", ""}) {
    CAPTURE(value);
    const environment_variable where{"NOTIFY_SOCKET", value};
    const environment_variable again{"WATCHDOG_USEC", "30000000"};
    const auto manager = service_manager::from_environment();
    // Who is told nothing waits for nothing.
    CHECK_FALSE(manager.patience());
    manager.say_ready("heard by nobody");
  }
  const auto name = "fsshare-test-" + std::to_string(::getpid());
  notify_socket socket{std::string{'\0'} + name};
  const environment_variable where{"NOTIFY_SOCKET", "@" + name};
  service_manager::from_environment().say_alive();
  CHECK(socket.next() == "WATCHDOG=1");
}

TEST_CASE("a watchdog of another process is not ours") {
  const temp_dir dir;
  const environment_variable where{"NOTIFY_SOCKET", dir / "notify"};
  const environment_variable patience{"WATCHDOG_USEC", "30000000"};
  const environment_variable watched{"WATCHDOG_PID", "1"};
  CHECK_FALSE(service_manager::from_environment().patience());
}

TEST_CASE("a patience that is none is not kept up with") {
  const temp_dir dir;
  for (const std::string value :
       {"0", "18446744073709551615", "-1", "1s", "", "18446744073709551616"}) {
    CAPTURE(value);
    const environment_variable where{"NOTIFY_SOCKET", dir / "notify"};
    const environment_variable patience{"WATCHDOG_USEC", value};
    CHECK_FALSE(service_manager::from_environment().patience());
  }
}

TEST_CASE("what nobody hears is lost, and what comes later is heard") {
  const temp_dir dir;
  const environment_variable where{"NOTIFY_SOCKET", dir / "notify"};
  const auto manager = service_manager::from_environment();
  manager.say_ready("heard by nobody");
  notify_socket socket{dir / "notify"};
  manager.say_alive();
  CHECK(socket.next() == "WATCHDOG=1");
  CHECK_FALSE(socket.next(0ms));
  CHECK_FALSE(service_manager{}.patience());
}

TEST_CASE("fsshared says when it serves, that it is alive, and that it ends") {
  const temp_dir dir;
  notify_socket socket{dir / "notify"};
  const environment_variable where{"NOTIFY_SOCKET", dir / "notify"};
  const environment_variable patience{"WATCHDOG_USEC", "200000"};
  node_process node;
  CHECK(socket.next() == "READY=1\nSTATUS=serving " + node.socket());
  CHECK(socket.next() == "WATCHDOG=1");
  CHECK(socket.next() == "WATCHDOG=1");
  node.program().signal(SIGTERM);
  auto said = socket.next();
  while (said == "WATCHDOG=1")
    said = socket.next();
  CHECK(said == "STOPPING=1\nSTATUS=ending");
  CHECK(node.program().wait() == 0);
}

TEST_CASE(
  "fsshared says when it reads its configuration again, and when it has, "
  "whether that is right or wrong") {
  const temp_dir dir;
  notify_socket socket{dir / "notify"};
  const environment_variable where{"NOTIFY_SOCKET", dir / "notify"};
  node_process node;
  const auto ready = "READY=1\nSTATUS=serving " + node.socket();
  CHECK(socket.next() == ready);
  const auto before = std::chrono::steady_clock::now().time_since_epoch();
  for (const auto* text : {"{}", "{"}) {
    std::ofstream{node.config_file()} << text;
    node.program().signal(SIGHUP);
    const auto said = socket.next();
    const std::string begin = "RELOADING=1\nMONOTONIC_USEC=";
    REQUIRE(said);
    REQUIRE(said->starts_with(begin));
    CHECK(std::chrono::microseconds{std::stoll(said->substr(begin.size()))}
          > before);
    CHECK(socket.next() == ready);
  }
  CHECK(node.program().terminate() == 0);
}

TEST_CASE("while its loop stands still it does not say that it is alive") {
  const temp_dir dir;
  notify_socket socket{dir / "notify"};
  const environment_variable where{"NOTIFY_SOCKET", dir / "notify"};
  const environment_variable patience{"WATCHDOG_USEC", "400000"};
  node_process node;
  REQUIRE(socket.next());
  REQUIRE(socket.next() == "WATCHDOG=1");
  {
    const stopped_thread loop{thread_named(node.program().pid(), "io-loop")};
    const auto silences = [&] {
      return count(node.program().errors(), "event=not-alive");
    };
    REQUIRE(eventually([&] {
      return silences() >= 1;
    }));
    // What was said before.
    while (socket.next(0ms))
      ;
    const auto before = silences();
    REQUIRE(eventually([&] {
      return silences() >= before + 2;
    }));
    CHECK_FALSE(socket.next(0ms));
  }
  CHECK(socket.next() == "WATCHDOG=1");
  CHECK(node.program().terminate() == 0);
}

TEST_SUITE_END();
