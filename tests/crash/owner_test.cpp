// SPDX-License-Identifier: Apache-2.0
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/killed_node.hpp"
#include "tests/support/private_mounts.hpp"
#include "json/journal_json.hpp"

#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

/// A process like a shim: it calls the node agent itself, and lives on.
class shim_process {
public:
  /// Returns once `call` has returned in it; throws if that failed.
  explicit shim_process(const std::function<bool()>& call) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0)
      throw std::runtime_error{"pipe2"};
    const unique_fd from{ends[0]};
    unique_fd to{ends[1]};
    const auto parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const char good = call() ? 1 : 0;
      if (::write(to.get(), &good, 1) == 1)
        while (::getppid() == parent)
          ::pause();
      ::_exit(0);
    }
    to.reset();
    char good = 0;
    if (::read(from.get(), &good, 1) != 1 || good != 1) {
      end();
      throw std::runtime_error{"the call of a shim failed"};
    }
  }
  ~shim_process() {
    end();
  }
  shim_process(const shim_process&) = delete;
  shim_process& operator=(const shim_process&) = delete;

  int pid() const {
    return pid_;
  }

  /// Kills it, as the kernel does with one that takes too much memory.
  void end() {
    die();
    if (const auto pid = std::exchange(pid_, -1); pid > 0)
      ::waitpid(pid, nullptr, 0);
  }
  /// The same, and nobody waits for it: it stays a zombie.
  void die() const {
    if (pid_ <= 0)
      return;
    ::kill(pid_, SIGKILL);
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT);
  }

private:
  pid_t pid_ = -1;
};

/// A node agent with one sandbox.
struct fixture {
  explicit fixture(v1::SharingMode m, const std::string& grace)
    : mode(m), node(work / "share", R"("mounts": {"visibility": "assumed"}, )"
                                    R"("http": {"listen": ""}, )"
                                    R"("sandboxes": {"orphan_grace": ")"
                                      + grace + "\"}") {
    if (!work.unavailable().empty())
      return;
    node.start();
  }
  bool can_run() const {
    if (!work.unavailable().empty())
      MESSAGE("skipped: ", work.unavailable());
    return work.unavailable().empty();
  }

  v1::PrepareRequest request() const {
    v1::PrepareRequest out;
    out.set_sandbox_id("sb");
    out.set_mode(mode);
    if (mode == v1::SHARING_MODE_COPY)
      out.mutable_guest()->set_address("unix://" + (work / "guest.sock"));
    return out;
  }
  status prepare(const v1::PrepareRequest& asked) {
    auto client = node.connect();
    const auto done = client.call<v1::PrepareReply>("Prepare", asked);
    return done ? status{unit{}} : done.err();
  }
  /// Returns a shim that has prepared the sandbox.
  std::function<bool()> by_shim() {
    return [this] {
      return static_cast<bool>(prepare(request()));
    };
  }

  std::optional<v1::SandboxStatus> look() {
    v1::GetSandboxRequest asked;
    asked.set_sandbox_id("sb");
    auto client = node.connect();
    auto got = client.call<v1::GetSandboxReply>("GetSandbox", asked);
    return got ? std::optional{got->sandbox()} : std::nullopt;
  }
  v1::Owner owner() {
    const auto seen = look();
    REQUIRE(seen);
    return seen->owner();
  }
  bool becomes(v1::OwnerState state) {
    return eventually([&] {
      return owner().state() == state;
    });
  }
  bool ends() {
    // It is not found from the begin of its end on.
    return eventually([this] {
             return node.program().errors().find(
                      "event=orphan-ended sandbox=sb")
                    != std::string::npos;
           })
           && !look();
  }
  std::string state_file() const {
    return node.state_dir() + "/sb.jsonl";
  }
  void check_nothing_left() const {
    CHECK(fs::is_empty(work / "share"));
    CHECK_FALSE(fs::exists(state_file()));
    CHECK_FALSE(fs::exists(node.socket() + ".copies/sb"));
  }
  void cleanup() {
    auto client = node.connect();
    CHECK(client.cleanup("sb"));
    check_nothing_left();
  }

  /// Changes what is written down of the owner.
  void rewrite_owner(const std::function<void(process_identity&)>& change) {
    auto read = parse_journal(read_file(state_file()));
    REQUIRE(read);
    REQUIRE(read->sandbox.owner);
    change(std::get<process_identity>(*read->sandbox.owner));
    std::ofstream{state_file(), std::ios::trunc}
      << render_journal(read->head, read->sandbox);
  }

  private_mounts work;
  v1::SharingMode mode;
  killed_node node;
};

