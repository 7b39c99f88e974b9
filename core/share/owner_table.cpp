// SPDX-License-Identifier: Apache-2.0
#include "core/share/owner_table.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fsshare {

namespace {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

void append(owner_actions& to, owner_actions more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

/// Spreads the tries of different sandboxes.
std::uint32_t spread(std::uint32_t seed, const process_identity& process) {
  return seed + static_cast<std::uint32_t>(process.pid);
}

} // namespace

recorded_owner_state owner_table::record_of(const owner_state& owner) {
  return std::visit(overloaded{[](const living& x) -> recorded_owner_state {
                                 return x.process;
                               },
                               [](const gone& x) -> recorded_owner_state {
                                 return x.owner;
                               },
                               [](const auto& x) -> recorded_owner_state {
                                 return x;
                               }},
                    owner);
}

owner_table::gone owner_table::gone_since(const process_identity& process,
                                          time_point since) const {
  gone out{{process, since},
           std::nullopt,
           backoff{settings_.retries, spread(settings_.seed, process)}};
  if (settings_.grace > duration{0})
    out.due = since + settings_.grace;
  return out;
}

// Has the process of the new owner watched, and that of the old one no more.
owner_actions owner_table::set(const std::string& sandbox_id,
                               owner_state owner) {
  owner_actions out;
  const auto known = sandboxes_.find(sandbox_id);
  const auto process_of = [](const owner_state& state) {
    const auto* at = std::get_if<living>(&state);
    return at == nullptr ? std::optional<process_identity>{} : at->process;
  };
  const auto before
    = known == sandboxes_.end() ? std::nullopt : process_of(known->second);
  const auto after = process_of(owner);
  if (after && after != before) {
    auto& of = watched_[*after];
    if (of.empty())
      out.emplace_back(watch_process{*after});
    of.insert(sandbox_id);
  }
  if (before && before != after) {
    auto& of = watched_[*before];
    of.erase(sandbox_id);
    if (of.empty()) {
      watched_.erase(*before);
      out.emplace_back(unwatch_process{*before});
    }
  }
  const auto record = record_of(owner);
  if (known == sandboxes_.end() || record_of(known->second) != record)
    out.emplace_back(record_owner{sandbox_id, record});
  sandboxes_.insert_or_assign(sandbox_id, std::move(owner));
  return out;
}

owner_actions owner_table::used(const std::string& sandbox_id,
                                const std::optional<process_identity>& caller,
                                time_point now) {
  const auto known = sandboxes_.find(sandbox_id);
  if (known == sandboxes_.end())
    return {};
  if (auto* owner = std::get_if<living>(&known->second)) {
    if (caller && *caller != owner->process)
      owner->next = caller;
    return {};
  }
  const auto* left = std::get_if<gone>(&known->second);
  if (left == nullptr)
    return {};
  if (caller)
    return set(sandbox_id, living{*caller});
  return set(sandbox_id, gone_since(left->owner.process, now));
}

owner_actions owner_table::prepared(const std::string& sandbox_id,
                                    const named_owner& owner) {
  return std::visit(overloaded{[&](const process_identity& process) {
                                 const auto known = sandboxes_.find(sandbox_id);
                                 const auto* at
                                   = known == sandboxes_.end()
                                       ? nullptr
                                       : std::get_if<living>(&known->second);
                                 if (at != nullptr && at->process == process)
                                   return owner_actions{};
                                 return set(sandbox_id, living{process});
                               },
                               [&](const auto& none) {
                                 return set(sandbox_id, none);
                               }},
                    owner);
}

owner_actions owner_table::restored(const std::string& sandbox_id,
                                    const recorded_owner_state& owner,
                                    const std::string& pid_namespace) {
  auto state = std::visit(
    overloaded{[&](const process_identity& process) -> owner_state {
                 if (!pid_namespace.empty()
                     && process.pid_namespace == pid_namespace)
                   return living{process};
                 return unknown_owner{"it runs in another PID namespace than "
                                      "the node agent does now"};
               },
               [&](const gone_owner& left) -> owner_state {
                 return gone_since(left.process, left.since);
               },
               [](const auto& other) -> owner_state {
                 return other;
               }},
    owner);
  auto out = set(sandbox_id, std::move(state));
  // It is written down already, and one that is not known may be again.
  std::erase_if(out, [](const owner_action& each) {
    return std::holds_alternative<record_owner>(each);
  });
  return out;
}

owner_actions owner_table::removed(const std::string& sandbox_id) {
  owner_actions out;
  if (!sandboxes_.contains(sandbox_id))
    return out;
  out = set(sandbox_id, no_owner{});
  sandboxes_.erase(sandbox_id);
  std::erase_if(out, [](const owner_action& each) {
    return std::holds_alternative<record_owner>(each);
  });
  return out;
}

owner_actions owner_table::ended(const process_identity& process,
                                 time_point now) {
  owner_actions out;
  const auto known = watched_.find(process);
  if (known == watched_.end())
    return out;
  for (const auto& id : std::set<std::string>{known->second}) {
    const auto& owner = std::get<living>(sandboxes_.at(id));
    // Whether that one lives is told when it is watched.
    if (owner.next) {
      append(out, set(id, living{*owner.next}));
      continue;
    }
    append(out, set(id, gone_since(process, now)));
    out.emplace_back(owner_is_gone{id, process});
  }
  return out;
}

owner_actions owner_table::due(time_point now) {
  owner_actions out;
  for (auto& [id, owner] : sandboxes_) {
    auto* left = std::get_if<gone>(&owner);
    if (left == nullptr || !left->due || *left->due > now)
      continue;
    left->due.reset();
    out.emplace_back(end_sandbox{id});
  }
  return out;
}

bool owner_table::kept(const std::string& sandbox_id, const std::string& why,
                       time_point now) {
  const auto known = sandboxes_.find(sandbox_id);
  auto* left
    = known == sandboxes_.end() ? nullptr : std::get_if<gone>(&known->second);
  // Somebody has used it meanwhile.
  if (left == nullptr || left->due)
    return false;
  left->due = now + left->retry.next();
  return std::exchange(left->kept_because, why) != why;
}

std::optional<owner_table::time_point> owner_table::next_due() const {
  std::optional<time_point> first;
  for (const auto& entry : sandboxes_)
    if (const auto* left = std::get_if<gone>(&entry.second); left != nullptr)
      if (left->due && (!first || *left->due < *first))
        first = left->due;
  return first;
}

std::optional<owner_status> owner_table::describe(const std::string& sandbox_id,
                                                  time_point now) const {
  using state = owner_status::state;
  const auto known = sandboxes_.find(sandbox_id);
  if (known == sandboxes_.end())
    return std::nullopt;
  return std::visit(overloaded{[](const unknown_owner& x) {
                                 owner_status out;
                                 out.reason = x.reason;
                                 return out;
                               },
                               [](const no_owner&) {
                                 owner_status out;
                                 out.is = state::nobody;
                                 return out;
                               },
                               [](const living& x) {
                                 owner_status out;
                                 out.is = state::alive;
                                 out.pid = x.process.pid;
                                 return out;
                               },
                               [this, now](const gone& x) {
                                 owner_status out;
                                 out.is = state::gone;
                                 out.pid = x.owner.process.pid;
                                 out.gone_for = now - x.owner.since;
                                 if (x.due)
                                   out.ends_in
                                     = std::max(*x.due - now, duration{0});
                                 else if (settings_.grace > duration{0})
                                   out.ends_in = duration{0};
                                 out.reason = x.kept_because;
                                 return out;
                               }},
                    known->second);
}

owner_counts owner_table::count() const {
  owner_counts out;
  for (const auto& entry : sandboxes_)
    std::visit(overloaded{[&out](const unknown_owner&) {
                            ++out.unknown;
                          },
                          [&out](const no_owner&) {
                            ++out.nobody;
                          },
                          [&out](const living&) {
                            ++out.alive;
                          },
                          [&out](const gone&) {
                            ++out.gone;
                          }},
               entry.second);
  return out;
}

} // namespace fsshare
