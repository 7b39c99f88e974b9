// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/bare_copy.hpp"

#include "core/paths.hpp"
#include "sys/unique_fd.hpp"
#include "tests/support/temp_dir.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace fsshare::bench {

namespace {

namespace fs = std::filesystem;

// As large as the chunks of the peers.
constexpr std::size_t piece_bytes = 1 << 20;

template <class Number>
Number check(Number got, const char* what) {
  if (got < 0)
    throw std::system_error{errno, std::generic_category(), what};
  return got;
}

void write_all(int to, const char* data, std::size_t size) {
  while (size > 0) {
    const auto count
      = static_cast<std::size_t>(check(::write(to, data, size), "write"));
    data += count;
    size -= count;
  }
}

/// Sends a whole file to a descriptor.
void pass_on(const std::string& file, int to) {
  thread_local std::vector<char> piece(piece_bytes);
  const unique_fd from{
    check(::open(file.c_str(), O_RDONLY | O_CLOEXEC), "open")};
  for (;;) {
    const auto count = static_cast<std::size_t>(
      check(::read(from.get(), piece.data(), piece.size()), "read"));
    if (count == 0)
      return;
    write_all(to, piece.data(), count);
  }
}

void write_as_guest(const std::string& file, const std::string& to) {
  const auto unfinished = to + ".new";
  const unique_fd out{check(
    ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600),
    "create")};
  pass_on(file, out.get());
  check(::fchown(out.get(), ::geteuid(), ::getegid()), "chown");
  check(::fchmod(out.get(), 0644), "chmod");
  check(::rename(unfinished.c_str(), to.c_str()), "rename");
}

void copy_as_guest(const fs::directory_entry& from, const std::string& to) {
  if (from.is_symlink()) {
    const auto target = fs::read_symlink(from);
    check(::symlink(target.c_str(), to.c_str()), "symlink");
  } else if (from.is_directory()) {
    check(::mkdir(to.c_str(), 0700), "mkdir");
    check(::chmod(to.c_str(), 0755), "chmod");
  } else {
    return write_as_guest(from.path(), to);
  }
  check(::lchown(to.c_str(), ::geteuid(), ::getegid()), "chown");
}

sample timed(const std::function<void()>& work) {
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  work();
  sample out;
  out.seconds = std::chrono::duration<double>(clock::now() - begin).count();
  return out;
}

} // namespace

sample bare_copy(const std::string& dir) {
  const test::temp_dir to;
  return timed([&] {
    for (const auto& entry : fs::recursive_directory_iterator{dir})
      copy_as_guest(entry,
                    to.path() + entry.path().string().substr(dir.size()));
  });
}

sample bare_stream(const std::string& dir) {
  std::array<int, 2> ends{};
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()),
        "socketpair");
  unique_fd near{ends[0]};
  const unique_fd far{ends[1]};
  return timed([&] {
    const std::jthread reader{[&far] {
      std::vector<char> piece(piece_bytes);
      while (::read(far.get(), piece.data(), piece.size()) > 0) {
      }
    }};
    // Its end, which comes before that of the thread, ends the thread.
    const unique_fd to = std::move(near);
    for (const auto& entry : fs::recursive_directory_iterator{dir})
      if (!entry.is_symlink() && entry.is_regular_file())
        pass_on(entry.path(), to.get());
  });
}

} // namespace fsshare::bench
