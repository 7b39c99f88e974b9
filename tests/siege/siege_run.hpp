// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/siege/besieged_node.hpp"
#include "tests/siege/honest_part.hpp"
#include "tests/siege/hostile_client.hpp"
#include "tests/siege/hostile_sandbox.hpp"
#include "tests/siege/hung_source.hpp"
#include "tests/siege/siege_options.hpp"
#include "tests/support/transcript.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fsshare::siege {

/// One siege, from the start of fsshared to its end.
class siege_run {
public:
  /// @param dir An empty directory for all files, in a mount namespace that is
  ///            the siege's own.
  siege_run(const siege_options& with, const std::string& dir,
            test::transcript& out);

  /// Does all of it; what does not hold is in the transcript.
  void run();

private:
  void turn_hostile();
  void show(const service_figures& got);
  void show_attacks();
  void check_service(const service_figures& quiet,
                     const service_figures& besieged);
  void check_end();

  const siege_options with_;
  const std::string dir_;
  test::transcript& out_;
  besieged_node node_;
  honest_part honest_;
  std::vector<std::unique_ptr<hostile_sandbox>> sandboxes_;
  std::vector<std::unique_ptr<hung_source>> sources_;
  std::vector<std::unique_ptr<hostile_client>> clients_;
};

} // namespace fsshare::siege
