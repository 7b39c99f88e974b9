// SPDX-License-Identifier: Apache-2.0
#include "tests/support/killed_node.hpp"

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <utility>

namespace fsshare::test {

namespace {

bool has_ended(int pid) {
  siginfo_t ended{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &ended,
                  WEXITED | WNOHANG | WNOWAIT)
           == 0
         && ended.si_pid == pid;
}

} // namespace

killed_node::killed_node(const std::string& share_root,
                         const std::string& more_config, std::string program)
  : program_path_(std::move(program)),
    config_(dir_.write("config.json", R"({"api": {"socket": ")" + socket_
                                        + R"("}, "share": {"root": ")"
                                        + share_root + R"("})" + ", "
                                        + more_config + "}")) {
}

void killed_node::begin() {
  earlier_log_ = log();
  program_.emplace(
    std::vector<std::string>{program_path_, "--config", config_});
}

bool killed_node::await_calls() {
  const auto limit = std::chrono::steady_clock::now() + child_process::patience;
  while (std::chrono::steady_clock::now() < limit) {
    try {
      // Readers of one that was killed may keep its socket for a moment.
      if (connect().list_sandboxes())
        return true;
    } catch (const std::runtime_error&) {
      // Nobody listens yet.
    }
    if (has_ended(program_->pid()))
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  throw std::runtime_error{"fsshared takes no calls: " + program_->errors()};
}

void killed_node::start() {
  begin();
  if (!await_calls())
    throw std::runtime_error{"fsshared ended: " + program_->errors()};
}

bool killed_node::kill() {
  program_->signal(SIGKILL);
  return program_->wait() == 128 + SIGKILL;
}

std::string killed_node::log() const {
  return earlier_log_ + (program_ ? program_->errors() : std::string{});
}

void killed_node::await_end() {
  program_->wait();
}

} // namespace fsshare::test
