// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/journal/journal_log.hpp"
#include "messages/journal.hpp"
#include "messages/metrics.hpp"
#include "messages/state_actor.hpp"
#include "sys/journal/state_files.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fsshare {

struct journal_options {
  /// What is written is of this run of the kernel.
  std::string boot_id;
  /// And of this share root.
  std::string share_root;
  /// Called before anything that stands still where the state directory does;
  /// may be null.
  std::function<void()> before_files = nullptr;
};

/// What JOURNAL owns: the state files, and what they come to. It writes them
/// itself, on a worker: whoever waits for a line waits for no other thread to
/// wake up. There is another worker for the others, should a write hang.
class journal_state {
public:
  using handle = measured<journal_actor>;
  static constexpr const char* name = "journal";

  journal_state(handle::pointer self, state_files files,
                journal_options options);

  handle::behavior_type make_behavior();

private:
  state_files& files();
  state_recorded record(const record_state& msg);
  state_recorded describe(const std::string& sandbox_id) const;
  state_recorded forget(const std::string& sandbox_id);
  status remove(const std::string& sandbox_id);
  states_read read();
  void take(const state_files::file& found, states_read& out);
  asides_collected collect(const collect_asides& msg);
  void set_aside(const std::string& sandbox_id, const std::string& why);
  status write(const std::string& sandbox_id, journal_log& log,
               const std::string* line);
  void appended(const std::string& sandbox_id, journal_log& log,
                const std::string& line);
  void go_on_rewriting();
  void stop_rewriting(const std::string& sandbox_id);
  void try_again();
  void note(const status& written);
  void try_later();
  metrics_part measure() const;
  journal_head head_of(const std::string& sandbox_id) const;

  /// A file that has outgrown itself, and is written anew piece by piece, for
  /// a large one takes long and records of all sandboxes wait meanwhile.
  struct rewriting {
    std::string sandbox_id;
    /// What the file came to when it was begun.
    std::vector<journal_record> records;
    std::size_t rendered = 0;
    std::string text;
    /// Lines that were appended to the old one since then.
    std::string since;
  };

  handle::pointer self_;
  state_files files_;
  journal_options options_;
  std::map<std::string, journal_log> logs_;
  std::optional<rewriting> rewriting_;
  /// Sandboxes that are gone, and whose files are not.
  std::set<std::string> removals_;
  /// Whose files an earlier process has set aside.
  std::set<std::string> set_aside_before_;
  /// Why the last file could not be written; empty while all can.
  std::string failure_;
  bool is_waiting_ = false;
  metric_set counted_;
};

using journal = state_actor<journal_state>;

} // namespace fsshare
