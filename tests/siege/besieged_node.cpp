// SPDX-License-Identifier: Apache-2.0
#include "tests/siege/besieged_node.hpp"

#include "core/paths.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/process_usage.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fsshare::siege {

namespace {

/// What hangs is given up soon, so that it hangs often.
constexpr const char* config_rest
  = R"("http": {"listen": ""}, "mounts": {"visibility": "assumed"},
  
  "sources": {"timeout": "2s"},
  "guest": {"dial_timeout": "5s", "request_timeout": "2s"},
  "volumes": {"sweep_interval": "5s"}})";

} // namespace

besieged_node::besieged_node(const std::string& dir)
  : socket_(join(dir, "api.sock")), share_root_(join(dir, "share")) {
  start(dir);
  attendant_ = std::thread{[this] {
    attend();
  }};
}

besieged_node::~besieged_node() {
  is_ending_ = true;
  attendant_.join();
}

std::string besieged_node::write_config(const std::string& dir) const {
  auto path = join(dir, "config.json");
  std::ofstream{path} << R"({"api": {"socket": ")" << socket_
                      << R"("}, "share": {"root": ")" << share_root_ << "\"},\n"
                      << config_rest;
  return path;
}

/// The shell gives it the pipe as its standard error, and becomes it.
void besieged_node::start(const std::string& dir) {
  const auto pipe = join(dir, "log");
  if (::mkfifo(pipe.c_str(), 0600) < 0)
    throw std::system_error(errno, std::generic_category(), "mkfifo");
  log_.reset(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  program_.emplace(std::vector<std::string>{
    "/bin/sh", "-c", R"(exec "$0" --config "$1" 2>"$2")",
    test::fsshared_program(), write_config(dir), pipe});
  const auto limit
    = std::chrono::steady_clock::now() + test::child_process::patience;
  while (test::run_fssharectl(socket_, {"version"}).exit_code != 0)
    if (std::chrono::steady_clock::now() > limit)
      throw std::runtime_error{"fsshared takes no calls: " + read_log()};
}

void besieged_node::attend() {
  while (!is_ending_) {
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    if (!log_stalls_)
      read_log();
    // It may have ended meanwhile.
    try {
      peak_rss_kib_ = std::max<std::size_t>(
        peak_rss_kib_, test::usage_of(program_->pid()).rss_kib);
    } catch (const std::exception&) {
      return;
    }
  }
}

std::string besieged_node::read_log() {
  std::array<char, 65536> part{};
  const auto count = ::read(log_.get(), part.data(), part.size());
  return {part.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

} // namespace fsshare::siege
