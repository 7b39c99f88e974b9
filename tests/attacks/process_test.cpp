// SPDX-License-Identifier: Apache-2.0
#include "sys/process_end.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/held_calls.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/notify_socket.hpp"
#include "tests/support/socket_peer.hpp"
#include "tests/support/temp_dir.hpp"
#include "ttrpc/envelope.hpp"
#include "ttrpc/frame.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace fsshare;
using test::run_fsshared;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// Writes the configuration of a node agent into `dir`.
std::string config_in(const test::temp_dir& dir, const std::string& socket,
                      const std::string& root, const std::string& more = {}) {
  return dir.write("config.json",
                   R"({"api": {"socket": ")" + socket + R"("}, "share": )"
                     + R"({"root": ")" + root
                     + R"("}, "http": {"listen": ""}, "mounts": )"
                     + R"({"visibility": "assumed"})" + more + "}");
}

/// The path of fsshared, beside that of the command.
std::string fsshared_program() {
  return fs::path{test::fssharectl_program()}.parent_path() / "fsshared";
}

/// Waits until a node agent takes calls.
void wait_for(const std::string& socket) {
  const auto limit = std::chrono::steady_clock::now() + 30s;
  while (test::run_fssharectl(socket, {"version"}).exit_code != 0)
    if (std::chrono::steady_clock::now() > limit)
      throw std::runtime_error{"no node agent at " + socket};
}

/// A FIFO that is open for reading, and is not read until somebody asks.
class unread_fifo {
public:
  explicit unread_fifo(std::string path) : path_(std::move(path)) {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    fd_ = unique_fd{::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    REQUIRE(fd_);
  }
  const std::string& path() const {
    return path_;
  }
  /// Reads until `text` has come by.
  bool reads(const std::string& text) {
    const auto limit = std::chrono::steady_clock::now() + 30s;
    std::string kept;
    std::array<char, 65536> chunk{};
    while (std::chrono::steady_clock::now() < limit) {
      pollfd wanted{fd_.get(), POLLIN, 0};
      ::poll(&wanted, 1, 100);
      const auto got = ::read(fd_.get(), chunk.data(), chunk.size());
      if (got <= 0)
        continue;
      kept.append(chunk.data(), static_cast<std::size_t>(got));
      if (kept.find(text) != std::string::npos)
        return true;
      if (kept.size() > text.size())
        kept.erase(0, kept.size() - text.size());
    }
    return false;
  }

private:
  std::string path_;
  unique_fd fd_;
};

/// Makes `count` calls on one connection; each is a line of a debug log.
void call_often(test::socket_peer& peer, std::uint32_t count) {
  constexpr std::uint32_t at_once = 64;
  for (std::uint32_t i = 0; i < count; i += at_once) {
    bytes calls;
    for (auto k = i; k < i + at_once; ++k)
      REQUIRE(ttrpc::append_request(
        calls, {2 * k + 1, "fsshare.v1.FilesystemShare", "Version", {}}, {}));
    peer.send(calls);
    for (auto k = i; k < i + at_once; ++k)
      REQUIRE(peer.next_frame());
  }
}

/// The value behind `name` in a file of /proc with a line for each.
std::string proc_line(int pid, const std::string& file,
                      const std::string& name) {
  std::istringstream text{
    test::read_file("/proc/" + std::to_string(pid) + "/" + file)};
  for (std::string line; std::getline(text, line);)
    if (line.starts_with(name))
      return line.substr(name.size());
  return {};
}

std::vector<std::string> as_user(const std::string& uid,
                                 std::vector<std::string> argv) {
  std::vector<std::string> out{"/usr/bin/setpriv", "--reuid", uid,
                               "--regid",          uid,       "--clear-groups"};
  out.insert(out.end(), argv.begin(), argv.end());
  return out;
}

/// Announces a request of 4 MiB, and sends a part of it.
void begin_large_request(const std::string& socket) {
  const auto head = ttrpc::encode_frame_header(
    {std::uint32_t{4} << 20, 1, ttrpc::request_frame, 0});
  bytes part(head.begin(), head.end());
  part.resize(part.size() + (128U << 10));
  test::socket_peer peer{{address_scheme::unix_socket, socket, 0, 0}};
  peer.send(part);
  // Until the other side ends.
  peer.next_frame(10s);
}

std::size_t count_of(const std::string& what, const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos;
       at = text.find(what, at + what.size()))
    ++count;
  return count;
}

