// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/skipped_list.hpp"
#include "core/copy/tree_snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fsshare {

/// What is known of the guest copy of one volume, as it is written down for
/// whoever goes on with it: every name that may exist in the guest, and what
/// its guest agent has acknowledged.
struct guest_record {
  enum class generation_state : std::uint8_t {
    /// Pushed in part; `..data` does not name it.
    partial,
    /// Its flip may have been sent, or may come late: `..data` may name it, and
    /// what it has may lack something.
    doubtful,
    /// Its flip was acknowledged; the live one, or an older one.
    whole,
    /// The same, and it stays; see guest_copy::keep_sealed().
    kept,
  };
  struct known_generation {
    generation_state state = generation_state::partial;
    /// See sealed_files().
    std::set<std::string> sealed;
    /// Of the guest's memory, in bytes.
    std::uint64_t room = 0;

    friend bool operator==(const known_generation&, const known_generation&)
      = default;
  };

  enum class link_state : std::uint8_t {
    /// Its request may have been sent.
    may_exist,
    there,
    /// There, and the guest agent may have made it lead elsewhere.
    unsealed,
  };
  struct known_link {
    link_state state = link_state::may_exist;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;

    friend bool operator==(const known_link&, const known_link&) = default;
  };

  struct known_root {
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    /// Whether the guest has it so.
    bool is_known = false;

    friend bool operator==(const known_root&, const known_root&) = default;
  };

  /// Whether anything was sent.
  bool may_exist = false;
  /// What `..data` names by acknowledgement, and its name in the guest.
  std::optional<generation> acknowledged;
  std::string live_name;
  known_root root;
  /// By their names in the guest.
  std::map<std::string, known_generation> generations;
  /// Visible links that may be there, and those that shall be.
  std::map<std::string, known_link> links;
  std::set<std::string> wanted_links;
  /// Names that the root has for something else than a link, and their room in
  /// the guest's memory in bytes.
  std::set<std::string> others;
  std::uint64_t others_room = 0;
  /// How often each of the host's latest names was tried. A host's name is
  /// never published twice: older ones are not tried again.
  static constexpr std::size_t most_attempts = 4;
  std::map<std::string, std::uint64_t> attempts;
  /// Until when what goes live is kept.
  std::optional<std::chrono::steady_clock::time_point> keep_until;
  /// Guest paths of files of the live generation; see landmarks.
  std::vector<std::string> landmarks;
  skipped_list skipped;

  friend bool operator==(const guest_record&, const guest_record&) = default;
};

/// What a push may change of that once it goes out, where something is live.
struct push_record {
  /// The generation's directory in the guest, and its room there in bytes.
  std::string name;
  std::uint64_t room = 0;
  /// Its name on the host, and how often that was tried, this push counted.
  std::string host_name;
  std::uint64_t attempts = 1;
  /// Visible links that are sent.
  std::set<std::string> links = {};
  /// Mode and owner of the root are sent.
  bool sends_root = false;

  friend bool operator==(const push_record&, const push_record&) = default;
};

/// Returns what is known of a guest copy while that push is out.
guest_record with_push(guest_record before, const push_record& push);

} // namespace fsshare
