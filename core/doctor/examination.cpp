// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/examination.hpp"

#include "core/text/sentence_list.hpp"

#include <iterator>
#include <string_view>
#include <utility>

namespace fsshare {

namespace {

// capabilities(7), by their numbers.
constexpr unsigned cap_dac_override = 1;
constexpr unsigned cap_sys_chroot = 18;
constexpr unsigned cap_sys_ptrace = 19;
constexpr unsigned cap_sys_admin = 21;

/// Fewer descriptors than that do for some dozen guests and clients only.
constexpr std::uint64_t enough_descriptors = 4096;

finding good(const char* check, std::string found) {
  return {finding_level::ok, check, std::move(found), {}};
}

finding bad(finding_level level, const char* check, std::string found,
            std::string cure) {
  return {level, check, std::move(found), std::move(cure)};
}

std::string who(const process_facts& process) {
  return process.node_agent == 0 ? "this process"
                                 : "the node agent (process "
                                     + std::to_string(process.node_agent) + ")";
}

/// Nine tenths are nearly all; what is not known is not well.
finding judge_use(const char* check, const std::string& subject,
                  const used_part& part, const std::string& cure) {
  using level = finding_level;
  if (!part.limit)
    return bad(level::warn, check,
               subject
                 + ": the limit cannot be read: " + part.limit.err().message,
               "run doctor where /proc can be read");
  const auto limit = *part.limit;
  if (!part.used)
    return bad(level::warn, check,
               subject + ": at most " + std::to_string(limit)
                 + "; how many are used cannot be told: "
                 + part.used.err().message,
               "run doctor as root");
  const auto used = *part.used;
  auto sentence = subject + ": " + std::to_string(used) + " of "
                  + std::to_string(limit) + " are used";
  return used < limit - limit / 10
           ? good(check, std::move(sentence))
           : bad(level::warn, check, std::move(sentence), cure);
}

bool has(std::uint64_t capabilities, unsigned number) {
  return ((capabilities >> number) & 1U) != 0;
}

// Needed where shims have mount namespaces of their own, and not told here
// whether they have.
std::string of_namespaces(std::uint64_t capabilities) {
  return has(capabilities, cap_sys_chroot) && has(capabilities, cap_sys_ptrace)
           ? ", and CAP_SYS_CHROOT and CAP_SYS_PTRACE to enter mount "
             "namespaces "
             "of shims"
           : "; mount namespaces of shims take CAP_SYS_CHROOT and "
             "CAP_SYS_PTRACE, too";
}

finding judge_capabilities(const process_facts& facts) {
  constexpr auto* check = "capabilities";
  using level = finding_level;
  if (!facts.capabilities)
    return bad(level::warn, check,
               who(facts)
                 + ": they cannot be read: " + facts.capabilities.err().message,
               "run doctor as root");
  std::vector<std::string> missing;
  if (!has(*facts.capabilities, cap_sys_admin))
    missing.emplace_back("CAP_SYS_ADMIN, without which nothing can be mounted "
                         "for sandboxes in shared filesystem mode");
  if (!has(*facts.capabilities, cap_dac_override))
    missing.emplace_back("CAP_DAC_OVERRIDE, without which others' files cannot "
                         "be read");
  if (missing.empty())
    return good(check, who(facts) + " has CAP_SYS_ADMIN and CAP_DAC_OVERRIDE"
                         + of_namespaces(*facts.capabilities));
  return bad(level::warn, check,
             who(facts) + " lacks " + listed(missing, "; and "),
             facts.node_agent == 0
               ? "run doctor as root; what fsshared is started by may give it "
                 "others"
               : "give them to it (CapabilityBoundingSet= of the unit, "
                 "securityContext.capabilities of the pod)");
}

finding judge_descriptors(const process_facts& facts) {
  constexpr auto* check = "descriptors";
  auto out
    = judge_use(check, "open files of " + who(facts), facts.descriptors,
                "raise LimitNOFILE= of the unit, or the container engine's "
                "limit of open files");
  const auto& limit = facts.descriptors.limit;
  if (out.level == finding_level::ok && limit && *limit < enough_descriptors)
    return bad(finding_level::warn, check, std::move(out.found),
               "raise the hard limit (LimitNOFILE= of the unit): each guest, "
               "client and copy takes some");
  return out;
}

finding judge_namespace(const process_facts& facts) {
  constexpr auto* check = "mount-namespace";
  const auto pid = std::to_string(facts.node_agent);
  if (!facts.is_in_our_namespace)
    return bad(finding_level::warn, check,
               "whether the node agent sees the mounts that doctor sees cannot "
               "be told",
               "run doctor as root");
  if (*facts.is_in_our_namespace)
    return good(check, "the node agent sees the mounts that doctor sees");
  return bad(
    finding_level::warn, check,
    "the node agent (process " + pid
      + ") is in another mount namespace: what is said here of paths "
        "and mounts is not what it sees",
    "run doctor there: nsenter -t " + pid
      + " -m fssharectl doctor, or fssharectl doctor in its container");
}

} // namespace

findings judge_system_calls(const system_call_facts& facts) {
  constexpr auto* check = "system-calls";
  if (!facts.refused.empty())
    return {bad(finding_level::fail, check, facts.refused,
                "use Linux 5.12 or newer, and a seccomp filter that allows the "
                "call")};
  if (!facts.older.empty())
    return {
      bad(finding_level::warn, check,
          "cannot be used, older calls stand in: " + listed(facts.older, ", "),
          "use Linux 5.12 or newer, and a seccomp filter that allows "
          "them")};
  return {
    good(check, std::string{"open_tree, move_mount, mount_setattr, openat2 and "
                            "statx can be used; "}
                  + (facts.has_statmount ? "statmount too"
                                         : "statmount cannot, so that binds "
                                           "read the whole mount table"))};
}

findings judge_process(const process_facts& facts) {
  findings out{judge_capabilities(facts), judge_descriptors(facts)};
  if (facts.node_agent != 0)
    out.push_back(judge_namespace(facts));
  return out;
}

findings judge_limits(const host_facts& facts) {
  const auto user = " of user " + std::to_string(facts.process.uid);
  return {
    judge_use("inotify-instances", "inotify instances" + user,
              facts.inotify_instances,
              "raise fs.inotify.max_user_instances: without one all volumes "
              "are polled"),
    judge_use("inotify-watches", "inotify watches" + user,
              facts.inotify_watches,
              "raise fs.inotify.max_user_watches: volumes without one are "
              "polled"),
    judge_use("mounts",
              "mounts in the mount namespace of " + who(facts.process),
              facts.mounts, "raise fs.mount-max: beyond it no share is made"),
    judge_use("open-files", "open files of the system", facts.files,
              "raise fs.file-max"),
  };
}

findings judge_kubelet_roots(const doctor_subject& subject,
                             const std::vector<kubelet_root_facts>& facts) {
  constexpr auto* check = "kubelet-root";
  using level = finding_level;
  findings out;
  for (const auto& root : facts) {
    if (root.readable) {
      out.push_back(good(check, root.path + " can be read"));
      continue;
    }
    const auto& why = root.readable.err();
    const bool is_missing = why.code == errc::not_found;
    if (is_missing && !subject.kubelet_roots_only)
      out.push_back(good(check, root.path
                                  + " is not there; volumes are found by "
                                    "their shape wherever they are"));
    else if (is_missing)
      out.push_back(bad(level::fail, check,
                        root.path
                          + " is not there, and volumes elsewhere are not "
                            "followed (volumes.match)",
                        "name the kubelet's --root-dir in "
                        "volumes.kubelet_roots"));
    else
      out.push_back(bad(level::fail, check, why.message,
                        "see to its file system, and let the node agent read "
                        "it"));
  }
  return out;
}

findings examine(const doctor_subject& subject, const host_facts& host,
                 const node_facts& node) {
  findings out;
  const auto add = [&out](findings more) {
    out.insert(out.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  };
  add(judge_system_calls(host.calls));
  add(judge_process(host.process));
  add(judge_limits(host));
  add(judge_share_root(subject, host.share_root));
  add(judge_states(host.states));
  add(judge_kubelet_roots(subject, host.kubelet_roots));
  add(judge_socket(subject, host.socket, host.process));
  add(judge_node(subject, node));
  add(judge_orphans(subject, host, node));
  return out;
}

} // namespace fsshare
