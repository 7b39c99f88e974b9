// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/finding.hpp"
#include "core/doctor/host_facts.hpp"
#include "core/doctor/node_facts.hpp"

namespace fsshare {

// Each judges a part of the facts. Nothing here looks at anything.

findings judge_system_calls(const system_call_facts& facts);
findings judge_process(const process_facts& facts);
/// Judges inotify, mounts and open files.
findings judge_limits(const host_facts& facts);
findings judge_kubelet_roots(const doctor_subject& subject,
                             const std::vector<kubelet_root_facts>& facts);
findings judge_share_root(const doctor_subject& subject,
                          const share_root_facts& facts);
findings judge_states(const state_facts& facts);
findings judge_socket(const doctor_subject& subject, const socket_facts& facts,
                      const process_facts& process);
/// Judges the node agent itself, its guests and their copies.
findings judge_node(const doctor_subject& subject, const node_facts& facts);
/// Judges what lies in the share root by whether the node agent knows it, or
/// would go on with it.
findings judge_orphans(const doctor_subject& subject, const host_facts& host,
                       const node_facts& node);

/// Judges all of it.
findings examine(const doctor_subject& subject, const host_facts& host,
                 const node_facts& node);

} // namespace fsshare
