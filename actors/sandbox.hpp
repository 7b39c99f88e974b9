// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/sandbox_files.hpp"
#include "core/copy/ranked.hpp"
#include "core/copy/shared_copies.hpp"
#include "core/mount/mount_plan.hpp"
#include "core/net/guest_address.hpp"
#include "core/rootfs/rootfs_share.hpp"
#include "core/share/guest_facts.hpp"
#include "core/share/share_layout.hpp"
#include "core/share/share_state.hpp"
#include "messages/events.hpp"
#include "messages/guest_proxy.hpp"
#include "messages/journal.hpp"
#include "messages/mounter.hpp"
#include "messages/nydus.hpp"
#include "messages/reader_pool.hpp"
#include "messages/registry.hpp"
#include "messages/reply_promise.hpp"
#include "messages/sandbox.hpp"
#include "messages/state_recorder.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fsshare {

struct sandbox_options {
  std::string sandbox_id;
  std::string share_root;
  /// Where shares appear in a guest that is not told another place.
  std::string guest_share_dir;
  submounts recursive = submounts::take;
  copy_rules categories{};
  copy_scope guest_copies = copy_scope::by_policy;
  /// Of one that does not go on: it is for Cleanup alone then.
  std::optional<sandbox_remains> remains = std::nullopt;
  /// Holds the marks of sandboxes in copy mode.
  std::string mark_dir = {};
  /// How long the end of a share waits for the guest.
  std::chrono::nanoseconds end_timeout = std::chrono::seconds{2};
};

/// What a GUEST PROXY is made with.
struct proxy_terms {
  std::string sandbox_id;
  guest_address address;
  /// Guest path of the directory that holds all copies.
  std::string share_dir;
  /// Memory of the guest; 0 is unknown.
  std::uint64_t memory_bytes = 0;
  /// Of the sandbox; null for none.
  std::shared_ptr<const label_map> labels;
  /// What an earlier process has written down of the guest; null for a new
  /// sandbox.
  std::shared_ptr<const guest_of_before> before;
};

/// Whom a SANDBOX works with.
struct sandbox_neighbours {
  mounter_actor mounter;
  registry_actor registry;
  reader_pool_actor reader;
  /// Spawns the GUEST PROXY of a sandbox in copy mode.
  std::function<guest_proxy_actor(const proxy_terms&)> make_proxy;
  /// Random numbers for share names, and for the jitter of retries.
  std::function<std::uint64_t()> nonce;
  /// Spawns the NYDUS of a sandbox whose nydusd listens on `socket`; needed
  /// where sandboxes are prepared with one.
  /// Fails where no thread can be had.
  std::function<result<nydus_actor>(const std::string& socket)> make_nydus
    = nullptr;
  /// Null where nothing is written down.
  journal_actor journal = {};
  /// Null where nobody is told what happens.
  event_sink events = {};
};

/// What a SANDBOX owns: its state, its guest's proxy and whom it owes answers.
class sandbox_state {
public:
  using handle = sandbox_actor;
  static constexpr const char* name = "sandbox";

  sandbox_state(handle::pointer self, sandbox_options options,
                sandbox_neighbours neighbours);
  ~sandbox_state();
  sandbox_state(const sandbox_state&) = delete;
  sandbox_state& operator=(const sandbox_state&) = delete;

  const std::string& sandbox_id() const {
    return options_.sandbox_id;
  }

  handle::behavior_type make_behavior();

private:
  using path_reasons = std::vector<path_reason>;
  /// Gets what the end of one share left in the guest, or why it failed.
  using ended = std::function<void(const result<path_reasons>&)>;

  /// Whom a share owes an answer, beside what share_state knows of it.
  struct waiting_callers {
    std::vector<reply_promise<share_file_reply>> callers;
    std::vector<ended> enders;
  };
  using status_handler = std::function<void(const status&)>;
  struct rootfs {
    share_rootfs_request request;
    share_life life;
    /// Tells it from a former one of the same container.
    std::uint64_t turn = 0;
    opened_sources sources;
    /// Filled in once the kind is known.
    rootfs_share share;
    std::vector<reply_promise<share_rootfs_reply>> callers;
    std::vector<status_handler> enders;
    /// Of the request, while no more of it is known than was written down.
    std::optional<std::string> digest = std::nullopt;
  };

