// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/mountinfo.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/transcript.hpp"

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace fsshare::demo {

/// Longest wait for anything that should happen by itself.
inline constexpr std::chrono::seconds deadline{10};

/// fsshared and fsshare-guest, with all that they make in one directory.
class demo_host {
public:
  /// Starts both and waits until they answer. Throws if they do not.
  /// @param dir An empty directory.
  demo_host(std::string dir, const std::string& profile, test::transcript& out);

  /// Ends fsshared as a fault does: by SIGKILL.
  void kill_node();
  /// Starts it again, and waits until it answers.
  void start_node_again();

  /// Runs fssharectl, prints it, and checks that it succeeded.
  void ctl(const std::vector<std::string>& args);

  /// Runs fssharectl for its JSON; prints nothing. Throws if it failed.
  nlohmann::json ask(std::vector<std::string> args) const;

  /// Returns the mounts below the directory, as fsshared sees them.
  std::vector<mounted_entry> mounts() const;

  /// Ends both programs, checks that they ended well, and that of their files
  /// nothing is left but what `keeps` returns true for.
  /// @param keeps Gets paths relative to the directory.
  void stop(const std::function<bool(const std::string&)>& keeps);

  /// Prints what fsshared and fsshare-guest have complained about.
  void show_logs() const;

  /// Returns the path of `name` in the directory.
  std::string path(const std::string& name) const;
  std::string share_root() const {
    return path("share");
  }
  /// Returns the directory that stands for the guest's share.
  std::string guest_root() const {
    return path("guest");
  }
  /// Returns where guest agents listen, as fssharectl takes it.
  std::string guest_address() const {
    return "unix://" + path("run/guest.sock");
  }
  test::transcript& out() const {
    return *out_;
  }

private:
  std::vector<std::string> ctl_line(const std::vector<std::string>& args) const;
  void start_guest(const std::string& profile);
  void start_node(const std::string& profile);
  void run_node(const std::string& file);

  std::string dir_;
  test::transcript* out_;
  std::optional<test::child_process> guest_;
  std::optional<test::child_process> node_;
};

} // namespace fsshare::demo
