// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"
#include "main/actor_wiring.hpp"
#include "sys/tree/inotify.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/in_place_runner.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/sim_guest.hpp"
#include "tests/support/temp_dir.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace fsshare::test {

/// Whether a world's node agent writes down what the next one has to know.
enum class journaling : std::uint8_t { off, on };

/// A whole node agent under the deterministic scheduler: every actor but API
/// SERVER, real files and real inotify on the host's side, and guests whose
/// requests the test carries out.
class node_world {
public:
  /// @param config what is not of the control socket counts; the share root is
  ///        the world's own. It knows the stand-in's profiles where it does not
  ///        say otherwise.
  explicit node_world(chooser& choose, node_config config = {},
                      journaling keeps = journaling::off);

  // -- its end and the next one -----------------------------------------------
  /// Ends the node agent as SIGKILL does: nothing is done any more, what was
  /// written down stays, and its connections end.
  void kill();
  /// Starts another one, which goes on with what was written down. So does
  /// step() by itself where an actor has died, and whatever it does is written
  /// down: as the program ends then, and is started again.
  void start();
  /// Returns the actors that have died so, one for each restart.
  const std::vector<actor_death>& deaths() const {
    return deaths_;
  }
  /// Lets any one of its actors die.
  void let_one_die();

  // -- the host ---------------------------------------------------------------
  /// Makes an empty ConfigMap volume and its kubelet.
  rotator& add_volume(const std::string& name,
                      kubelet_order order = kubelet_order::from_1_27,
                      std::optional<gid_t> fs_group = std::nullopt);
  std::string volume_path(const std::string& name) const;

  // -- sandboxes --------------------------------------------------------------
  /// Makes a guest that no sandbox is prepared with.
  sim_guest& add_guest(const std::string& id,
                       guest::profile which = guest::profile::v4_0);
  /// Prepares a sandbox in copy mode.
  sim_guest& add_sandbox(const std::string& id,
                         guest::profile which = guest::profile::v4_0);
  sim_guest& guest(const std::string& id) {
    return *guests_.at(id);
  }
  share_file_request volume_request(const std::string& sandbox,
                                    const std::string& container,
                                    const std::string& volume) const;
  /// Shares a volume and runs until that is answered.
  share_file_reply share(const std::string& sandbox,
                         const std::string& container,
                         const std::string& volume);

  // -- running ----------------------------------------------------------------
  /// Lets anything happen that can happen now: an actor, a read of inotify, a
  /// request of a guest that is not hung.
  /// @returns false if nothing can.
  bool step();
  /// Runs until nothing can happen without time.
  void settle();
  /// Runs until `goal` holds; fails the case if it never does without time.
  void run_until(const std::function<bool()>& goal);
  /// Moves time in steps of 100 ms, settling after each.
  void pass(std::chrono::milliseconds time);
  /// Moves time in one step, without settling. Late requests happen meanwhile;
  /// nothing else does.
  void jump(std::chrono::milliseconds time);
  /// Drops the events that the kernel has queued, as if they were lost.
  void lose_events();
  /// The same, and the kernel says so.
  void overflow();
  void hang(const std::string& sandbox) {
    hung_.insert(sandbox);
  }
  void unhang(const std::string& sandbox) {
    hung_.erase(sandbox);
    guest(sandbox).redraw();
  }

  /// Sends a request to NODE, lets everything run and returns the answer.
  template <class Reply, class Request>
  result<Reply> ask(Request msg) {
    auto pending = actors.request(node, std::move(msg));
    std::optional<result<Reply>> got;
    for (int n = 0; n < 200000 && !got; ++n) {
      const bool moved = step();
      got = actors.answer<Reply>(pending);
      if (!moved && !got)
        break;
    }
    REQUIRE_MESSAGE(got, "no answer to a request");
    return *std::move(got);
  }

  /// The same for requests whose answers need time to pass.
  template <class Reply, class Request>
  result<Reply> ask_over_time(Request msg) {
    const auto got = actors.call<Reply>(node, std::move(msg));
    for (int n = 0; n < 1000 && !*got; ++n) {
      settle();
      if (!*got)
        pass(std::chrono::milliseconds{100});
    }
    REQUIRE_MESSAGE(*got, "no answer to a request");
    return **got;
  }

  /// Runs, with time, until a request is answered. Requests before it were
  /// answered and taken.
  template <class Reply, class Pending>
  result<Reply> await(Pending& pending) {
    for (int n = 0; n < 1500; ++n) {
      settle();
      if (auto got = actors.answer<Reply>(pending))
        return *std::move(got);
      actors.advance(std::chrono::milliseconds{100});
    }
    FAIL("no answer to a request");
    return error{};
  }

  // -- looking ----------------------------------------------------------------
  volume_status status_of(const std::string& volume);
  bool is_known(const std::string& volume);
  /// Returns the number of watches in the kernel.
  std::size_t watch_count() const;
  /// Directory that holds a share in the guest's files.
  std::string guest_dir(const std::string& sandbox,
                        const std::string& share_id) const;
  /// Lists what a guest that holds the volume must have: the current
  /// generation, `..data`, links and the rest, but not what a kubelet that died
  /// left behind. Without the owners of links.
  std::string host_text(const std::string& volume) const;
  /// The same of a guest copy, with the host's name of its generation.
  /// @param leave_out names in its root.
  std::string guest_text(const std::string& volume, const std::string& sandbox,
                         const std::string& share_id,
                         const std::set<std::string>& leave_out = {}) const;
  /// Checks that the guest has exactly what the host has, links' owners apart.
  void check_equal(const std::string& volume, const std::string& sandbox,
                   const std::string& share_id) const;
  bool is_equal(const std::string& volume, const std::string& sandbox,
                const std::string& share_id) const;

  chooser& choose;
  temp_dir dir;
  /// Faults: each request of a guest fails, or ends its connection, once in so
  /// many; 0 is never.
  std::size_t fail_one_in = 0;
  std::size_t drop_one_in = 0;
  /// Does the reads; may let them stand still.
  std::shared_ptr<in_place_runner> readers
    = std::make_shared<in_place_runner>();
  /// Called between any two file system operations of a reader.
  std::function<void()> between_reads;
  /// Lets what a guest had received when its connection ended happen up to this
  /// much later.
  void set_lateness(const std::string& sandbox, std::chrono::milliseconds most);
  actor_fixture actors;
  node_actor node;
  registry_actor registry;
  memory_budget_actor memory;
  events_actor events;

private:
  void wire();
  void adopt();
  bool run_guest(sim_guest& guest);
  std::vector<volume_status> volumes();

  node_config config_;
  journaling keeps_;
  /// What belongs to the node agent that runs.
  std::vector<caf::weak_actor_ptr> agents_;
  std::vector<actor_death> deaths_;
  journal_actor journal_;
  std::shared_ptr<kernel_watch_api> watches_;
  inotify_reader_actor watcher_;
  std::map<std::string, std::shared_ptr<sim_guest>> guests_;
  std::set<std::string> hung_;
  std::map<std::string, std::unique_ptr<rotator>> volumes_;
  std::uint64_t nonce_ = 0;
};

} // namespace fsshare::test