  /// What is said of the sandbox so far.
  struct description {
    get_sandbox_request request;
    /// Whether all of it is asked for, or part of a list.
    bool is_whole = false;
    /// How much of each list is asked for: numbers of leftovers, and bytes.
    std::size_t most_leftovers = 0;
    std::size_t room_for_shares = 0;
    std::size_t room_for_volumes = 0;
    volume_cursor volumes_after = {};
    get_sandbox_reply reply = {};
    /// Those of its guest copies.
    leftover_page below_copies = {};
    reply_promise<get_sandbox_reply> promise;
  };
  using description_ptr = std::shared_ptr<description>;

  /// Orders of REGISTRY to the same proxy count from 1.
  static constexpr std::uint64_t first_tree_order = std::uint64_t{1} << 63;

  // -- Prepare (sandbox_prepare.cpp) ------------------------------------------
  caf::result<prepare_reply> handle_request(const prepare_request& msg);
  caf::result<prepare_reply> identify_namespace(const prepare_request& msg);
  void admit(const prepare_request& msg,
             const reply_promise<prepare_reply>& promise);
  void begin_prepare();
  void copying_prepared(const status& outcome);
  void prepare_done(const status& outcome);
  void answer_prepare(const status& outcome);
  prepare_reply prepared_reply() const;

  // -- life cycle (sandbox.cpp) -----------------------------------------------
  void start_proxy(const std::shared_ptr<const guest_of_before>& before);
  void await_lost();
  caf::result<cleanup_reply> handle_request(const cleanup_request& msg);
  mount_plan cleanup_plan() const;
  void begin_cleanup(const mount_plan& plan);
  void take_sandbox_away(mount_plan plan);
  void cleanup_done(const status& outcome,
                    const std::vector<path_reason>& foreign);
  void answer_cleanup(const status& outcome,
                      const std::vector<path_reason>& foreign);
  std::string mark_path() const;
  void forget();
  void drop_all(const error& why);
  caf::result<start_watcher_reply>
  handle_request(const start_watcher_request& msg);
  caf::result<stop_watcher_reply>
  handle_request(const stop_watcher_request& msg);
  template <class Reply>
  caf::result<Reply> follow(owed_replies<Reply>& owed, bool on);
  void
  open_sources(const mount_plan& plan,
               const std::function<void(const result<opened_sources>&)>& then);
  void run(mount_plan plan, opened_sources sources,
           const std::function<void(const status&)>& then);
  void run(mount_plan plan, const std::function<void(const status&)>& then);
  bool copies() const;
  bool is_one_copy_for_all() const;

  // -- what is told of its guest and names (sandbox_guest.cpp) ----------------
  caf::result<set_guest_reply> handle_request(const set_guest_request& msg);
  void note_guest(const set_guest_request& before,
                  const std::function<void()>& then);
  bool awaits_proxy() const;
  void name_sandbox();
  void name_container(const std::string& id, const std::string& called);
  std::string name_of(const std::string& container_id) const;
  void forget_name(const std::string& container_id);

  // -- its end without its owner (sandbox_orphaned.cpp) -----------------------
  void end_if_unused(const reply_promise<cleanup_reply>& promise);
  void check_unused(const status_handler& then);

  // -- what is said of it (sandbox_status.cpp) --------------------------------
  caf::result<get_sandbox_reply> handle_request(const get_sandbox_request& msg);
  void begin_description(const description_ptr& what) const;
  share_status status_of(const share& s) const;
  share_status status_of(const std::string& container_id,
                         const rootfs& r) const;
  void describe_shares(share_page& page, const std::string& after,
                       std::size_t room) const;
  void describe_reads(const description_ptr& what);
  void describe_volumes(const description_ptr& what);
  void describe_record(const description_ptr& what);
  void describe_leftovers(const description_ptr& what);
  void describe_guest(const description_ptr& what);
  leftover_page ending_copies(const std::string& after) const;
  void add_doubts(share_page& shares, const guest_status& guest) const;
  void add_guest(description& to, guest_status& guest) const;

  // -- shares (sandbox_share.cpp) ---------------------------------------------
  caf::result<share_file_reply> handle_request(const share_file_request& msg);
  caf::result<share_files_reply> handle_request(const share_files_request& msg);
  void files_shared(const files_ptr& all);
  void end_made(const files_ptr& all, const error& why);
  void begin_share(share& s);
  void begin_bind(share& s);
  void bind(share& s, bool watchable);
  void describe_bind(share& s, bool watchable) const;
  bind_options options_of(const share& s) const;
  void mount_source(share& s, mount_plan plan, opened_sources sources);
  void share_done(const std::string& id,
                  const result<share_file_reply>& outcome);
  void share_made(const std::string& id, result<share_file_reply> outcome);

