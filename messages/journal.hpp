// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/orphan_types.hpp"
#include "core/journal/journal_record.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fsshare {

struct record_state {
  std::string sandbox_id;
  journal_record record;
};
struct record_states {
  std::vector<record_state> records;
};
struct state_recorded {
  /// Why not; empty if so.
  std::string failure;
};

struct state_status_request {
  std::string sandbox_id;
};

struct forget_state {
  std::string sandbox_id;
};

struct read_states {};
struct states_read {
  std::vector<recorded_sandbox> sandboxes;
  /// Files that earlier processes have set aside.
  std::size_t set_aside_before = 0;
};

/// Which state files that were set aside are of use.
struct collect_asides {
  enum class which : std::uint8_t {
    /// They are told, and stay.
    none,
    /// Those are removed that were there when this process began.
    of_before,
    all,
  };

  /// From told_by_asides().
  std::vector<std::string> told;
  which removed = which::none;
};
struct asides_collected {
  std::vector<aside_file> asides;
};

struct journal_tick {};

struct journal_rewriting_tick {};

} // namespace fsshare

FSSHARE_MESSAGES(journal, 14, record_state, record_states, state_recorded,
                 state_status_request, forget_state, read_states, states_read,
                 collect_asides, asides_collected, journal_tick,
                 journal_rewriting_tick)

namespace fsshare {

/// JOURNAL: one per process, on a thread of its own, since a directory may not
/// answer; owns the state files. Requests of one sandbox are carried out in
/// their order. None fails but with JOURNAL.
using journal_actor = caf::typed_actor<
  // Writes something of a sandbox down. Answered when what was recorded so far
  // outlives this process, or with the reason why it does not; then it is tried
  // again by itself. What changes nothing is not written.
  rpc<record_state, state_recorded>,
  // The same for several, of any sandboxes, in their order; the first reason
  // counts.
  rpc<record_states, state_recorded>,
  // Is all of a sandbox written down? Answered with the reason if not.
  rpc<state_status_request, state_recorded>,
  // Nothing is left of a sandbox. Answered when its file is gone, as above.
  rpc<forget_state, state_recorded>,
  // What have earlier processes written down? Comes once, before anything else.
  // What cannot be taken for true is set aside.
  rpc<read_states, states_read>,
  // Which state files were set aside, and who needs them? Answered when those
  // are removed that are to be and that nobody needs, or with the reasons.
  rpc<collect_asides, asides_collected>,
  // INTERNAL: what could not be written is tried again.
  msg<journal_tick>,
  // INTERNAL: the file that has outgrown itself is gone on with.
  msg<journal_rewriting_tick>>;

} // namespace fsshare
