// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/paths.hpp"
#include "core/result.hpp"
#include "core/share/root_entry.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fsshare {

/// What doctor is to look at: a part of the configuration.
struct doctor_subject {
  std::string share_root;
  /// Whether mounts below the share root must be seen to reach the host.
  bool must_be_visible = true;
  /// The control socket; in the file system, or `@` and a name.
  std::string socket;
  /// Who may connect to it.
  std::vector<std::uint32_t> allowed_uids;
  /// Where marks of sandboxes lie whose guests get copies.
  std::string copy_mark_dir;
  std::vector<std::string> kubelet_roots;
  /// Whether volumes elsewhere are not followed.
  bool kubelet_roots_only = false;
};

/// What there is of something that has a limit, and how much of it is used.
struct used_part {
  result<std::uint64_t> limit = error{errc::unknown, "not looked at"};
  result<std::uint64_t> used = error{errc::unknown, "not looked at"};
};

struct system_call_facts {
  /// Why a call that nothing can stand in for cannot be used; empty for none.
  std::string refused;
  /// Calls that older ones stand in for.
  std::vector<std::string> older;
  /// Whether mounts can be asked for one by one (statmount(2), Linux 6.8).
  bool has_statmount = false;
};

/// A process: the node agent, or doctor's own where there is none.
struct process_facts {
  /// Of the node agent; 0 for doctor's own.
  int node_agent = 0;
  std::uint32_t uid = 0;
  /// Effective ones, a bit each; see capabilities(7).
  result<std::uint64_t> capabilities = error{errc::unknown, "not looked at"};
  /// Hard limit of descriptors, and how many are open.
  used_part descriptors;
  /// Whether it is in doctor's mount namespace; nothing if that is not known.
  std::optional<bool> is_in_our_namespace;
};

struct share_root_facts {
  /// `errc::not_found` where it is not there.
  status exists = unit{};
  /// Whether the host sees what is mounted there; with the cure if not.
  status visible = unit{};
  /// It is likely only: the host's mount table cannot be read.
  bool is_unproven = false;
  /// What lies in it.
  result<std::vector<root_entry>> entries = error{errc::unknown, "not listed"};
  /// Ids of sandboxes by their marks, where guests get copies.
  result<std::vector<std::string>> copy_marks
    = error{errc::unknown, "not listed"};
};

/// The directory of state files.
struct state_facts {
  std::string directory;
  /// Whether they can be read; a directory that is not there has none.
  status readable = unit{};
  /// Its file system takes no more: it is full, or read-only; empty otherwise.
  std::string not_writable;
  /// Sandboxes that a node agent would go on with.
  std::set<std::string> adoptable;
  /// Those whose file it would set aside, and why.
  std::vector<path_reason> others;
  /// Names of files that were set aside.
  std::vector<std::string> set_aside;
};

struct socket_facts {
  /// `errc::not_found` where there is none.
  status exists = unit{};
  bool is_socket = false;
  /// Permissions and owner of the socket.
  unsigned mode = 0;
  std::uint32_t owner = 0;
  /// Those of the directory that it is in.
  unsigned dir_mode = 0;
  std::uint32_t dir_owner = 0;
};

struct kubelet_root_facts {
  std::string path;
  /// Whether it answers and can be listed.
  status readable = unit{};
};

/// What doctor has seen of the host. What could not be seen says why.
struct host_facts {
  system_call_facts calls;
  process_facts process;
  /// inotify instances and watches of the process's user.
  used_part inotify_instances;
  used_part inotify_watches;
  /// Mounts in the process's mount namespace.
  used_part mounts;
  /// Open files of the whole system.
  used_part files;
  share_root_facts share_root;
  state_facts states;
  socket_facts socket;
  std::vector<kubelet_root_facts> kubelet_roots;
};

} // namespace fsshare
