// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/demo_host.hpp"

#include "core/paths.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/guest_profiles.hpp"
#include "tests/support/private_mounts.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace fsshare::demo {

namespace fs = std::filesystem;

demo_host::demo_host(std::string dir, const std::string& profile,
                     test::transcript& out)
  : dir_(std::move(dir)), out_(&out) {
  for (const auto* name : {"run", "guest", "share"})
    fs::create_directory(path(name));
  start_guest(profile);
  start_node(profile);
}

void demo_host::start_guest(const std::string& profile) {
  guest_.emplace(std::vector<std::string>{FSSHARE_GUEST_PROGRAM, "--listen",
                                          guest_address(), "--root",
                                          guest_root(), "--profile", profile});
  const auto line = guest_->read_line();
  out_->command({"fsshare-guest", "--listen", guest_address(), "--root",
                 guest_root(), "--profile", profile, "&"},
                line.value_or(guest_->errors()));
  if (!line)
    throw std::runtime_error("fsshare-guest does not listen");
}

void demo_host::start_node(const std::string& profile) {
  const auto file = path("config.json");
  nlohmann::json config{
    {"api", {{"socket", path("run/fsshare.sock")}}},
    {"share", {{"root", share_root()}}},
    {"http", {{"listen", ""}}},
    // The guests of the demo look from where it runs.
    {"mounts", {{"visibility", "assumed"}}},
  };
  // Until such guest agents are released nobody knows their version.
  if (profile == test::no_implicit_parents_from)
    config["guest"]["no_implicit_parents_from"] = profile;
  std::ofstream{file} << config.dump(2) << "\n";
  out_->command({"cat", file}, config.dump(2));
  run_node(file);
}

void demo_host::kill_node() {
  out_->say("$ kill -KILL %fsshared");
  node_->signal(SIGKILL);
  node_->wait();
}

void demo_host::start_node_again() {
  run_node(path("config.json"));
}

void demo_host::run_node(const std::string& file) {
  out_->command({"fsshared", "--config", file, "&"}, "");
  node_.emplace(
    std::vector<std::string>{FSSHARE_NODE_PROGRAM, "--config", file});
  const auto answers = [this] {
    return test::run_process(ctl_line({"version"})).exit_code == 0;
  };
  if (!test::eventually(answers, deadline))
    throw std::runtime_error("fsshared does not answer: " + node_->errors());
  ctl({"version"});
}

std::vector<std::string>
demo_host::ctl_line(const std::vector<std::string>& args) const {
  std::vector<std::string> line{FSSHARE_CTL_PROGRAM, "--endpoint",
                                path("run/fsshare.sock")};
  line.insert(line.end(), args.begin(), args.end());
  return line;
}

void demo_host::ctl(const std::vector<std::string>& args) {
  auto line = ctl_line(args);
  const auto done = test::run_process(line);
  line.front() = "fssharectl";
  out_->command(line, done.output + done.errors);
  if (done.exit_code != 0)
    out_->check(false, args.front() + " succeeds",
                "exit code " + std::to_string(done.exit_code));
}

nlohmann::json demo_host::ask(std::vector<std::string> args) const {
  args.insert(args.end(), {"-o", "json"});
  const auto done = test::run_process(ctl_line(args));
  if (done.exit_code != 0)
    throw std::runtime_error("fssharectl: " + done.errors);
  return nlohmann::json::parse(done.output);
}

std::vector<mounted_entry> demo_host::mounts() const {
  const auto file = "/proc/" + std::to_string(node_->pid()) + "/mountinfo";
  auto all = read_mountinfo(file);
  if (!all)
    throw std::runtime_error(all.err().message);
  std::erase_if(*all, [this](const mounted_entry& each) {
    return !is_below(each.mount_point, dir_);
  });
  return *std::move(all);
}

void demo_host::stop(const std::function<bool(const std::string&)>& keeps) {
  out_->say("$ kill -TERM %fsshared %fsshare-guest");
  out_->check(node_->terminate() == 0, "fsshared ends with 0 on SIGTERM");
  out_->check(guest_->terminate() == 0, "fsshare-guest ends with 0 on SIGTERM");
  std::string left;
  for (const auto& each : test::tree_of(dir_)) {
    const auto name = each.substr(1);
    // Whoever starts next claims the same file, and needs the directories.
    if (!keeps(name) && !name.ends_with("/fsshare.sock.lock")
        && !name.ends_with("/fsshare.sock.copies")
        && !name.ends_with("run/state"))
      left += name + "\n";
  }
  out_->check(left.empty(),
              "they leave nothing but a lock and empty directories behind",
              left);
}

void demo_host::show_logs() const {
  if (node_)
    out_->command({"log", "of", "fsshared:"}, node_->errors());
  if (guest_)
    out_->command({"log", "of", "fsshare-guest:"}, guest_->errors());
}

std::string demo_host::path(const std::string& name) const {
  return join(dir_, name);
}

} // namespace fsshare::demo
