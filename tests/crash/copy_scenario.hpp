// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "tests/support/control_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/killed_node.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace fsshare::test {

/// The life of a sandbox in copy mode with everything in it: its sources, its
/// requests, and what they come to.
class copy_scenario {
public:
  struct operation {
    std::string name;
    std::function<status(control_client&)> call;
  };

  /// Short pauses, and nothing that comes by itself.
  static constexpr const char* config
    = R"("http": {"listen": ""}, "mounts": {"visibility": "assumed"},
         "guest": {"quiet_time": "20ms", "end_timeout": "5s"},
         "volumes": {"grace": "20ms"})";

  explicit copy_scenario(guest_process& guest);

  std::string share_root() const {
    return dir_ / "share";
  }
  const std::vector<operation>& operations() const {
    return operations_;
  }

  /// What containers find in the guest, by names without their random parts.
  /// Generations that nobody can see are left out.
  std::string guest_text() const;
  /// That, and what the API says; empty while nobody answers.
  std::string observe(killed_node& node) const;
  /// Waits until everything is current and old generations are gone.
  void await_rest(killed_node& node) const;
  /// Sends a request whose answer nobody waits for for long.
  static void begin_unanswered(const operation& what, killed_node& node);
  /// They outlive their shares.
  void forget_empty_dirs() const;

  static std::vector<std::string> names_in(const std::string& dir);

private:
  void add_volume(const std::string& name, const payload& files);
  status rotate(const std::string& name, const payload& files);

  guest_process& guest_;
  temp_dir dir_;
  std::vector<operation> operations_;
  std::map<std::string, rotator> kubelets_;
};

} // namespace fsshare::test