/// Returns a reader of a node agent that runs; 0 if there is none.
pid_t reader_of(pid_t process) {
  for (const auto& each : fs::directory_iterator{"/proc"}) {
    std::ifstream file{each.path() / "stat"};
    pid_t pid = 0;
    pid_t parent = 0;
    std::string name;
    char state = 0;
    if (file >> pid >> name >> state >> parent && parent == process
        && name == "(fsshared-read)")
      return pid;
  }
  return 0;
}

} // namespace

TEST_SUITE_BEGIN("attacks/process");

TEST_CASE("an actor that dies ends the program with its name and 1, and the "
          "next one goes on") {
  const test::temp_dir dir;
  const auto socket = dir / "s.sock";
  const auto config = config_in(dir, socket, dir / "root");
  test::notify_socket manager{dir / "notify"};
  {
    test::child_process node{{"/usr/bin/env",
                              "NOTIFY_SOCKET=" + (dir / "notify"),
                              fsshared_program(), "--config", config}};
    wait_for(socket);
    REQUIRE(test::run_fssharectl(socket, {"sandbox", "prepare", "box1",
                                          "--mode", "copy", "--guest",
                                          "unix://" + (dir / "none.sock")})
              .exit_code
            == 0);
    REQUIRE(manager.next()->starts_with("READY=1"));
    // Enough for all but the room that API SERVER makes for such a request.
    const rlimit little{
      (std::stoull(proc_line(node.pid(), "status", "VmData:")) << 10)
        + (2U << 20),
      RLIM_INFINITY};
    REQUIRE(::prlimit(node.pid(), RLIMIT_DATA, &little, nullptr) == 0);
    for (int tries = 0; tries < 10; ++tries)
      try {
        begin_large_request(socket);
      } catch (const std::exception&) {
        // It is gone, or has found no room for this connection.
      }
    CHECK(node.wait() == 1);
    const auto said = node.errors();
    CHECK_MESSAGE(count_of("event=actor-died", said) == 1, said);
    CHECK_MESSAGE(said.find("actor=api-server reason=\"api-server: "
                            "std::bad_alloc\"")
                    != std::string::npos,
                  said);
    CHECK(count_of("event=stopping", said) == 0);
    const auto told = manager.next();
    REQUIRE(told);
    CHECK_MESSAGE(told->find("STATUS=ending, api-server died: api-server: "
                             "std::bad_alloc")
                    != std::string::npos,
                  *told);
  }
  test::child_process next{{fsshared_program(), "--config", config}};
  wait_for(socket);
  CHECK(test::run_fssharectl(socket, {"sandbox", "inspect", "box1"}).exit_code
        == 0);
  CHECK(next.errors().find("event=sandbox-adopted") != std::string::npos);
  CHECK(next.terminate() == 0);
}

TEST_CASE("a second node agent in one place is refused by name, the first goes "
          "on, and its place is free when it is gone") {
  const test::temp_dir dir;
  const test::temp_dir other;
  const auto socket = dir / "s.sock";
  const auto root = dir / "root";
  test::child_process first{
    {fsshared_program(), "--config", config_in(dir, socket, root)}};
  wait_for(socket);
  struct stat before {};
  REQUIRE(::lstat(socket.c_str(), &before) == 0);
  const auto pid = std::to_string(first.pid());
  for (const auto& [their_socket, their_root] :
       {std::pair{socket, other / "root"}, std::pair{other / "s.sock", root}}) {
    const auto got
      = run_fsshared({"--config", config_in(other, their_socket, their_root)});
    CHECK(got.exit_code == 1);
    CHECK(got.errors.find("in use by process " + pid) != std::string::npos);
    CHECK(got.errors.find("fsshared") != std::string::npos);
  }
  struct stat after {};
  REQUIRE(::lstat(socket.c_str(), &after) == 0);
  CHECK(after.st_ino == before.st_ino);
  CHECK(test::run_fssharectl(socket, {"version"}).exit_code == 0);
  first.signal(SIGKILL);
  first.wait();
  test::child_process next{
    {fsshared_program(), "--config", config_in(other, socket, root)}};
  wait_for(socket);
  CHECK(next.terminate() == 0);
}

