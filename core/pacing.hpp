// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

namespace fsshare {

/// The shortest and the longest wait of a back-off.
struct backoff_range {
  std::chrono::nanoseconds first;
  std::chrono::nanoseconds last;
};

/// Exponential back-off with jitter: each delay is drawn from the upper half of
/// a range that doubles from `first` to `last`, so that many that failed
/// together do not come back together.
class backoff {
public:
  using duration = std::chrono::nanoseconds;

  /// @param seed Makes the delays reproducible.
  backoff(const backoff_range& limits, std::uint32_t seed)
    : first_(limits.first), last_(limits.last), range_(limits.first),
      rng_(seed) {
  }

  /// Returns how long to wait before the next try.
  duration next() {
    const auto half = range_ / 2;
    std::uniform_int_distribution<duration::rep> jitter{0, half.count()};
    range_ = std::min(range_ * 2, last_);
    ++failures_;
    return half + duration{jitter(rng_)};
  }

  /// Forgets the failures: the next delay is the shortest again.
  void reset() {
    range_ = first_;
    failures_ = 0;
  }

  /// Number of next() since the last reset().
  unsigned failures() const {
    return failures_;
  }

private:
  duration first_;
  duration last_;
  duration range_;
  unsigned failures_ = 0;
  std::minstd_rand rng_;
};

} // namespace fsshare