  // -- guest copies (sandbox_copy.cpp) ----------------------------------------
  void begin_copy(share& s);
  status admit_copy(share& s, const source_class& found) const;
  void join_copy(share& s, const source_class& found);
  void join_tree(share& s, const shared_copies::copy& copy);
  read_tree tree_at(const std::string& source, const stop_flag& stop) const;
  read_tree tree_of(const shared_copies::copy& copy,
                    const stop_flag& stop) const;
  bool is_apart(const share& s) const;
  void send_part(shared_copies::copy& copy, const std::string& part,
                 const std::string& share_id, const tree_snapshot_ptr& tree);
  void copy_part(const shared_copies::copy& copy, const std::string& part,
                 const std::string& share_id, const tree_snapshot_ptr& tree);
  static void note_parts(shared_copies::copy& copy, const std::string& part,
                         const tree_snapshot& tree);
  void part_failed(const std::string& copy_id, const std::string& part,
                   const std::string& share_id, const error& why);
  void make_copy(const shared_copies::copy& copy);
  void record_copy(const shared_copies::copy& copy,
                   const std::function<void(shared_copies::copy&)>& then);
  void forget_copy(const std::string& copy_id);
  void add_volume(const shared_copies::copy& copy);
  void volume_added(const std::string& copy_id, destination_added& added);
  void rename_volume(const std::string& copy_id);
  void await_copy(const share& s, const shared_copies::copy& copy);
  void read_tree_of(const shared_copies::copy& copy);
  void stop_walk(const std::string& copy_id);
  void walk_ended(const std::string& copy_id, const stop_flag& which);
  void send_tree(shared_copies::copy& copy, const tree_snapshot_ptr& tree);
  /// Gives a copy that failed another guest path; ends it where that has been
  /// done too often.
  bool give_other_name(shared_copies::copy& copy);
  void rename_tree(const std::string& copy_id, const tree_snapshot_ptr& tree);
  void note_losses(shared_copies::copy& copy, const tree_snapshot& tree);
  void note_kubelet_root(const std::string& source);
  std::vector<std::string> kubelet_roots() const;
  static share_file_reply reply_of_tree(share& s,
                                        const shared_copies::copy& copy,
                                        skipped_list skipped);
  recorded_tree record_of(const shared_copies::copy& copy,
                          const tree_snapshot& tree) const;
  void tree_made(const std::string& copy_id, const tree_snapshot& tree,
                 skipped_list skipped);
  void follow_tree(shared_copies::copy& copy);
  void copy_failed(const std::string& copy_id, const error& why);
  void end_copy(shared_copies::copy& copy, ended then);
  void stop_waiting(const std::string& copy_id);
  void remove_tree(const shared_copies::copy& copy);
  void copy_gone(const std::string& copy_id,
                 const result<path_reasons>& outcome);
  static share_file_reply reply_of_volume(const share& s,
                                          destination_added& copied);
  static share_file_reply reply_with(const share& s, skipped_list skipped);

  // -- emptyDirs of the guest's own (sandbox_local.cpp) -----------------------
  bool is_guests_own(const source_class& found) const;
  copy_terms local_terms(const share& s, const source_class& found) const;
  void join_local(share& s, const source_class& found);
  void answer_local(const std::string& share_id,
                    const shared_copies::copy& copy);

  // -- trees that the guest has lost (sandbox_lost_tree.cpp) ------------------
  void tree_lost(const std::string& guest_root);
  bool may_be_written(const shared_copies::copy& copy) const;
  void try_again(const copy_again_due& due);
  void read_again(const shared_copies::copy& known);
  void send_again(const std::string& copy_id, std::uint64_t which,
                  const tree_snapshot_ptr& tree);
  void sent_again(const std::string& copy_id, const tree_snapshot& tree,
                  const skipped_list& skipped);
  void failed_again(const std::string& copy_id, std::uint64_t which,
                    const std::string& why);
  void not_again(shared_copies::copy& copy, const std::string& why);