TEST_CASE("a log pipe that nobody reads stops nobody, and what is dropped is "
          "counted") {
  const test::temp_dir dir;
  const auto socket = dir / "s.sock";
  unread_fifo log{dir / "log"};
  const auto config
    = config_in(dir, socket, dir / "root", R"(, "log": {"level": "debug"})");
  for (const bool is_read_again : {true, false}) {
    CAPTURE(is_read_again);
    test::child_process node{{"/bin/sh", "-c",
                              R"(exec "$0" --config "$1" 2>"$2")",
                              fsshared_program(), config, log.path()}};
    wait_for(socket);
    {
      test::socket_peer peer{{address_scheme::unix_socket, socket, 0, 0}};
      // More than the pipe, the lines that are being written and the queue
      // behind them take.
      call_often(peer, 18'000);
    }
    CHECK(test::run_fssharectl(socket, {"version"}).exit_code == 0);
    if (is_read_again)
      CHECK(log.reads("event=log-lines-dropped count="));
    const auto begin = std::chrono::steady_clock::now();
    CHECK(node.terminate() == 0);
    CHECK(std::chrono::steady_clock::now() - begin < 20s);
  }
}

TEST_CASE("closed standard descriptors are replaced, not given to inotify or "
          "the log of another file") {
  const test::temp_dir dir;
  const auto socket = dir / "s.sock";
  const auto config = config_in(dir, socket, dir / "root");
  test::child_process node{{"/bin/sh", "-c",
                            R"(exec "$0" --config "$1" <&- >&- 2>&-)",
                            fsshared_program(), config}};
  wait_for(socket);
  for (const char* fd : {"0", "1", "2"})
    CHECK(fs::read_symlink("/proc/" + std::to_string(node.pid()) + "/fd/" + fd)
          == "/dev/null");
  // A refused call is a line of the log.
  CHECK(test::run_fssharectl(socket, {"sandbox", "inspect", "none"}).exit_code
        == 1);
  CHECK(test::run_fssharectl(socket, {"version"}).exit_code == 0);
  CHECK(node.terminate() == 0);
}

TEST_CASE("an empty LD_BIND_NOW is none: functions are bound at the start") {
  const test::temp_dir dir;
  const auto socket = dir / "s.sock";
  const auto config = config_in(dir, socket, dir / "root");
  test::child_process node{
    {"/usr/bin/env", "LD_BIND_NOW=", fsshared_program(), "--config", config}};
  wait_for(socket);
  const auto environment
    = test::read_file("/proc/" + std::to_string(node.pid()) + "/environ");
  CHECK(environment.find(std::string{"LD_BIND_NOW=1\0", 14})
        != std::string::npos);
  CHECK(node.terminate() == 0);
}

TEST_CASE("without tasks for its threads it does not start, and says why") {
  const test::temp_dir dir;
  fs::permissions(dir.path(), fs::perms{0755});
  const auto config = config_in(dir, dir / "s.sock", dir / "root");
  // RLIMIT_NPROC counts the tasks of a user, and does not bind root.
  for (int limit = 1; limit <= 11; ++limit) {
    CAPTURE(limit);
    const auto got = test::run_process(
      as_user("65533", {"/usr/bin/prlimit", "--nproc=" + std::to_string(limit),
                        fsshared_program(), "--config", config}));
    CHECK(got.exit_code == 1);
    CHECK(got.errors.find("RESOURCE_EXHAUSTED") != std::string::npos);
    CHECK(got.errors.find("limit of tasks") != std::string::npos);
  }
}

TEST_CASE("a start that hangs ends in time, with a sentence") {
  const test::temp_dir dir;
  const auto config
    = dir.write("config.json", R"({"api": {"socket": ")" + (dir / "s.sock")
                                 + R"("}, "share": {"root": ")" + (dir / "root")
                                 + R"("}})");
  // The first one is the probe whether there is such a call.
  test::held_calls::run(SYS_epoll_create1, [&](test::held_calls& calls) {
    calls.hold_next(1);
    const auto got
      = test::run_process({fsshared_program(), "--config", config}, 60s);
    CHECK(got.exit_code == 1);
    CHECK_MESSAGE(got.errors.find("start: not done in time")
                    != std::string::npos,
                  got.errors);
  });
}

TEST_CASE(
  "a reader that was made just before its process was killed ends, too") {
  const test::temp_dir dir;
  const auto config
    = dir.write("config.json", R"({"api": {"socket": ")" + (dir / "s.sock")
                                 + R"("}, "share": {"root": ")" + (dir / "root")
                                 + R"("}, "http": {"listen": ""}, )"
                                   R"("mounts": {"visibility": "assumed"}})");
  // The first one is that of the program before it is itself; see
  // child_process.
  test::held_calls::run(
    SYS_prctl, PR_SET_PDEATHSIG, [&](test::held_calls& calls) {
      calls.hold_next(1);
      test::child_process node{{fsshared_program(), "--config", config}};
      REQUIRE(calls.await_held());
      const auto reader = reader_of(node.pid());
      REQUIRE(reader != 0);
      node.signal(SIGKILL);
      node.wait();
      calls.release();
      const bool ends = test::eventually([reader] {
        return has_ended(reader);
      });
      CHECK(ends);
      if (!ends)
        ::kill(reader, SIGKILL);
    });
}

