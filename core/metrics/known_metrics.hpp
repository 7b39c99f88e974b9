// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/metrics/histogram.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fsshare {

enum class metric_type : std::uint8_t { counter, gauge, histogram };

/// How many labels a metric may have.
inline constexpr std::size_t most_metric_labels = 3;

/// Something that is counted or measured.
struct known_metric {
  /// As Prometheus names metrics: base units, counters end in `_total`.
  std::string_view name;
  metric_type type;
  /// Of its series; empty ones are none.
  std::array<std::string_view, most_metric_labels> labels;
  /// What it is to an operator, in Markdown without links.
  std::string_view about;
  /// Of a histogram.
  std::span<const double> bounds = {};
};

/// From the first hint of a rotation to the guest's acknowledgement.
inline constexpr std::array lag_bounds{0.005, 0.01,  0.025, 0.05, 0.1,  0.25,
                                       0.5,   1.0,   2.5,   5.0,  10.0, 30.0,
                                       60.0,  120.0, 300.0, 600.0};

/// From the sending of a request to a guest agent to its answer.
inline constexpr std::array round_trip_bounds{
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
  0.1,    0.25,    0.5,    1.0,   2.5,    5.0,   10.0, 30.0,  60.0};

/// Every metric there is. Values of labels are words of ours, or the names of
/// sandboxes and pods, never anything that a workload wrote.
inline constexpr auto known_metrics = std::to_array<known_metric>({
  {"kata_fsshare_build_info",
   metric_type::gauge,
   {"version", "revision"},
   "Always 1; what runs."},
  {"kata_fsshare_ready",
   metric_type::gauge,
   {},
   "1 while `/readyz` says so: calls are taken, and every actor answers."},
  {"kata_fsshare_actor_up",
   metric_type::gauge,
   {"actor"},
   "1 if the actor answered this scrape within a second. Metrics of one that "
   "did not are missing from the scrape."},
  {"process_cpu_seconds_total",
   metric_type::counter,
   {},
   "Processor time of fsshared, of user and system together."},
  {"process_resident_memory_bytes",
   metric_type::gauge,
   {},
   "Memory of fsshared that is in RAM."},
  {"process_threads", metric_type::gauge, {}, "Threads of fsshared."},
  {"process_open_fds",
   metric_type::gauge,
   {},
   "Descriptors that are open; the last 64 are kept from connections."},
  {"process_max_fds", metric_type::gauge, {}, "Their limit."},
  {"process_start_time_seconds",
   metric_type::gauge,
   {},
   "When fsshared began, in seconds since 1970."},
  {"kata_fsshare_propagation_lag_seconds",
   metric_type::histogram,
   {"volume_type"},
   "Of each rotation and guest copy: from its first hint on the host to the "
   "guest agent's acknowledgement of the switch. First copies are none.",
   lag_bounds},
  {"kata_fsshare_destinations",
   metric_type::gauge,
   {"state"},
   "Guest copies of volumes: `current`, `stale`, and `first` before the first "
   "copy is whole."},
  {"kata_fsshare_stale_seconds_max",
   metric_type::gauge,
   {},
   "How long the guest copy has been stale that has been so for longest; 0 "
   "while none is."},
  {"kata_fsshare_volumes",
   metric_type::gauge,
   {"state"},
   "Volumes on the host: `watched`, `polled` because they cannot be watched, "
   "`missing`, and `unread` while nobody knows what they have."},
  {"kata_fsshare_skipped_entries",
   metric_type::gauge,
   {},
   "Entries of volumes that their guest copies have not, see `fssharectl "
   "volume "
   "ls`."},
  {"kata_fsshare_orders_total",
   metric_type::counter,
   {"order", "result"},
   "What was asked of guests for volumes: a `push` of a generation, a `repair` "
   "of links or of the switch, a `removal`; `ok`, `denied` by the guest's "
   "policy, `failed`, `interrupted` by the end of the connection, "
   "`superseded`."},
  {"kata_fsshare_push_retries_total",
   metric_type::counter,
   {},
   "Pushes that follow a failure."},
  {"kata_fsshare_guests",
   metric_type::gauge,
   {"state"},
   "Sandboxes whose guests get copies: `connected`, or `unconnected`, which is "
   "no fault while there is nothing to send."},
  {"kata_fsshare_silent_guests",
   metric_type::gauge,
   {},
   "Guests whose agents do not answer: they owe answers and a sign of life, or "
   "their connection has ended, or was refused, and is not back."},
  {"kata_fsshare_guest_connected",
   metric_type::gauge,
   {"sandbox_id", "pod_namespace", "pod_name"},
   "1 while there is a connection to the guest agent; ends with the sandbox. "
   "The "
   "pod is as the sandbox's labels name it, or empty."},
  {"kata_fsshare_guest_connections_total",
   metric_type::counter,
   {},
   "Connections to guest agents that were made and greeted."},
  {"kata_fsshare_guest_requests_total",
   metric_type::counter,
   {"result"},
   "Requests to guest agents: `ok`, `denied` by the guest's policy, `failed`, "
   "and `unanswered` because the connection ended."},
  {"kata_fsshare_guest_requests_in_flight",
   metric_type::gauge,
   {},
   "Requests to guest agents that wait for an answer."},
  {"kata_fsshare_guest_round_trip_seconds",
   metric_type::histogram,
   {},
   "From the sending of a request to a guest agent to its answer.",
   round_trip_bounds},
  {"kata_fsshare_guest_sent_bytes_total",
   metric_type::counter,
   {},
   "Contents that were sent to guest agents."},
  {"kata_fsshare_guest_held_bytes",
   metric_type::gauge,
   {},
   "Memory of guests that copies take, all guests together."},
  {"kata_fsshare_inotify_watches",
   metric_type::gauge,
   {},
   "Watches of the node's one inotify instance."},
  {"kata_fsshare_inotify_overflows_total",
   metric_type::counter,
   {},
   "How often the kernel dropped events; all volumes were compared then."},
  {"kata_fsshare_sandboxes",
   metric_type::gauge,
   {"state"},
   "Sandboxes: `prepared`, `changing` while Prepare or Cleanup runs, and "
   "`lost` of which only Cleanup is left."},
  {"kata_fsshare_wiped_sandboxes",
   metric_type::gauge,
   {},
   "Sandboxes that were prepared and whose directory below the share root is "
   "not there any more, or not with our mark."},
  {"kata_fsshare_adopted_sandboxes_total",
   metric_type::counter,
   {"result"},
   "At the start, sandboxes of an earlier process: `adopted`, `unfinished` and "
   "cleaned up, `lost`, and `set_aside`: state files that are damaged, or of "
   "another boot, share root or format."},
  {"kata_fsshare_owners",
   metric_type::gauge,
   {"state"},
   "Sandboxes by their owner, the process that they live and die with: "
   "`alive`, `gone` without Cleanup, `nobody` where Prepare says so, and "
   "`unknown` where it cannot be told."},
  {"kata_fsshare_orphan_ends_total",
   metric_type::counter,
   {"result"},
   "What became of sandboxes whose owner was gone for "
   "`sandboxes.orphan_grace`: `ended`, or `kept` for now because somebody uses "
   "them, counted at each try."},
  {"kata_fsshare_mount_plans_total",
   metric_type::counter,
   {"result"},
   "Requests that mount or unmount: `ok`, or `failed` and undone."},
  {"kata_fsshare_mount_steps_total",
   metric_type::counter,
   {"step"},
   "Steps of those that were `ok`."},
  {"kata_fsshare_journal_writes_total",
   metric_type::counter,
   {"result"},
   "Changes of state files: `ok` or `failed`."},
  {"kata_fsshare_unrecorded_sandboxes",
   metric_type::gauge,
   {},
   "Sandboxes of which a restart would not know the latest."},
  {"kata_fsshare_reads",
   metric_type::gauge,
   {"state"},
   "Reads of the host's filesystems: `running`, `waiting`, `hung`."},
  {"kata_fsshare_hung_reads_total",
   metric_type::counter,
   {},
   "Reads that were given up because they stood still for "
   "`sources.timeout`."},
  {"kata_fsshare_copy_memory_bytes",
   metric_type::gauge,
   {"state"},
   "Memory for contents: `used`, and its `limit` (`copy.node_bytes`)."},
  {"kata_fsshare_copy_memory_waiting",
   metric_type::gauge,
   {},
   "How many wait for such memory."},
  {"kata_fsshare_events_total",
   metric_type::counter,
   {},
   "What happened to sandboxes, shares and volumes, see `fssharectl events`."},
  {"kata_fsshare_event_waiters",
   metric_type::gauge,
   {},
   "Calls that wait for the next event."},
  {"kata_fsshare_api_clients",
   metric_type::gauge,
   {},
   "Connections to the control socket."},
  {"kata_fsshare_api_calls_total",
   metric_type::counter,
   {"method", "code"},
   "Calls of the control API that were answered."},
});

/// A metric of the list by its name, which the compiler looks up.
class metric {
public:
  /// @param name A literal.
  consteval metric(const char* name) // NOLINT(google-explicit-constructor)
    : index_(index_of(name)) {
  }

  /// Where it stands in known_metrics.
  constexpr std::size_t index() const {
    return index_;
  }

private:
  static consteval std::size_t index_of(std::string_view name) {
    for (std::size_t i = 0; i < known_metrics.size(); ++i)
      if (known_metrics[i].name == name)
        return i;
    throw "not in known_metrics";
  }

  std::size_t index_;
};

} // namespace fsshare
