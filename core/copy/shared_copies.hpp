// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/tree_snapshot.hpp"
#include "core/pacing.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// Which shares of a sandbox use one guest copy of a volume.
enum class copy_scope : std::uint8_t {
  per_container,
  per_sandbox,
  /// Per sandbox where it is known that no policy of the guest checks names.
  by_policy,
};

/// What stands at the source of a share.
enum class source_kind : std::uint8_t {
  /// A volume of AtomicWriter shape that is to be followed.
  volume,
  /// Anything else: copied once, or ignored for its type.
  tree,
};

/// When a copy is taken away again.
enum class copy_life : std::uint8_t {
  until_last_share,
  /// Whatever its shares do: what the workload wrote there is kept.
  until_sandbox_ends,
};

/// What kind of copy a share needs.
struct copy_terms {
  source_kind kind = source_kind::tree;
  copy_life life = copy_life::until_last_share;
  /// Shares with the same key use the same copy.
  std::string key;
  std::string source;
  /// Where it goes if it is the first.
  std::string guest_path;
  /// For another guest path, if it needs one.
  std::string container_id = {};
  std::string destination = {};
  /// Whether a tree follows its source once that is a volume.
  bool becomes_volume = false;
  /// Whether a tree is empty in the guest, whatever the source has: the rule of
  /// its category is `empty`.
  bool is_emptied = false;
  /// Nothing is sent: it is an emptyDir without contents, which the guest agent
  /// makes itself.
  bool is_local = false;
  /// Of such a one: the pod's fsGroup; 0 for none.
  std::uint32_t fs_group = 0;

  friend bool operator==(const copy_terms&, const copy_terms&) = default;
};

/// The guest copies of one sandbox, and which shares use them. A copy has a
/// reference for each of its shares; one that was given up by its last share is
/// not joined any more, and a failed one was never there.
class shared_copies {
public:
  struct copy {
    /// Id of the share that it was made for; also names it in the guest.
    std::string id;
    copy_terms terms;
    /// Whether the first copy still runs.
    bool running = true;
    /// Number of its order to GUEST PROXY; 0 before it is sent.
    std::uint64_t order = 0;
    /// How often it began anew under another name.
    unsigned renamed = 0;
    /// What a tree lacks in the guest.
    skipped_list skipped = {};
    /// What of a tree is not as on the host though it was copied.
    std::vector<std::string> notes = {};
    /// A rule that is `audit` lets something of a tree pass.
    bool would_be_denied = false;
    /// Whether a tree is a single file, which no workload can remove.
    bool is_file = false;
    /// Why the guest, which has lost a tree, has not got it again.
    std::string lost = {};
    /// When it is sent again after that has failed.
    std::optional<backoff> again = std::nullopt;
    /// Counts these tries: names the one that is waited for.
    std::uint64_t tries = 0;
    std::set<std::string> shares = {};
    /// Of an emptyDir: what it had when it was copied, relative to its root.
    std::set<std::string, std::less<>> parts = {};

    /// Returns the first directory on the way to `inside` that the copy does
    /// not have, or `inside` itself; empty if it has them all.
    std::string missing_part(std::string_view inside) const;
  };

  /// Makes a share use the copy of its terms' key; a new one if there is none,
  /// which has the share's id.
  /// @returns the copy, which lives until failed() or erase().
  copy& join(const std::string& share_id, const copy_terms& terms);

  copy* find(const std::string& copy_id);
  const copy* find(const std::string& copy_id) const;

  /// Returns the copy that join() makes a share with this key use; null if it
  /// makes a new one.
  const copy* with_key(const std::string& key) const;

  /// Returns the copy whose root is there; null if there is none.
  const copy* at_guest_path(const std::string& guest_path) const;

  /// Returns the copy that a share uses; null if it uses none.
  const copy* used_by(const std::string& share_id) const;

  /// Notes that the first copy has failed: it is forgotten.
  /// @returns the shares that used it.
  std::vector<std::string> failed(const std::string& copy_id);

  /// Ends the use of a copy by a share, if it uses one.
  /// @returns the copy if it is to be taken away: nobody joins it any more, and
  ///          it is to be forgotten with erase(). Null otherwise.
  copy* leave(const std::string& share_id);

  /// Takes in a copy that an earlier process made, with its shares. One that no
  /// share uses, and that is not kept without, is not joined: see leave().
  copy& restore(copy made);

  const std::map<std::string, copy>& all() const {
    return copies_;
  }

  /// Undoes leave() for a copy that could not be taken away.
  void rejoin(const std::string& copy_id, const std::string& share_id);

  void erase(const std::string& copy_id);

private:
  void close(const copy& left);

  std::map<std::string, copy> copies_;
  /// Key → id of the copy that can be joined.
  std::map<std::string, std::string> open_;
  /// Share → copy.
  std::map<std::string, std::string> uses_;
};

} // namespace fsshare
