// SPDX-License-Identifier: Apache-2.0
#include "main/state_look.hpp"

#include "sys/journal/state_files.hpp"
#include "sys/process/bounded_calls.hpp"
#include "json/journal_json.hpp"

#include <utility>

namespace fsshare {

state_facts look_at_states(const std::string& directory,
                           const std::string& share_root) {
  state_facts out;
  out.directory = directory;
  const state_files files{directory};
  const auto boot = read_boot_id();
  if (!boot) {
    out.readable = boot.err();
    return out;
  }
  const auto found = files.look_at_all();
  if (!found) {
    out.readable = found.err();
    return out;
  }
  for (const auto& [id, text] : *found) {
    if (!text) {
      out.others.push_back({id, text.err().message});
      continue;
    }
    const auto read = parse_journal_of(*text, id, *boot, share_root);
    if (read)
      out.adoptable.insert(id);
    else
      out.others.push_back({id, read.err().message});
  }
  out.set_aside = files.names_set_aside();
  out.not_writable = files.why_not_writable();
  return out;
}

state_facts look_at_states_soon(const std::string& directory,
                                const std::string& share_root) {
  bounded_calls calls;
  auto seen = calls.run<state_facts>(
    directory, "look at the state files in " + directory,
    [directory, share_root]() -> result<state_facts> {
      return look_at_states(directory, share_root);
    });
  if (seen)
    return *std::move(seen);
  state_facts out;
  out.directory = directory;
  out.readable = seen.err();
  return out;
}

} // namespace fsshare
