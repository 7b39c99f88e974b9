// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/churn/churn_options.hpp"
#include "tests/churn/churn_sandbox.hpp"
#include "tests/churn/copy_audit.hpp"
#include "tests/churn/kubelet.hpp"
#include "tests/churn/mortal_node.hpp"
#include "tests/churn/mounting_shims.hpp"
#include "tests/support/process_usage.hpp"
#include "tests/support/transcript.hpp"

#include <vector>

namespace fsshare::churn {

/// One churn, from the start of fsshared to its end. All is below one
/// directory, which is gone at the end.
class churn_run {
public:
  churn_run(const churn_options& with, const std::string& dir,
            test::transcript& out);

  /// Does all of it; what does not hold is in the transcript.
  void run();

  /// Prints what fsshared has logged.
  void show_logs();

private:
  using clock = std::chrono::steady_clock;

  void make_sandboxes();
  void share_every_volume();
  void churn();
  std::uint64_t act();
  void change_containers();
  void add_container(churn_sandbox& to);
  void make_trouble();
  bool kills() const;
  void kill_node();
  void revive_node();
  void check_point(bool is_last);
  void bring_to_rest();
  void rotate_unwatched();
  std::string wait_until_settled();
  void check_usage(bool is_last);
  void end_all();
  void drain();
  void check_end();

  const churn_options with_;
  test::transcript& out_;
  random_source random_;
  kubelet host_;
  mounting_shims mounting_;
  mortal_node node_;
  test::process_usage at_start_;
  test::data_observer observer_;
  test::control_client client_;
  sandbox_list sandboxes_;
  copy_audit audit_;
  std::uint64_t ticks_ = 0;
  std::uint64_t containers_ = 0;
  /// Of the process that runs, at check points.
  std::vector<test::process_usage> usages_;
};

} // namespace fsshare::churn