  // -- root filesystems (sandbox_rootfs.cpp) ----------------------------------
  caf::result<share_rootfs_reply>
  handle_request(const share_rootfs_request& msg);
  void begin_rootfs(const std::string& container_id);
  rootfs* find_rootfs(const std::string& container_id, std::uint64_t turn);
  void plan_rootfs_of(const std::string& container_id, bool on_erofs);
  void make_rootfs(const std::string& container_id);
  result<rootfs_share> describe_rootfs(const share_rootfs_request& request,
                                       rootfs_kind kind) const;
  bool recognize(rootfs& known, const share_rootfs_request& request) const;
  void mount_image(const std::string& container_id, const rafs_mount& image);
  void mount_rootfs(const std::string& container_id);
  void rootfs_done(const std::string& container_id, const status& outcome);
  void end_rootfs(const std::string& container_id, status_handler then);
  void take_rootfs_away(const std::string& container_id);
  void unmount_rootfs(const std::string& container_id);
  void unmount_images(const std::vector<std::string>& mountpoints,
                      const status_handler& then);
  void rootfs_gone(const std::string& container_id, const status& outcome);
  void forget_rootfs(const std::string& container_id);
  result<nydus_actor> nydus();
  void stop_nydus();

  // -- the end of shares (sandbox_unshare.cpp) --------------------------------
  caf::result<unshare_file_reply>
  handle_request(const unshare_file_request& msg);
  caf::result<unshare_container_reply>
  handle_request(const unshare_container_request& msg);
  caf::result<unshare_rootfs_reply>
  handle_request(const unshare_rootfs_request& msg);
  void end_share(share& s, ended then);
  void take_away(const std::string& id);
  void unmount_share(const std::string& id);
  void leave_copy(const std::string& id);
  void gone(const std::string& id, const result<path_reasons>& outcome);

  // -- what is written down, and what was (sandbox_journal.cpp) ---------------
  void record(const journal_record& what);
  void record(const journal_record& what, const std::function<void()>& then);
  void forget_record(const std::function<void()>& then);
  void add_record_status(const description_ptr& what);
  caf::result<sandbox_restored> restore(const restore_sandbox& msg);
  void restore_share(const recorded_share& what);
  status restore_rootfs(const recorded_rootfs& what);
  void follow_again(const share& s);

  // -- guest copies of an earlier process (sandbox_adopt_copies.cpp) ----------
  void restore_copies(const adopted_sandbox& adopted);
  void restore_copy(const copy_of_before& what,
                    const std::set<std::string>& shares);
  void restore_share(const recorded_copied_share& what);
  recorded_copied_share record_of(const share& s,
                                  const share_file_reply& reply) const;

  handle::pointer self_;
  sandbox_options options_;
  sandbox_neighbours neighbours_;
  state_recorder<handle::base> recorder_;
  share_state state_;
  shared_copies copies_;
  /// Who is to be told when a copy is gone that no share uses any more.
  std::map<std::string, ended> copy_enders_;
  /// By copy: ends the reading of its tree. Set when nobody waits for it.
  std::map<std::string, std::shared_ptr<std::atomic<bool>>> walks_;
  /// Roots of kubelets, as paths of sources have shown them.
  std::set<std::string> seen_kubelet_roots_;
  share_layout layout_;
  guest_proxy_actor proxy_;
  bool following_ = false;
  /// Whether REGISTRY or READER POOL may know of this sandbox. Forgotten before
  /// its end is answered, so that nothing said later meets its successor.
  bool is_known_ = false;
  std::uint64_t last_order_ = 0;
  std::map<std::string, waiting_callers> waiting_;
  std::map<std::string, rootfs> rootfs_;
  ranked_set<std::string> rootfs_order_;
  std::uint64_t last_turn_ = 0;
  /// Of the Prepare that waits for its sources; nothing of it is made yet.
  std::optional<std::uint64_t> opening_;
  /// Spawned by the first root filesystem that needs it.
  nydus_actor nydus_;
  /// Mountpoints of images that nydusd has mounted or is about to.
  std::set<std::string> images_;
  /// What people call it, and its containers; null for nothing.
  std::shared_ptr<const label_map> labels_;
  std::map<std::string, std::string> container_names_;
  std::vector<reply_promise<prepare_reply>> preparing_;
  std::vector<reply_promise<cleanup_reply>> cleaning_;
  /// Why it ends.
  error at_the_end_;
  // Last, so that they die first.
  owed_replies<prepare_reply> identifying_{at_the_end_};
  owed_replies<get_sandbox_reply> describing_{at_the_end_};
  owed_replies<share_files_reply> sharing_files_{at_the_end_};
  owed_replies<set_guest_reply> setting_guest_{at_the_end_};
  owed_replies<start_watcher_reply> starting_watcher_{at_the_end_};
  owed_replies<stop_watcher_reply> stopping_watcher_{at_the_end_};
  owed_replies<cleanup_reply> ending_unused_{at_the_end_};
};

} // namespace fsshare