TEST_CASE("the users of api.allowed_uids can connect, and no others") {
  const test::temp_dir dir;
  fs::permissions(dir.path(), fs::perms{0755});
  const auto socket = dir / "run/s.sock";
  const auto calls = [&socket](const std::string& uid) {
    return test::run_process(
             as_user(uid, {test::fssharectl_program(), "--endpoint",
                           "unix://" + socket, "version"}))
             .exit_code
           == 0;
  };
  for (const std::string allowed : {"[0]", "[0, 65534]", "[0, 65534, 65532]"}) {
    CAPTURE(allowed);
    std::ostringstream text;
    text
      << R"({"api": {"socket": ")" << socket << R"(", "allowed_uids": )"
      << allowed << R"(}, "share": {"root": ")" << dir / "root"
      << R"("}, "http": {"listen": ""}, "mounts": {"visibility": "assumed"}})";
    const auto file = dir.write("config.json", text.str());
    test::child_process node{{fsshared_program(), "--config", file}};
    wait_for(socket);
    CHECK(calls("65534") == (allowed != "[0]"));
    CHECK(calls("65532") == (allowed == "[0, 65534, 65532]"));
    CHECK_FALSE(calls("65533"));
    CHECK(node.terminate() == 0);
  }
}

// A core dump to a program is made whatever the limit is, and one by a debugger
// whatever the kernel may do: each has a lock of its own.
TEST_CASE("nobody gets a core dump: not dumpable, no limit to raise, and no "
          "memory in what a debugger takes") {
  const test::temp_dir dir;
  fs::permissions(dir.path(), fs::perms{0777});
  const auto socket = dir / "run/s.sock";
  const auto config = config_in(dir, socket, dir / "root");
  std::vector<std::string> argv{"/usr/bin/prlimit", "--core=unlimited"};
  for (auto& word : as_user("65533", {"/usr/bin/env", "--chdir=" + dir.path(),
                                      fsshared_program(), "--config", config}))
    argv.push_back(word);
  test::child_process node{argv};
  const auto limit = std::chrono::steady_clock::now() + 30s;
  while (!fs::exists(socket) && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(10ms);
  const auto pid = node.pid();
  std::istringstream limits{proc_line(pid, "limits", "Max core file size")};
  std::string soft, hard;
  limits >> soft >> hard;
  CHECK(soft == "0");
  CHECK(hard == "0");
  CHECK(test::read_file("/proc/" + std::to_string(pid) + "/coredump_filter")
        == "00000000\n");
  // Files of a process that cannot be dumped are root's (proc(5)).
  struct stat info {};
  REQUIRE(::stat(("/proc/" + std::to_string(pid) + "/environ").c_str(), &info)
          == 0);
  CHECK(info.st_uid == 0);
  CHECK(proc_line(pid, "status", "Uid:").starts_with("\t65533"));
  node.signal(SIGSEGV);
  CHECK(node.wait() == 128 + SIGSEGV);
  for (const auto& entry : fs::directory_iterator{dir.path()})
    CHECK_FALSE(entry.path().filename().string().starts_with("core"));
}

TEST_CASE("a configuration that is a FIFO, or nested deeply, is refused") {
  const test::temp_dir dir;
  const auto fifo = dir / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto named = run_fsshared({"--config", fifo, "--check-config"});
  CHECK(named.exit_code == 78);
  CHECK(named.errors.find(fifo + ": is no regular file") != std::string::npos);
  const auto file = dir.write("config.json", "{}");
  fs::create_directory(dir / "config.d");
  fs::rename(fifo, dir / "config.d/10.json");
  const auto dropped_in = run_fsshared({"--config", file, "--check-config"});
  CHECK(dropped_in.exit_code == 78);
  CHECK(dropped_in.errors.find("10.json") != std::string::npos);
  fs::remove(dir / "config.d/10.json");
  for (const std::string open : {"[", R"({"a":)"}) {
    std::string text = R"({"api": {"socket": )";
    for (int i = 0; i < 200'000; ++i)
      text += open;
    dir.write("config.json", text);
    CHECK(run_fsshared({"--config", file, "--check-config"}).exit_code == 78);
    dir.write("config.json", R"({"api": {"socket": )"
                               + std::string(200'000, '[')
                               + std::string(200'000, ']') + "}}");
    const auto deep = run_fsshared({"--config", file, "--check-config"});
    CHECK(deep.exit_code == 78);
    CHECK(deep.errors.find("nested deeper than") != std::string::npos);
  }
}

TEST_SUITE_END();
