// SPDX-License-Identifier: Apache-2.0
#include "core/net/client_ledger.hpp"

#include <algorithm>
#include <tuple>

namespace fsshare {

client_ledger::client_ledger() : client_ledger(limits{}) {
}

client_ledger::client_ledger(const limits& with) : limits_(with) {
}

template <class Allowed>
std::optional<client_ledger::id>
client_ledger::idlest_if(Allowed allowed) const {
  const auto rank = [](const auto& client) {
    const auto& of = client.second;
    return std::tuple{of.whose.is_allowed, of.has_called, of.last_heard,
                      client.first};
  };
  auto found = clients_.end();
  for (auto i = clients_.begin(); i != clients_.end(); ++i)
    if (i->second.calls == 0 && allowed(*i)
        && (found == clients_.end() || rank(*i) < rank(*found)))
      found = i;
  if (found == clients_.end())
    return std::nullopt;
  return found->first;
}

std::optional<client_ledger::id> client_ledger::idlest() const {
  return idlest_if([](const auto&) {
    return true;
  });
}

std::optional<client_ledger::id> client_ledger::add(id client, const who& whose,
                                                    time_point now) {
  entry added;
  added.whose = whose;
  added.last_heard = now;
  clients_.emplace(client, added);
  const auto of_user = ++per_user_[whose.uid];
  if (of_user <= limits_.connections_per_user
      && clients_.size() <= limits_.connections)
    return std::nullopt;
  const bool is_users = of_user > limits_.connections_per_user;
  const auto idle = idlest_if([&](const auto& other) {
    return other.first != client
           && (!is_users || other.second.whose.uid == whose.uid);
  });
  return idle ? idle : client;
}

void client_ledger::remove(id client) {
  const auto found = clients_.find(client);
  if (found == clients_.end())
    return;
  drop_frame(client, found->second);
  const auto user = per_user_.find(found->second.whose.uid);
  if (--user->second == 0)
    per_user_.erase(user);
  clients_.erase(found);
}

void client_ledger::drop_frame(id client, entry& of) {
  if (!of.frame)
    return;
  frame_bytes_ -= of.frame->bytes;
  frames_.erase({of.frame_since, client});
  of.frame.reset();
}

std::optional<client_ledger::id>
client_ledger::heard(id client, const std::optional<open_frame>& begun,
                     time_point now) {
  const auto found = clients_.find(client);
  if (found == clients_.end())
    return std::nullopt;
  auto& of = found->second;
  of.last_heard = now;
  const bool goes_on = of.frame && begun && of.frame->number == begun->number;
  const auto since = goes_on ? of.frame_since : now;
  drop_frame(client, of);
  if (!begun)
    return std::nullopt;
  of.frame = begun;
  of.frame_since = since;
  frame_bytes_ += begun->bytes;
  frames_.emplace(since, client);
  if (frame_bytes_ <= limits_.all_frame_bytes)
    return std::nullopt;
  const auto kept = [](const auto& each) {
    return each.second.frame ? each.second.frame->bytes : 0;
  };
  return std::max_element(clients_.begin(), clients_.end(),
                          [&kept](const auto& a, const auto& b) {
                            return kept(a) < kept(b);
                          })
    ->first;
}

std::optional<std::string> client_ledger::begin_call(id client,
                                                     std::size_t bytes) {
  const auto found = clients_.find(client);
  if (found == clients_.end())
    return "the connection is gone";
  auto& of = found->second;
  of.has_called = true;
  if (of.calls == limits_.calls)
    return "more than " + std::to_string(limits_.calls)
           + " calls of one connection wait for their answers";
  if (of.waiting_bytes + bytes > limits_.waiting_bytes)
    return "the calls of one connection that wait for their answers have more "
           "than "
           + std::to_string(limits_.waiting_bytes) + " bytes";
  const auto room
    = limits_.all_waiting_bytes
      + (bytes <= limits_.small_call_bytes ? limits_.small_calls_bytes : 0);
  if (waiting_bytes_ + bytes > room)
    return "the calls of all connections that wait for their answers have more "
           "than "
           + std::to_string(room) + " bytes";
  ++of.calls;
  of.waiting_bytes += bytes;
  waiting_bytes_ += bytes;
  return std::nullopt;
}

void client_ledger::end_call(id client, std::size_t bytes) {
  waiting_bytes_ -= bytes;
  const auto found = clients_.find(client);
  if (found == clients_.end())
    return;
  --found->second.calls;
  found->second.waiting_bytes -= bytes;
}

std::vector<client_ledger::id> client_ledger::overdue(time_point now) const {
  std::vector<id> out;
  for (const auto& [since, client] : frames_) {
    if (since + limits_.frame_time > now)
      break;
    out.push_back(client);
  }
  return out;
}

std::optional<client_ledger::time_point> client_ledger::next_due() const {
  if (frames_.empty())
    return std::nullopt;
  return frames_.begin()->first
         + std::chrono::duration_cast<time_point::duration>(limits_.frame_time);
}

} // namespace fsshare
