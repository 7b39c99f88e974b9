// SPDX-License-Identifier: Apache-2.0
#include "core/earlier.hpp"
#include "core/pacing.hpp"
#include "core/volume/guest_copy.hpp"

#include <utility>

namespace fsshare {

namespace {

using namespace copy_state;

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

std::string activity_of(const order_out& order) {
  const overloaded words{
    [](const pushing& push) {
      return "generation " + push.effect.host.name + " is being sent";
    },
    [](const settling& tried) {
      return "the flip to " + tried.flip.push.name + " is being settled";
    },
    [](const repairing&) {
      return std::string{"what the live generation lacks is being sent"};
    },
    [](const confirming&) {
      return std::string{"the flip is being sent once more"};
    },
  };
  return std::visit(words, order);
}

} // namespace

std::string guest_copy::activity() const {
  if (is_ending())
    return "it is being taken away";
  if (const auto* order = out())
    return activity_of(*order);
  return acknowledged() ? "the next generation is to be sent"
                        : "the first generation is to be sent";
}

const order_out* guest_copy::out() const {
  if (const auto* busy = std::get_if<sending>(&state_))
    return &busy->order;
  if (const auto* busy = std::get_if<outdated>(&state_))
    return &busy->order;
  const auto* end = std::get_if<leaving>(&state_);
  return end != nullptr && end->order ? &*end->order : nullptr;
}

const push_effect* guest_copy::push_out() const {
  const auto* order = out();
  const auto* push = order != nullptr ? std::get_if<pushing>(order) : nullptr;
  return push != nullptr ? &push->effect : nullptr;
}

const unsettled* guest_copy::flip_in_doubt() const {
  if (const auto* flip = std::get_if<unsettled>(&state_))
    return flip;
  const auto* busy = std::get_if<sending>(&state_);
  const auto* tried
    = busy != nullptr ? std::get_if<settling>(&busy->order) : nullptr;
  return tried != nullptr ? &tried->flip : nullptr;
}

bool guest_copy::is_ending() const {
  return state_.index() >= any{leaving{}}.index();
}

// Generations have names of their own. The rest of the root has not: what was
// sent of it could be in the way of what would be sent again, as a directory
// that bears the temporary name of a file.
bool guest_copy::overtaken() const {
  const auto* order = out();
  const auto* push = order != nullptr ? std::get_if<pushing>(order) : nullptr;
  return push != nullptr && push->others == 0
         && pace_.may_supersede(push->requests);
}

bool guest_copy::needs(const generation& host, time_point now) const {
  return wants(host, now) && std::holds_alternative<idle>(state_);
}

bool guest_copy::wants(const generation& host, time_point now) const {
  return !is_ending() && names_.acknowledged() != host && pace_.may_push(now);
}

std::optional<push_record> guest_copy::push_out_record() const {
  const auto* push = push_out();
  return push == nullptr ? std::nullopt : names_.push_record_of(*push);
}

std::optional<push_record>
guest_copy::next_push_record(const std::string& host_name,
                             time_point now) const {
  const auto& live = names_.acknowledged();
  const bool is_news = live && live->name != host_name;
  if (!is_news || !std::holds_alternative<idle>(state_)
      || names_.must_clear_first() || !pace_.may_push(now))
    return std::nullopt;
  return names_.next_push_record(host_name);
}

bool guest_copy::whole() const {
  return flip_in_doubt() == nullptr && names_.acknowledged()
         && names_.links_are_there();
}

bool guest_copy::has_whole_copy() const {
  return whole() && !busy() && names_.root_is_known();
}

bool guest_copy::converged(const generation& host) const {
  return has_whole_copy() && names_.acknowledged() == host && names_.is_clean();
}

std::optional<guest_copy::time_point> guest_copy::next_try() const {
  if (is_ending())
    return std::nullopt;
  if (std::holds_alternative<unsettled>(state_))
    return pace_.settling().due_at();
  if (!std::holds_alternative<idle>(state_))
    return std::nullopt;
  const auto due = earlier(pace_.push_due(), names_.flip_due());
  // A repair that failed has its own time, not that of another.
  return earlier(due, pace_.repairs().due_at() ? pace_.repairs().due_at()
                                               : names_.links_due());
}

std::optional<guest_copy::time_point> guest_copy::next_due() const {
  const auto due = next_try();
  if (is_ending() || std::holds_alternative<unsettled>(state_))
    return due;
  if (removing_ || flip_in_doubt() != nullptr)
    return due;
  auto removal = names_.removals_due();
  if (removal && busy())
    *removal += pacing::removal_delay;
  return earlier(due, removal);
}

const error* guest_copy::last_error() const {
  const auto* flip = flip_in_doubt();
  return flip != nullptr ? &flip->why : pace_.why();
}

std::vector<path_reason> guest_copy::leftovers() const {
  if (const auto* end = std::get_if<emptying_root>(&state_))
    return end->leftovers;
  if (const auto* end = std::get_if<copy_state::gone>(&state_))
    return end->leftovers;
  return {};
}

} // namespace fsshare
