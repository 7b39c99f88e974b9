// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/api/owner_types.hpp"
#include "core/journal/copy_record.hpp"
#include "core/rootfs/rootfs_kind.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What JOURNAL writes down of each sandbox, so that the next process goes on
/// where this one ended; docs/journal-format.md has the form of the file.
namespace fsshare {

/// How far something on the host is. What it is about is written down before
/// anything of it is made, and each step after it was done, but `leaving`
/// before anything is taken away.
enum class recorded_phase : std::uint8_t { intended, made, leaving, gone };

/// Where a state file comes from; its first line.
struct journal_head {
  /// What is read: another number is another format.
  static constexpr std::uint64_t known_format = 1;
  /// Grows with each kind of record or member that is added: records of
  /// unknown kinds may be passed over where it is higher than this.
  static constexpr std::uint64_t known_minor = 6;

  std::uint64_t format = known_format;
  std::uint64_t minor = known_minor;
  /// Of the kernel (random(4)): mounts end with it.
  std::string boot_id;
  std::string sandbox_id;
  std::string share_root;

  friend bool operator==(const journal_head&, const journal_head&) = default;
};

/// A sandbox is to be prepared.
struct recorded_prepare {
  prepare_request request;
  /// Where shares appear in the guest: the request's, or the default of then.
  std::string guest_share_dir;

  friend bool operator==(const recorded_prepare&, const recorded_prepare&)
    = default;
};

/// More is known of the guest than Prepare has told.
struct recorded_guest {
  std::string address;
  std::uint64_t memory_bytes = 0;
  guest_policy policy = guest_policy::unknown;

  friend bool operator==(const recorded_guest&, const recorded_guest&)
    = default;
};

/// The sandbox's directory is made, or is to be taken away.
struct recorded_progress {
  recorded_phase phase = recorded_phase::intended;

  friend bool operator==(const recorded_progress&, const recorded_progress&)
    = default;
};

/// Rotations of volumes are followed, or not; the file event watcher was
/// started or stopped.
struct recorded_watcher {
  bool runs = false;

  friend bool operator==(const recorded_watcher&, const recorded_watcher&)
    = default;
};

/// Which process the sandbox lives and dies with, or that it is gone.
struct recorded_owner {
  recorded_owner_state owner;

  friend bool operator==(const recorded_owner&, const recorded_owner&)
    = default;
};

/// A source is to be bound.
struct recorded_share {
  std::string share_id;
  std::string container_id;
  mount_entry mount;
  /// The guest agent watches it.
  bool watchable = false;
  /// What people call the container; may be empty.
  std::string container_name = {};

  friend bool operator==(const recorded_share&, const recorded_share&)
    = default;
};

struct recorded_share_progress {
  std::string share_id;
  recorded_phase phase = recorded_phase::intended;

  friend bool operator==(const recorded_share_progress&,
                         const recorded_share_progress&)
    = default;
};

/// A root filesystem is to be shared. Its options stay out, they may hold
/// credentials.
struct recorded_rootfs {
  std::string container_id;
  std::string target;
  std::string type;
  std::string suffix;
  rootfs_kind kind = rootfs_kind::bind;
  std::string guest_path;
  std::string host_path;
  /// Mountpoint of an image in nydusd's tree; empty for none.
  std::string image;
  /// By rootfs_digest(): tells the same request again from another one.
  std::string digest;
  /// What people call the container; may be empty.
  std::string container_name = {};

  friend bool operator==(const recorded_rootfs&, const recorded_rootfs&)
    = default;
};

struct recorded_rootfs_progress {
  std::string container_id;
  recorded_phase phase = recorded_phase::intended;

  friend bool operator==(const recorded_rootfs_progress&,
                         const recorded_rootfs_progress&)
    = default;
};

using journal_record = std::variant<
  recorded_prepare, recorded_guest, recorded_progress, recorded_watcher,
  recorded_share, recorded_share_progress, recorded_rootfs,
  recorded_rootfs_progress, recorded_copy, recorded_tree, recorded_part,
  recorded_copy_end, recorded_destination, recorded_push, recorded_files,
  recorded_emptying, recorded_leftover, recorded_copied_share, recorded_owner>;

/// What the records of one sandbox come to.
struct recorded_sandbox {
  template <class Thing>
  struct entry {
    Thing what;
    recorded_phase phase = recorded_phase::intended;

    friend bool operator==(const entry&, const entry&) = default;
  };

  recorded_prepare prepare;
  /// `gone` until there is a Prepare.
  recorded_phase phase = recorded_phase::gone;
  bool watcher_runs = false;
  /// Nothing before the first time that it is known.
  std::optional<recorded_owner_state> owner = std::nullopt;
  /// By share id; none of them is gone.
  std::map<std::string, entry<recorded_share>> shares;
  /// By container.
  std::map<std::string, entry<recorded_rootfs>> rootfs;
  /// In copy mode: shares that are ready or end, by share id, and copies by
  /// theirs.
  std::map<std::string, entry<recorded_copied_share>> copied;
  std::map<std::string, copy_of_before> copies;
  /// Files that a guest may have whose agent removes nothing.
  guest_file_map files;
  /// Guest paths that should be gone, and why they are not.
  std::map<std::string, std::string> leftovers;

  /// Takes a record in.
  /// @returns whether it changed anything; what is said of an unknown share, or
  ///          without a Prepare, does not.
  bool apply(const journal_record& record);

  /// Returns the records that come to the same, in the order that they are
  /// written in.
  std::vector<journal_record> records() const;

  friend bool operator==(const recorded_sandbox&, const recorded_sandbox&)
    = default;
};

/// Returns a fingerprint of everything that a request says (FNV-1a, 64 bits),
/// in hex digits.
std::string rootfs_digest(const share_rootfs_request& request);

} // namespace fsshare
