// SPDX-License-Identifier: Apache-2.0
#include "core/share/guest_facts.hpp"

#include <algorithm>

namespace fsshare {

namespace {

// The guest's /run, where copies are, is half of its memory as a rule; the
// workload needs some, too.
constexpr std::uint64_t memory_share = 4;

} // namespace

set_guest_request told_by(const prepare_request& request) {
  return {request.sandbox_id, request.guest_address, request.guest_share_dir,
          request.guest_memory_bytes, request.policy};
}

std::vector<std::string> contradictions(const prepare_request& known,
                                        const set_guest_request& told) {
  std::vector<std::string> names;
  const auto compare = [&names](const char* name, bool fits) {
    if (!fits)
      names.emplace_back(name);
  };
  const auto fits = [](const auto& known_one, const auto& told_one,
                       const auto& nothing, bool is_open) {
    return told_one == nothing || told_one == known_one
           || (known_one == nothing && is_open);
  };
  const std::string no_text;
  compare("guest.address",
          fits(known.guest_address, told.guest_address, no_text, true));
  // Prepare has decided about it.
  compare("guest.share_dir",
          fits(known.guest_share_dir, told.guest_share_dir, no_text, false));
  compare("guest.memory_bytes",
          fits(known.guest_memory_bytes, told.guest_memory_bytes,
               std::uint64_t{0}, known.guest_address.empty()));
  compare("guest.policy",
          fits(known.policy, told.policy, guest_policy::unknown, true));
  return names;
}

void learn(prepare_request& known, const set_guest_request& told) {
  if (!told.guest_address.empty())
    known.guest_address = told.guest_address;
  if (told.guest_memory_bytes != 0)
    known.guest_memory_bytes = told.guest_memory_bytes;
  if (told.policy != guest_policy::unknown)
    known.policy = told.policy;
}

std::uint64_t copy_budget(std::uint64_t memory_bytes, std::uint64_t otherwise) {
  if (memory_bytes == 0)
    return otherwise;
  // 0 would be any.
  return std::max<std::uint64_t>(memory_bytes / memory_share, 1);
}

} // namespace fsshare
