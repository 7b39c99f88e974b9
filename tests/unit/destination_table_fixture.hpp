// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/destination_table.hpp"
#include "tests/unit/order_outcomes.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

// How a failed check shows a list of actions.
template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines)
      all += (all.empty() ? "" : "; ") + line;
    return all.c_str();
  }
};

namespace fsshare::test {

using namespace std::chrono_literals;

using time_point = destination_table::time_point;

constexpr const char* volume = "/pods/cm";

inline volume_snapshot_ptr host(const std::string& name,
                                std::uint64_t digest = 7) {
  volume_snapshot s;
  s.id = {name, digest};
  s.root.mode = 0755;
  s.tree.entries.resize(3);
  s.links = {"key"};
  return std::make_shared<const volume_snapshot>(std::move(s));
}

/// Of all that the tests have removed at a time.
inline order_outcome removed(removal_result result = removal_result::removed) {
  return removed(4, result);
}

/// All that is known of a sandbox, or of all sandboxes.
inline std::vector<volume_status> described(const destination_table& table,
                                            const std::string& sandbox_id,
                                            time_point now) {
  return table.describe(sandbox_id, {}, std::size_t{1} << 30, now).listed;
}

// What an action is about, in words.
inline std::string words(const table_action& action) {
  struct visitor {
    std::string operator()(const ask_volume& a) const {
      const char* names[]
        = {"watch ", "look ", "look closely ", "read ", "await "};
      return names[static_cast<int>(a.request)] + a.ticket.volume;
    }
    std::string operator()(const check_volumes& a) const {
      std::string text = "check";
      for (const auto& each : a.volumes)
        text += " " + each.path;
      return text;
    }
    std::string operator()(const forget_volume& a) const {
      return "forget " + a.volume;
    }
    std::string operator()(const ask_guest& a) const {
      const auto to = std::to_string(a.destination);
      if (const auto* push = std::get_if<push_order>(&a.order))
        return "push " + push->options.attempt_name + " to " + to;
      if (const auto* removal = std::get_if<removal_order>(&a.order))
        return "remove " + removal->steps.front().path + " of " + to;
      return "send " + std::get<steps_order>(a.order).steps.front().path
             + " to " + to;
    }
    std::string operator()(const supersede_push& a) const {
      return "supersede " + std::to_string(a.destination);
    }
    std::string operator()(const first_copy_outcome& a) const {
      return "first " + std::to_string(a.destination) + " "
             + (a.outcome ? a.outcome->copied.name
                          : to_string(a.outcome.err().code));
    }
    std::string operator()(const current_reached& a) const {
      return "waiter " + std::to_string(a.waiter) + ": "
             + (a.outcome ? a.outcome->copied.name : a.outcome.err().message);
    }
    std::string operator()(const leave_leftovers& a) const {
      return "leftovers of " + std::to_string(a.destination);
    }
    std::string operator()(const destination_left& a) const {
      auto text = "left " + std::to_string(a.destination);
      for (const auto& one : a.leftovers)
        text += " " + one.path + ": " + one.reason;
      return text;
    }
  };
  return std::visit(visitor{}, action);
}

using lines = std::vector<std::string>;

inline bool has(const lines& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

struct table_fixture {
  table_fixture() : table(settings()) {
  }

  static destination_table::settings settings() {
    destination_table::settings s;
    s.leave_timeout = 60s;
    return s;
  }
  destination_id add(const std::string& sandbox = "s1",
                     const std::string& path = volume) {
    ++count;
    return table.add({sandbox, "c", "share-" + std::to_string(count), path,
                      "/g/" + std::to_string(count)},
                     now);
  }
  lines advance() {
    lines out;
    for (const auto& action : table.advance(now)) {
      if (const auto* ask = std::get_if<ask_volume>(&action))
        tickets[ask->ticket.volume] = ask->ticket.number;
      out.push_back(words(action));
    }
    return out;
  }
  /// The last request about a volume.
  volume_ticket ticket_of(const std::string& path) {
    return {path, tickets[path]};
  }
  /// Answers the watch and the read of a new volume.
  lines read(const volume_snapshot_ptr& what,
             const std::string& path = volume) {
    table.read(ticket_of(path), what, now);
    return advance();
  }
  /// Brings one new destination to hold `what`, with nothing left to do.
  destination_id settled(const volume_snapshot_ptr& what,
                         const std::string& sandbox = "s1") {
    const auto id = add(sandbox);
    advance();
    table.watched(ticket_of(volume), directory_id{1, 2}, now);
    advance();
    read(what);
    finish(id, done());
    look_after_copies(what);
    return id;
  }
  /// Some time after copies, which are what the volume has still.
  lines look_after_copies(const volume_snapshot_ptr& what) {
    now += pacing::look_after_copies;
    advance();
    return look(what);
  }
  lines finish(destination_id id, const order_outcome& outcome) {
    table.finished(id, outcome, now);
    return advance();
  }
  lines look(const volume_snapshot_ptr& what) {
    table.looked(ticket_of(volume), volume_look{what->id.name, what->id.digest},
                 now);
    return advance();
  }

  destination_table table;
  time_point now = t0;
  int count = 0;
  std::map<std::string, std::uint64_t> tickets;
};

} // namespace fsshare::test