/// How long, how often and how many at a time: every interval, bound of a
/// back-off and count of tries that no key of the configuration sets.
namespace fsshare::pacing {

using duration = std::chrono::nanoseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// -- connections to guest agents ----------------------------------------------

/// Dials: a VM that boots is there within a second of its guest agent.
inline constexpr backoff_range redials{milliseconds{10}, seconds{1}};
/// How long a dial holds one of the slots that all share: guests that hang hold
/// up the others for a moment only.
inline constexpr duration dial_slot = milliseconds{250};
/// For one connection with its handshake; Kata's own is 10 s.
inline constexpr milliseconds handshake = seconds{10};
/// How long the end of a share waits for a guest that refuses to be dialed, as
/// one whose VM is gone.
inline constexpr duration refused_end = milliseconds{500};
/// A connection that has been silent for so long may be dead without a word, as
/// after the guest was restored from a snapshot.
inline constexpr duration long_idle = seconds{5};
/// A guest agent that is alive answers the Check after that sooner.
inline constexpr duration probe = seconds{2};
/// Silence after which a guest that owes answers is asked by a Check.
inline constexpr duration silent_guest = seconds{1};
/// How long that sign of life may take at first.
inline constexpr duration first_patience = seconds{3};
/// A Check after a silence that takes longer was held up by a guest that did
/// not run.
inline constexpr duration slow_check = seconds{1};
/// So many silences in a row; a guest that is always slow is served all the
/// same.
inline constexpr unsigned most_silences = 5;

// -- what is sent to guests ---------------------------------------------------

/// Pushes, settling and repairs of one destination.
inline constexpr backoff_range orders{milliseconds{100}, seconds{30}};
/// The wait of pushes where parts cannot be removed, from the third part on.
inline constexpr backoff_range held_pushes{seconds{30}, minutes{5}};
inline constexpr std::size_t most_parts_left = 3;
/// So often a first copy begins anew because its connection ended in the middle
/// of a file.
inline constexpr unsigned most_doubtful_copies = 16;
/// More waiting than this shows in the 99th percentile of what others ask the
/// guest agent; less drowns in its scheduling noise.
inline constexpr duration tolerated_delay = milliseconds{4};
/// How long the fastest round trip is believed; paths and load change.
inline constexpr duration believed_round_trip = seconds{10};
/// Between two tries of a file that cannot be read for now, and for how long.
/// Holders of leases give them up at once, or not until the kernel takes them
/// (lease-break-time of proc(5), 45 s).
inline constexpr duration unreadable_file = milliseconds{100};
inline constexpr duration longest_put_off = seconds{3};
/// A file that changes its size at each of so many readings is left out.
inline constexpr unsigned most_reshapes = 3;
/// How long after the start of a container the guest agent may unseal secrets:
/// Kata's default for create_container_timeout.
inline constexpr seconds container_start{60};

// -- what may still happen ----------------------------------------------------

/// How long a request without an answer is taken to be able to happen.
inline constexpr duration longest_lateness = minutes{10};
/// How long a generation stays that a flip without an answer may name.
inline constexpr duration doubtful_generation = seconds{30};
/// Between two flips, or makings of a link, that put right what may come late.
inline constexpr duration shortest_doubt = seconds{1};
/// Between a lost answer and the first removal of what it may bring back.
inline constexpr duration first_return = seconds{2};
/// When a path is removed once more that may come back. A network may hold a
/// request up for seconds; a guest that was paused, for longer.
inline constexpr std::array<seconds, 2> doubted_paths{seconds{4}, seconds{60}};

// -- removals -----------------------------------------------------------------

/// While something is sent, removals begin only so long after they are due.
inline constexpr duration removal_delay = seconds{1};
/// Names in a volume's root; what a policy forbids may be allowed when another
/// policy is set.
inline constexpr backoff_range removals{milliseconds{100}, minutes{5}};
inline constexpr backoff_range denied_removals{seconds{30}, minutes{5}};
/// Names that were not tried yet are removed so many at a time; of those that
/// were, fewer, with a pause.
inline constexpr std::size_t most_new_removals = 64;
inline constexpr std::size_t most_removals_again = 8;
inline constexpr duration removals_again = seconds{1};
/// Leftovers; their first wait is a key's.
inline constexpr duration longest_debt = minutes{5};
inline constexpr std::size_t most_debts_at_once = 64;

// -- looking at the host ------------------------------------------------------

/// Readings of a volume that a newer generation overtook: a kubelet is done
/// within milliseconds.
inline constexpr backoff_range overtaken_reads{milliseconds{2},
                                               milliseconds{200}};
inline constexpr backoff_range failed_reads{milliseconds{100}, seconds{30}};
/// Volumes that are not as the kubelet leaves them, perhaps for a moment.
inline constexpr backoff_range odd_volumes{milliseconds{100}, seconds{2}};
/// Kubelets up to 1.26 set owner and mode entry by entry after the flip.
inline constexpr duration attribute_quiet = milliseconds{20};
/// From the first copy that has a generation to a look whether it is still the
/// latest: no next rotation comes so soon.
inline constexpr duration look_after_copies = milliseconds{100};
/// What cannot be read at any try for so long is shown, and then not waited
/// for any more.
inline constexpr duration unreadable_shown = seconds{1};
inline constexpr duration unreadable_fails = seconds{3};
/// A comparison without an answer: longer than a disk that works takes, shorter
/// than `sources.timeout`.
inline constexpr seconds silent_host{1};
/// Modes and owners are compared at so many polls, or sweeps, once: that reads
/// the metadata of the whole tree.
inline constexpr unsigned close_poll_every = 10;
inline constexpr unsigned deep_sweep_every = 10;
/// Volumes that a sweep compares at a time, and the pause between slices after
/// lost events: soon, but not in the way of those that arrive.
inline constexpr std::size_t sweep_slice = 32;
inline constexpr duration lost_events_pause = milliseconds{5};
/// A read that takes longer gives its place up to another reader.
inline constexpr duration slow_read = milliseconds{100};
/// In that many parts of `sources.timeout` it is looked whether reads move.
inline constexpr int read_checks = 10;
/// Volumes that a mount may cover are told so many at a time, with a pause, so
/// that what happens to others waits for the requests of so many.
inline constexpr std::size_t covered_slice = 32;
inline constexpr milliseconds covered_pause{20};
/// Between two tries of what no reader could be made for.
inline constexpr seconds put_off_job{1};
/// So often a file is looked at again that changes meanwhile, or read again.
inline constexpr int most_looks = 3;
inline constexpr int most_readings = 3;
/// Looks at the cache of names, which mounts that come and go disturb.
inline constexpr int most_cache_looks = 16;

// -- mounts and the mount table -----------------------------------------------

/// After a change of the mount table was told none is for so long.
inline constexpr duration mounts_told = milliseconds{50};
/// What comes within this time of a change is seen with it.
inline constexpr duration mount_settling = milliseconds{200};
/// Until the next look at mounts where one could not do all.
inline constexpr duration mounts_again = seconds{5};
/// How many times as long as a look at the mount table none comes after it.
inline constexpr int mount_rest = 50;
/// How long a call may take that a source's filesystem may hold up; far more
/// than one does that is answered.
inline constexpr duration bounded_call = seconds{3};
/// One call of nydusd's API, which is Kata's limit, and one question for its
/// state.
inline constexpr milliseconds nydusd_call = seconds{30};
inline constexpr milliseconds nydusd_probe = seconds{1};
/// Questions until a nydusd counts as not running, some 5 s.
inline constexpr backoff_range nydusd_probes{milliseconds{20},
                                             milliseconds{500}};
inline constexpr unsigned most_nydusd_probes = 14;

// -- clients and the process --------------------------------------------------

/// From the first byte of a client's frame to its last.
inline constexpr duration frame = seconds{30};
/// Between two tries to accept where descriptors or memory ran out: the socket
/// stays readable, and accepting again at once would spin.
inline constexpr milliseconds exhausted_accept{100};
/// The start takes milliseconds; after so long it is given up.
inline constexpr seconds longest_start{30};
/// For what earlier processes left: reading it, then taking away what was
/// unfinished. What takes longer goes on while calls are taken.
inline constexpr seconds longest_adoption{10};
/// How long a sandbox waits for its state to be written down, once, and how
/// long until what could not be written is tried again.
inline constexpr seconds longest_record{1};
inline constexpr seconds record_retry{1};
/// Pushes of one volume that are written down while it is read; see
/// destination_table::expect().
inline constexpr std::size_t most_expected_pushes = 16;
/// Of a state file that is written anew, as many lines at a time: a millisecond
/// or two, for which whoever has something recorded waits.
inline constexpr std::size_t lines_at_once = 32;
/// Between two tries to end a sandbox whose owner is gone and that somebody
/// uses: a VM that is shut down, or a file server, takes seconds.
inline constexpr backoff_range orphan_ends{seconds{10}, minutes{10}};
/// Between two looks for processes that no descriptor tells of.
inline constexpr seconds process_look{5};
/// Between two looks how many descriptors are left.
inline constexpr seconds descriptors_look{1};
/// Looks whether memory can go back after a burst; after looks that found
/// nothing, up to so many of them are left out.
inline constexpr duration heap_look = seconds{10};
inline constexpr unsigned most_heap_looks_left_out = 32;
/// For the last questions to actors, and for whoever reads the last lines of
/// the log.
inline constexpr seconds last_answers{1};
inline constexpr milliseconds last_lines{1000};
/// Between two looks whether all actors have ended.
inline constexpr milliseconds last_actors{1};
/// What was left out of the log is said so long after the first of it; a key
/// that has said nothing for twice as long is forgotten. It is looked for at
/// least this often.
inline constexpr seconds lines_left_out{10};
inline constexpr seconds idle_lines{20};
inline constexpr seconds longest_log_wait{5};
/// Locks that killed node agents hold, one after the other.
inline constexpr int most_lock_successors = 16;
/// How often, and how long after each other, it is seen whether the readers of
/// one that was killed have ended, half a second in all.
inline constexpr int looks_at_dead = 50;
inline constexpr milliseconds between_looks_at_dead{10};

// -- events -------------------------------------------------------------------

/// The longest wait of a call for the next event.
inline constexpr duration event_wait = minutes{1};
/// From an event to the answer of who waits for it, which brings what happens
/// meanwhile, too.
inline constexpr duration event_gather = milliseconds{50};

// -- metrics and probes by HTTP -----------------------------------------------

/// For a request by HTTP, and for who takes its answer: scrapers and probes
/// take milliseconds.
inline constexpr duration http_request = seconds{5};
inline constexpr duration http_answer = seconds{10};
/// How often connections are looked at that are to end.
inline constexpr duration http_look = milliseconds{50};
/// Between two tries to listen where another has the address.
inline constexpr duration http_listen_again = seconds{5};
/// How long a scrape waits for actors that do not answer: less than scrapers
/// and probes wait.
inline constexpr duration scrape = seconds{1};
/// So long what a scrape has found is told to others that ask, too: many of
/// them cost no more than two a second.
inline constexpr duration scrape_reuse = milliseconds{500};

} // namespace fsshare::pacing
