// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/leftover_page.hpp"
#include "core/text/labels.hpp"
#include "core/volume/guest_record.hpp"
#include "core/volume/volume_cursor.hpp"
#include "core/volume/volume_status.hpp"
#include "messages/guest_proxy.hpp"
#include "messages/volume_events.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fsshare {

struct add_destination {
  std::string sandbox_id;
  std::string container_id;
  std::string share_id;
  std::string volume;
  std::string guest_root;
  guest_proxy_actor proxy;
  /// The volume had no generation yet and was copied as it was: answered at
  /// once, and follows it when there is something to follow.
  bool has_tree = false;
  /// What an earlier process has written down of it: answered at once, and goes
  /// on with that.
  std::shared_ptr<const guest_record> before = nullptr;
  /// What people call the container and the sandbox; null for nothing.
  std::string container_name = {};
  std::shared_ptr<const label_map> labels = nullptr;
};
struct destination_added {
  /// Name of the generation that was copied.
  std::string generation;
  skipped_list skipped;
  /// What the guest has not of the entries that it has; see copy_losses.
  std::vector<std::string> notes;
  /// Nothing is there: requests that may come late would change a copy at the
  /// same guest path, one at another goes well.
  bool needs_other_name = false;
};

struct await_current {
  std::string sandbox_id;
  std::string share_id;
};

struct remove_destination {
  std::string sandbox_id;
  std::string share_id;
};
struct destination_removed {
  /// What is still in the guest, and why.
  std::vector<path_reason> leftovers;
};

struct forget_sandbox {
  std::string sandbox_id;
};

struct follow_sandbox {
  std::string sandbox_id;
  bool follow = true;
};

/// What is new of the guest of a sandbox.
enum class guest_news : std::uint8_t {
  /// It can be reached (again).
  reached,
  /// The same, and it has nothing of what it was sent.
  empty,
  /// Its connection ended: nobody knows what it has.
  lost,
};
struct guest_reached {
  std::string sandbox_id;
  guest_news what = guest_news::reached;
};

struct describe_volumes {
  /// Empty for all.
  std::string sandbox_id;
  /// Where the page before has ended.
  volume_cursor after;
  /// About as many bytes are listed.
  std::size_t room = 0;
};

struct describe_leftovers {
  std::string sandbox_id;
  /// Where the page before has ended; empty for the first.
  std::string after;
  std::size_t most = 0;
};

struct registry_tick {
  std::uint64_t turn = 0;
};

} // namespace fsshare

FSSHARE_MESSAGES(registry, 3, add_destination, destination_added, await_current,
                 remove_destination, destination_removed, forget_sandbox,
                 follow_sandbox, guest_reached, describe_volumes, volume_page,
                 describe_leftovers, leftover_page, registry_tick)

namespace fsshare {

/// REGISTRY: the srcDstMap of the node: which volume goes to which guest
/// copies. Compares and converges whenever something may have changed. What it
/// owes when it ends is answered ABORTED.
using registry_actor = caf::typed_actor<
  // Adds a guest copy that follows a volume. Answered when the guest has the
  // first whole copy. Fails with the error of the first copy, and the copy is
  // not there then.
  rpc<add_destination, destination_added>,
  // Waits until a guest copy that was added has what its volume has now, or
  // newer. Fails with the next push or read that fails.
  rpc<await_current, destination_added>,
  // Ends a guest copy; idempotent. Answered when nothing more is sent for it,
  // with what is left in the guest.
  rpc<remove_destination, destination_removed>,
  // Ends all copies of a sandbox whose guest is gone: nothing is sent. Answered
  // at once; who waits for one of them is answered ABORTED.
  rpc<forget_sandbox, void>,
  // Starts or stops following the host for a sandbox; idempotent. Answered at
  // once.
  rpc<follow_sandbox, void>,
  // Says what is new of the guest of a sandbox.
  msg<guest_reached>,
  // How are the volumes, of all sandboxes if the id is empty? Answered at once
  // with a page.
  rpc<describe_volumes, volume_page>,
  // Which leftovers are there below the copies of a sandbox? Answered at once
  // with a page.
  rpc<describe_leftovers, leftover_page>,
  // A hint of INOTIFY READER: compare the volume.
  msg<volume_changed>,
  // The same of every watched volume.
  msg<volumes_overflowed>,
  // INTERNAL: something the table wanted to do later is due.
  msg<registry_tick>>;

} // namespace fsshare