constexpr std::array both_modes{v1::SHARING_MODE_SHARED_FILESYSTEM,
                                v1::SHARING_MODE_COPY};

} // namespace

TEST_SUITE_BEGIN("crash: owners");

TEST_CASE("a sandbox whose shim was killed is shown, and ended after the "
          "grace") {
  for (const auto mode : both_modes) {
    CAPTURE(mode);
    fixture f{mode, "200ms"};
    if (!f.can_run())
      return;
    shim_process shim{f.by_shim()};
    CHECK(f.owner().state() == v1::OWNER_STATE_ALIVE);
    CHECK(f.owner().pid() == shim.pid());
    // A zombie has ended, too.
    shim.die();
    CHECK(f.ends());
    f.check_nothing_left();
    CHECK(f.node.program().errors().find("event=orphan-ended sandbox=sb")
          != std::string::npos);
  }
}

TEST_CASE("by default it is shown and kept") {
  for (const auto mode : both_modes) {
    CAPTURE(mode);
    fixture f{mode, "0s"};
    if (!f.can_run())
      return;
    shim_process shim{f.by_shim()};
    shim.end();
    REQUIRE(f.becomes(v1::OWNER_STATE_GONE));
    CHECK(f.owner().gone_ns() > 0);
    CHECK_FALSE(f.owner().will_end());
    const auto listed = run_fssharectl(f.node.socket(), {"sandbox", "ls"});
    CHECK(listed.output.find(" gone ") != std::string::npos);
    const auto shown
      = run_fssharectl(f.node.socket(), {"sandbox", "inspect", "sb"});
    CHECK(shown.output.find("the sandbox is kept") != std::string::npos);
    f.cleanup();
  }
}

TEST_CASE("one that dies while fsshared is dead is noticed by the next one") {
  for (const auto mode : both_modes) {
    CAPTURE(mode);
    fixture f{mode, "100ms"};
    if (!f.can_run())
      return;
    shim_process shim{f.by_shim()};
    f.node.kill();
    f.node.start();
    CHECK(f.owner().state() == v1::OWNER_STATE_ALIVE);
    CHECK(f.owner().pid() == shim.pid());
    f.node.kill();
    shim.end();
    f.node.start();
    CHECK(f.ends());
    f.check_nothing_left();
  }
}

TEST_CASE("how long it has been gone outlives fsshared") {
  fixture f{v1::SHARING_MODE_COPY, "1h"};
  if (!f.can_run())
    return;
  shim_process shim{f.by_shim()};
  shim.end();
  REQUIRE(f.becomes(v1::OWNER_STATE_GONE));
  const auto before = f.owner().gone_ns();
  f.node.kill();
  f.node.start();
  CHECK(f.owner().state() == v1::OWNER_STATE_GONE);
  CHECK(f.owner().gone_ns() > before);
  CHECK(f.owner().will_end());
  f.cleanup();
}

TEST_CASE("another process with its number is not taken for it, and one of "
          "another PID namespace is not known") {
  for (const auto mode : both_modes) {
    CAPTURE(mode);
    fixture f{mode, "1h"};
    if (!f.can_run())
      return;
    shim_process shim{f.by_shim()};
    f.node.kill();
    f.rewrite_owner([](process_identity& process) {
      process.pid_namespace += "0";
    });
    f.node.start();
    CHECK(f.owner().state() == v1::OWNER_STATE_UNKNOWN);
    CHECK_FALSE(f.owner().reason().empty());
    CHECK(f.prepare(f.request()));
    CHECK(f.owner().pid() == ::getpid());
    f.node.kill();
    f.rewrite_owner([](process_identity& process) {
      ++process.start_time;
    });
    f.node.start();
    CHECK(f.becomes(v1::OWNER_STATE_GONE));
    // Who comes back takes it over.
    CHECK(f.prepare(f.request()));
    CHECK(f.owner().state() == v1::OWNER_STATE_ALIVE);
    f.cleanup();
  }
}

