// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/examination.hpp"

#include "core/net/socket_access.hpp"
#include "core/share/orphans.hpp"
#include "core/text/sentence_list.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <utility>

namespace fsshare {

namespace {

using level = finding_level;

constexpr unsigned permission_bits = 0777;
constexpr unsigned written_by_others = 0022;
constexpr unsigned sticky = 01000;

finding good(const char* check, std::string found) {
  return {level::ok, check, std::move(found), {}};
}

finding bad(level how, const char* check, std::string found, std::string cure) {
  return {how, check, std::move(found), std::move(cure)};
}

std::string octal(unsigned mode) {
  std::array<char, 12> digits{};
  const auto end
    = std::to_chars(digits.data(), digits.data() + digits.size(), mode, 8).ptr;
  return "0" + std::string(digits.data(), end);
}

std::string number_of(std::uint64_t number, const char* one,
                      const char* several) {
  return std::to_string(number) + " " + (number == 1 ? one : several);
}

finding judge_socket_file(const doctor_subject& subject,
                          const socket_facts& facts, std::uint32_t own) {
  constexpr auto* check = "control-socket";
  const auto right = access_for(subject.allowed_uids, own);
  const auto owner = right.owner.value_or(own);
  const auto mode = facts.mode & permission_bits;
  auto found = subject.socket + " is of user " + std::to_string(facts.owner)
               + " with permissions " + octal(mode);
  if (mode == right.mode && facts.owner == owner)
    return good(check, std::move(found));
  return bad(level::warn, check,
             found + ", not of user " + std::to_string(owner) + " with "
               + octal(right.mode) + " as api.allowed_uids asks for",
             "start fsshared again, which makes it anew");
}

finding judge_guests(const std::vector<known_sandbox>& sandboxes) {
  constexpr auto* check = "guests";
  std::uint64_t copying = 0;
  std::uint64_t connected = 0;
  std::vector<std::string> away;
  for (const auto& each : sandboxes) {
    if (!each.gets_copies)
      continue;
    ++copying;
    connected += each.guest_connected ? 1 : 0;
    // One without shares is not dialed.
    if (!each.guest_connected && each.shares > 0)
      away.push_back(each.id);
  }
  auto found = std::to_string(connected) + " of "
               + number_of(copying, "guest", "guests")
               + " that get copies are connected";
  if (away.empty())
    return good(check, std::move(found));
  return bad(level::warn, check, found + "; not those of " + listed(away, ", "),
             "see that the virtual machines run and their guest agents listen; "
             "fssharectl sandbox inspect and the log (guest-unreachable) say "
             "more");
}

finding judge_leftovers(const std::vector<known_sandbox>& sandboxes) {
  constexpr auto* check = "leftovers";
  std::vector<std::string> with;
  for (const auto& each : sandboxes)
    if (each.leftovers > 0)
      with.push_back(each.id + " (" + std::to_string(each.leftovers) + ")");
  if (with.empty())
    return good(check, "nothing that should be gone is in a guest");
  return bad(level::warn, check,
             "guests have what should be gone from them: " + listed(with, ", "),
             "none is needed while the guest cannot be reached: it is tried "
             "again; fssharectl sandbox inspect says why it failed");
}

finding judge_owners(const std::vector<known_sandbox>& sandboxes) {
  constexpr auto* check = "owners";
  std::vector<std::string> left;
  for (const auto& each : sandboxes)
    if (each.owner_gone)
      left.push_back(each.id);
  if (left.empty())
    return good(check, "no sandbox has lost its owner");
  return bad(level::warn, check,
             "the process that they live and die with has ended without "
             "cleaning them up: "
               + listed(left, ", "),
             "fssharectl sandbox cleanup, once their virtual machines have "
             "ended; sandboxes.orphan_grace ends such sandboxes by itself");
}

findings judge_copies(const copy_facts& facts) {
  constexpr auto* copies = "copies";
  constexpr auto* watches = "volumes";
  findings out;
  const auto all = number_of(facts.copies, "guest copy", "guest copies");
  if (facts.stale == 0)
    out.push_back(good(copies, all + " of volumes, all current"));
  else
    out.push_back(bad(level::warn, copies,
                      all + " of volumes, " + std::to_string(facts.stale)
                        + " not current, such as " + facts.example,
                      "fssharectl volume ls says why of each"));
  const auto volumes = number_of(facts.volumes, "volume", "volumes");
  if (facts.unwatched == 0)
    out.push_back(good(watches, volumes + ", all watched"));
  else
    out.push_back(bad(level::warn, watches,
                      volumes + ", " + std::to_string(facts.unwatched)
                        + " polled instead of watched",
                      "see inotify-watches and inotify-instances; the log "
                      "(watch-failed) names the limit"));
  return out;
}

/// Sandboxes that share a filesystem and whose directories somebody else has
/// taken away.
finding judge_wiped(const std::string& root,
                    const std::vector<root_entry>& entries,
                    const std::vector<known_sandbox>& sandboxes) {
  constexpr auto* check = "sandboxes";
  std::map<std::string, entry_owner> owners;
  for (const auto& each : entries)
    owners.emplace(each.name, each.owner);
  const auto owner_of = [&owners](const std::string& id) {
    const auto found = owners.find(id);
    return found == owners.end() ? entry_owner::foreign : found->second;
  };
  std::vector<std::string> wiped;
  for (const auto& each : sandboxes)
    if (!each.gets_copies && is_wiped(owner_of(each.id)))
      wiped.push_back(each.id);
  if (wiped.empty())
    return good(check, "what was prepared in " + root + " is there");
  return bad(level::fail, check,
             "somebody has taken away what was prepared in " + root + " for "
               + listed(wiped, ", "),
             "end their pods, which are started anew; fssharectl sandbox "
             "cleanup where no shim does");
}

finding judge_version(const node_facts& facts) {
  constexpr auto* check = "node-agent";
  if (facts.version == facts.own_version)
    return good(check, "it answers, and is of version " + facts.version);
  return bad(level::warn, check,
             "it answers, and is of version " + facts.version
               + ", fssharectl of " + facts.own_version,
             "install both of one version, and start fsshared again");
}

} // namespace

findings judge_share_root(const doctor_subject& subject,
                          const share_root_facts& facts) {
  constexpr auto* check = "share-root";
  const auto& root = subject.share_root;
  if (!facts.exists && facts.exists.err().code == errc::not_found)
    return {good(check, root + " is not there yet; fsshared makes it")};
  if (!facts.exists)
    return {bad(level::fail, check, facts.exists.err().message,
                "see to " + root + ", or set share.root to another directory")};
  if (!subject.must_be_visible)
    return {good(check, root
                          + " is there; whether the host sees what is mounted "
                            "in it is not asked (mounts.visibility)")};
  if (!facts.visible) {
    // The sentence has the cure behind its first point.
    const auto& why = facts.visible.err().message;
    const auto end = why.find(". ");
    if (end == std::string::npos)
      return {bad(level::fail, check, why, "see docs/install.md")};
    return {bad(level::fail, check, why.substr(0, end), why.substr(end + 2))};
  }
  if (facts.is_unproven)
    return {bad(level::warn, check,
                "whether the host sees what is mounted in " + root
                  + " cannot be told for certain: its mount table cannot be "
                    "read here",
                "run doctor on the host, or give the container the host's "
                "process namespace (hostPID)")};
  return {good(check, "the host sees what is mounted in " + root)};
}

findings judge_states(const state_facts& facts) {
  constexpr auto* check = "states";
  const auto& dir = facts.directory;
  if (!facts.readable)
    return {bad(level::warn, check,
                "what outlives a restart cannot be read: "
                  + facts.readable.err().message,
                "see to " + dir + ", or set state.directory to another one")};
  findings out;
  if (!facts.not_writable.empty())
    out.push_back(
      bad(level::warn, check,
          "nothing can be written to " + dir + ": " + facts.not_writable,
          "make room; until then a restart does not know the "
          "latest of any sandbox"));
  std::vector<std::string> odd;
  for (const auto& each : facts.others)
    odd.push_back(each.path + " (" + each.reason + ")");
  if (!odd.empty())
    out.push_back(bad(level::warn, check,
                      "a node agent would not go on with: " + listed(odd, ", "),
                      "fssharectl gc, once nobody needs those sandboxes"));
  if (!facts.set_aside.empty())
    out.push_back(
      bad(level::warn, check,
          "set aside in " + dir + ": " + listed(facts.set_aside, ", "),
          "the log (state-set-aside) says why; fssharectl gc removes "
          "them, and so does the next start, once nothing is left of their "
          "sandboxes"));
  if (out.empty())
    out.push_back(
      good(check, number_of(facts.adoptable.size(), "state file", "state files")
                    + " in " + dir + ", all whole"));
  return out;
}

findings judge_socket(const doctor_subject& subject, const socket_facts& facts,
                      const process_facts& process) {
  constexpr auto* check = "control-socket";
  const auto& socket = subject.socket;
  // A name in the abstract name space has no permissions.
  if (socket.starts_with('@'))
    return {};
  if (!facts.exists && facts.exists.err().code == errc::not_found)
    return {good(check, socket + " is not there; fsshared makes it")};
  if (!facts.exists)
    return {bad(level::fail, check, facts.exists.err().message,
                "see to the directory of api.socket")};
  if (!facts.is_socket)
    return {bad(level::fail, check,
                socket + " is no socket, and fsshared cannot make one there",
                "take it away, or set api.socket to another path")};
  const bool is_open = (facts.dir_mode & written_by_others) != 0
                       && (facts.dir_mode & sticky) == 0;
  if (is_open || (facts.dir_owner != 0 && facts.dir_owner != process.uid))
    return {bad(level::fail, check,
                "the directory of " + socket + " is of user "
                  + std::to_string(facts.dir_owner) + " with permissions "
                  + octal(facts.dir_mode & permission_bits)
                  + ": others can put a socket of theirs in its place",
                "let only root write to it")};
  return {judge_socket_file(subject, facts, process.uid)};
}

findings judge_node(const doctor_subject& subject, const node_facts& facts) {
  constexpr auto* check = "node-agent";
  switch (facts.answer) {
  case node_answer::absent:
    return {bad(level::warn, check, "nobody listens at " + subject.socket,
                "start it: systemctl start fsshared; its log says why it "
                "ended")};
  case node_answer::silent:
    return {bad(level::fail, check,
                "somebody listens at " + subject.socket
                  + " and does not answer: " + facts.reason,
                "its log says what it waits for; systemctl restart fsshared "
                "takes no mount and no copy away")};
  case node_answer::refused:
    return {bad(level::fail, check, "it refuses doctor: " + facts.reason,
                "run doctor as root, or as a user of api.allowed_uids")};
  case node_answer::answered: break;
  }
  findings out{judge_version(facts), judge_guests(facts.sandboxes),
               judge_leftovers(facts.sandboxes), judge_owners(facts.sandboxes)};
  for (auto& each : judge_copies(facts.copies))
    out.push_back(std::move(each));
  return out;
}

findings judge_orphans(const doctor_subject& subject, const host_facts& host,
                       const node_facts& node) {
  constexpr auto* check = "orphans";
  const auto& root = subject.share_root;
  const auto& facts = host.share_root;
  const bool is_missing
    = !facts.exists && facts.exists.err().code == errc::not_found;
  // Said of the share root.
  if (!facts.exists && !is_missing)
    return {};
  const result<std::vector<root_entry>> nothing{std::vector<root_entry>{}};
  const auto& entries = is_missing ? nothing : facts.entries;
  const auto unknown = [&root](const error& why) {
    return findings{
      bad(level::warn, check,
          "what lies in " + root + " cannot be told: " + why.message,
          "run doctor as root")};
  };
  if (!entries)
    return unknown(entries.err());
  if (!facts.copy_marks)
    return unknown(facts.copy_marks.err());
  std::set<std::string> known;
  if (node.answer == node_answer::answered)
    for (const auto& each : node.sandboxes)
      known.insert(each.id);
  else
    known = host.states.adoptable;
  const auto sorted = sort_entries({*entries, *facts.copy_marks}, known);
  findings out;
  if (node.answer == node_answer::answered)
    out.push_back(judge_wiped(root, *entries, node.sandboxes));
  const auto count = sorted.orphans.size();
  const auto marked
    = number_of(count, "sandbox bears", "sandboxes bear") + " our mark";
  const auto names = listed(sorted.orphans, ", ");
  const bool is_sure = node.answer == node_answer::answered
                       || node.answer == node_answer::absent;
  if (count == 0)
    out.push_back(
      good(check, "everything in " + root + " that bears our mark is known"));
  else if (is_sure)
    out.push_back(bad(level::warn, check,
                      marked
                        + (node.answer == node_answer::answered
                             ? " and the node agent does not know it: "
                             : " and has no state file to go on with: ")
                        + names,
                      "once nobody needs it: fssharectl gc --yes, or "
                      "fssharectl sandbox discard ID"));
  else
    out.push_back(bad(level::warn, check,
                      marked
                        + ", and the node agent does not say whether it knows "
                          "it: "
                        + names,
                      "see to the node agent first, and run doctor again"));
  if (!sorted.unclear.empty()) {
    std::vector<std::string> shown;
    for (const auto& each : sorted.unclear)
      shown.push_back(each.path + " (" + each.reason + ")");
    out.push_back(bad(level::warn, "marks",
                      "whose these are in " + root
                        + " cannot be told: " + listed(shown, ", "),
                      "look at them by hand; what is still mounted there is "
                      "users' data, so do not delete that tree"));
  }
  if (!sorted.foreign.empty())
    out.push_back(good(
      "foreign", number_of(sorted.foreign.size(), "entry", "entries") + " of "
                   + root + " bear no mark of ours and are left alone: "
                   + listed(sorted.foreign, ", ")));
  return out;
}

} // namespace fsshare
