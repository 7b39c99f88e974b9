// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/copy/copy_category.hpp"
#include "core/copy/guest_files.hpp"
#include "core/copy/shared_copies.hpp"
#include "core/volume/guest_record.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// What JOURNAL writes down of a sandbox in copy mode, beside what it does of
/// every one.
namespace fsshare {

/// Something may be made at a copy's guest path from now on; or the same copy
/// has other terms by now.
struct recorded_copy {
  std::string copy_id;
  copy_terms terms;

  friend bool operator==(const recorded_copy&, const recorded_copy&) = default;
};

/// The copy of a tree is whole.
struct recorded_tree {
  std::string copy_id;
  bool is_file = false;
  bool would_be_denied = false;
  skipped_list skipped;
  std::vector<std::string> notes;
  /// Of an emptyDir; see shared_copies::copy::parts.
  std::set<std::string, std::less<>> parts;
  /// Of the guest's memory, in bytes.
  std::uint64_t room = 0;
  /// Guest path of a file that no workload can remove; empty if there is none.
  std::string landmark;

  friend bool operator==(const recorded_tree&, const recorded_tree&) = default;
};

/// How far a part is that an emptyDir got after it was copied.
enum class part_step : std::uint8_t {
  /// Something of it may be made from now on.
  begun,
  whole,
  /// It failed, and what is left of it is a leftover, if anything is.
  failed,
};
struct recorded_part {
  std::string copy_id;
  /// Relative to the copy's root.
  std::string part;
  part_step step = part_step::begun;
  /// What came with it, of a whole one.
  std::set<std::string, std::less<>> entries = {};

  friend bool operator==(const recorded_part&, const recorded_part&) = default;
};

/// Nothing of a copy is left but what is a leftover.
struct recorded_copy_end {
  std::string copy_id;

  friend bool operator==(const recorded_copy_end&, const recorded_copy_end&)
    = default;
};

/// What the guest has of a volume's copy, or may have.
struct recorded_destination {
  std::string copy_id;
  guest_record guest;

  friend bool operator==(const recorded_destination&,
                         const recorded_destination&)
    = default;
};

/// A push of a volume's generation is about to go out, and nothing else is new.
struct recorded_push {
  std::string copy_id;
  push_record push;

  friend bool operator==(const recorded_push&, const recorded_push&) = default;
};

/// Files may be made in a guest whose agent removes nothing, from now on.
///
/// Of the directory that holds all copies, without a file: all that are made
/// below it are written down.
struct recorded_files {
  guest_files what;

  friend bool operator==(const recorded_files&, const recorded_files&)
    = default;
};

/// Nothing at or below a guest path has contents any more.
struct recorded_emptying {
  std::string path;

  friend bool operator==(const recorded_emptying&, const recorded_emptying&)
    = default;
};

/// A guest path that should be gone.
struct recorded_leftover {
  std::string path;
  /// Why it is there; of one that is gone, nothing.
  std::optional<std::string> reason;

  friend bool operator==(const recorded_leftover&, const recorded_leftover&)
    = default;
};

/// A share is ready: its copy is whole, and this is what ShareFile answers.
struct recorded_copied_share {
  std::string share_id;
  std::string container_id;
  mount_entry mount;
  /// The copy that it uses; empty for what is ignored.
  std::string copy_id;
  /// It follows its volume.
  bool is_volume = false;
  /// See share.
  std::string inside;
  std::string resolved;
  std::optional<copy_category> category;
  bool would_be_denied = false;
  /// Of the answer.
  bool ignored = false;
  std::string reason;
  std::string guest_path;
  std::string generation;
  skipped_list skipped;
  std::vector<std::string> notes;
  /// What people call the container; may be empty.
  std::string container_name = {};

  friend bool operator==(const recorded_copied_share&,
                         const recorded_copied_share&)
    = default;
};

/// What the records of one copy come to.
struct copy_of_before {
  recorded_copy what;
  /// Of a tree that is whole.
  std::optional<recorded_tree> tree;
  /// Parts of an emptyDir that are not whole.
  std::set<std::string> begun_parts;
  /// Of a volume, once something was sent of it.
  std::optional<guest_record> guest;

  /// Whether the guest had all of it once.
  bool is_whole() const;

  friend bool operator==(const copy_of_before&, const copy_of_before&)
    = default;
};

/// What the next process has to know of a guest to go on with it.
struct guest_of_before {
  struct file {
    std::uint64_t size = 0;
    /// All of it was acknowledged, and it has that size.
    bool is_finished = false;
    bool is_sealed = false;

    friend bool operator==(const file&, const file&) = default;
  };

  /// Bytes of its memory that copies take, by guest path.
  std::map<std::string, std::uint64_t> rooms;
  /// Paths that should be gone, and why they are not.
  std::map<std::string, std::string> leftovers;
  /// Files that may have contents, by guest path, where the guest agent removes
  /// nothing.
  std::map<std::string, file> files;
  /// Whether these are all.
  bool knows_files = false;
  /// Copies of single files.
  std::vector<std::string> single_files;
  /// Files of the live generation of each volume, by its root.
  std::map<std::string, std::vector<std::string>> volumes;
  /// A file of each tree that no workload can remove, or nothing, by its root.
  std::map<std::string, std::string> trees;

  friend bool operator==(const guest_of_before&, const guest_of_before&)
    = default;
};

} // namespace fsshare
