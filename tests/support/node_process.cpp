#include "tests/support/node_process.hpp"

#include <stdexcept>
#include <thread>

namespace fsshare::test {

namespace {

std::string config_text(const std::string& socket,
                        const std::string& share_root,
                        const std::string& more) {
  return R"({"api": {"socket": ")" + socket + R"("}, "share": {"root": ")"
         + share_root + "\"}" + (more.empty() ? "" : ", " + more) + "}";
}

} // namespace

node_process::node_process(const std::string& more_config)
  : program_({FSSHARED_PROGRAM, "--config",
              dir_.write("config.json",
                         config_text(socket_, share_root_, more_config))}) {
  const auto limit = std::chrono::steady_clock::now() + child_process::patience;
  while (run_fssharectl(socket_, {"version"}).exit_code != 0) {
    if (std::chrono::steady_clock::now() > limit)
      throw std::runtime_error{"fsshared takes no calls: " + program_.errors()};
    std::this_thread::yield();
  }
}

finished_process run_fsshared(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), FSSHARED_PROGRAM);
  return run_process(std::move(arguments));
}

finished_process run_fssharectl(const std::string& socket,
                                std::vector<std::string> arguments) {
  std::vector<std::string> argv{FSSHARECTL_PROGRAM, "--endpoint", socket};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run_process(std::move(argv));
}

} // namespace fsshare::test