TEST_CASE("any request of another shim takes a lost sandbox over, one that "
          "only looks does not") {
  fixture f{v1::SHARING_MODE_SHARED_FILESYSTEM, "1h"};
  if (!f.can_run())
    return;
  f.work.write("source/key", "value");
  shim_process shim{f.by_shim()};
  shim.end();
  REQUIRE(f.becomes(v1::OWNER_STATE_GONE));
  shim_process other{[&f] {
    auto client = f.node.connect();
    return f.look()
           && client.share("sb", "c1", f.work / "source", "/etc/x", true);
  }};
  CHECK(f.owner().state() == v1::OWNER_STATE_ALIVE);
  CHECK(f.owner().pid() == other.pid());
  f.cleanup();
}

TEST_CASE("a command prepares for nobody, or for whom it names") {
  for (const auto mode : both_modes) {
    CAPTURE(mode);
    fixture f{mode, "1ms"};
    if (!f.can_run())
      return;
    std::vector<std::string> command{"sandbox", "prepare", "sb", "--mode"};
    if (mode == v1::SHARING_MODE_COPY)
      command.insert(command.end(),
                     {"copy", "--guest", "unix://" + (f.work / "guest.sock")});
    else
      command.emplace_back("shared-filesystem");
    CHECK(run_fssharectl(f.node.socket(), command).exit_code == 0);
    CHECK(f.owner().state() == v1::OWNER_STATE_NOBODY);
    f.node.kill();
    f.node.start();
    CHECK(f.owner().state() == v1::OWNER_STATE_NOBODY);
    shim_process shim{[] {
      return true;
    }};
    command.insert(command.end(), {"--owner-pid", std::to_string(shim.pid())});
    CHECK(run_fssharectl(f.node.socket(), command).exit_code == 0);
    CHECK(f.owner().pid() == shim.pid());
    const auto pid = shim.pid();
    shim.end();
    CHECK(f.ends());
    f.check_nothing_left();
    auto request = f.request();
    request.set_owner_pid(static_cast<std::uint32_t>(pid));
    const auto refused = f.prepare(request);
    REQUIRE_FALSE(refused);
    CHECK(refused.err().code == errc::invalid_argument);
    CHECK_FALSE(f.look());
    f.check_nothing_left();
  }
}

TEST_CASE("what a file server serves is kept until it ends") {
  fixture f{v1::SHARING_MODE_SHARED_FILESYSTEM, "1ms"};
  if (!f.can_run())
    return;
  shim_process shim{f.by_shim()};
  const auto shared = f.look()->shared_dir();
  const unique_fd open{
    ::open(shared.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  REQUIRE(open);
  shim.end();
  REQUIRE(eventually([&] {
    return !f.owner().reason().empty();
  }));
  CHECK(f.owner().reason().find("process " + std::to_string(::getpid()))
        != std::string::npos);
  // Nothing of it has changed.
  CHECK(fs::exists(shared));
  CHECK(f.node.program().errors().find("event=orphan-kept")
        != std::string::npos);
  auto client = f.node.connect();
  f.work.write("source/key", "value");
  CHECK(client.share("sb", "c1", f.work / "source", "/etc/x", true));
  f.cleanup();
}

TEST_CASE("a sandbox whose guest is connected is kept until it is not") {
  fixture f{v1::SHARING_MODE_COPY, "1ms"};
  if (!f.can_run())
    return;
  std::optional<guest_process> guest{std::in_place};
  f.work.write("source/key", "value");
  shim_process shim{[&] {
    auto request = f.request();
    request.mutable_guest()->set_address(to_string(guest->address()));
    auto client = f.node.connect();
    return f.prepare(request)
           && client.share("sb", "c1", f.work / "source/key", "/etc/x", true);
  }};
  shim.end();
  REQUIRE(eventually([&] {
    return f.owner().reason().find("its guest agent is connected")
           != std::string::npos;
  }));
  CHECK(f.owner().will_end());
  guest.reset();
  REQUIRE(eventually([&] {
    return !f.look() || !f.look()->guest_connected();
  }));
  CHECK(f.ends());
  f.check_nothing_left();
}

TEST_SUITE_END();
