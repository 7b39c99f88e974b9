// SPDX-License-Identifier: Apache-2.0
#include "tests/support/node_process.hpp"

#include "tests/support/left_mounts.hpp"

#include <csignal>
#include <exception>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

namespace fsshare::test {

namespace {

// Guests of tests look where the program runs, not at the host.
std::string config_text(const std::string& socket,
                        const std::string& share_root) {
  return R"({"api": {"socket": ")" + socket + R"("}, "share": {"root": ")"
         + share_root
         + R"("}, "http": {"listen": ""}, "mounts": {"visibility": "assumed"}})";
}

std::vector<std::string> launched_by(std::vector<std::string> launcher,
                                     const std::string& config) {
  for (const auto& word : {fsshared_program(), std::string{"--config"}, config})
    launcher.push_back(word);
  return launcher;
}

} // namespace

node_process::node_process(const std::string& more_config,
                           std::vector<std::string> launcher)
  : program_(launched_by(std::move(launcher), write_config(more_config))) {
  const auto limit = std::chrono::steady_clock::now() + child_process::patience;
  while (run_fssharectl(socket_, {"version"}).exit_code != 0) {
    if (std::chrono::steady_clock::now() > limit)
      throw std::runtime_error{"fsshared takes no calls: " + program_.errors()};
    std::this_thread::yield();
  }
}

// It leaves its mounts, and they keep the directory from being removed.
node_process::~node_process() {
  try {
    program_.signal(SIGKILL);
    program_.wait();
  } catch (const std::exception&) {
    // What it mounts later stays.
  }
  detach_mounts_below(dir_.path());
}

std::string node_process::write_config(const std::string& more) const {
  dir_.write("config.d/more.json", "{" + more + "}");
  return dir_.write("config.json", config_text(socket_, share_root_));
}

std::string fsshared_program() {
  return FSSHARED_PROGRAM;
}

std::string fssharectl_program() {
  return FSSHARECTL_PROGRAM;
}

finished_process run_fsshared(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), fsshared_program());
  return run_process(std::move(arguments));
}

finished_process run_fssharectl(const std::string& socket,
                                std::vector<std::string> arguments) {
  std::vector<std::string> argv{fssharectl_program(), "--endpoint", socket};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run_process(std::move(argv));
}

} // namespace fsshare::test
