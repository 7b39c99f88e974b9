// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/errors.hpp"
#include "messages/node.hpp"
#include "messages/state_actor.hpp"

#include <algorithm>
#include <any>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

namespace fsshare::test {

/// Answers what fake_node_script::hold_prepare held back.
struct release_held {};

} // namespace fsshare::test

FSSHARE_MESSAGES(test_fake_node, 60, test::release_held)

namespace fsshare::test {

using fake_node_actor = node_actor::extend<msg<release_held>>;

/// What a fake NODE was asked and what it has to say.
struct fake_node_script {
  /// Of each request: its type and what it names, as `cleanup_request sb-1`.
  std::vector<std::string> calls;
  /// If set, each request fails with it.
  error failure{errc::none, {}};
  /// Leaves Prepare without an answer until release_held.
  bool hold_prepare = false;
  std::set<std::string> sandboxes;

  /// Returns what requests of a type are answered with, to be filled in.
  template <class Reply>
  Reply& answer() {
    auto& known = answers_[typeid(Reply)];
    if (!known.has_value())
      known = Reply{};
    return *std::any_cast<Reply>(&known);
  }

  /// Returns the last request of a type.
  template <class Request>
  const Request& asked() const {
    return *std::any_cast<Request>(&asked_.at(typeid(Request)));
  }

  template <class Request>
  void note(const Request& request) {
    asked_[typeid(Request)] = request;
    std::string name = caf::type_name<Request>::value;
    const auto& of = [&request]() -> const std::string& {
      if constexpr (requires { request.container_id; })
        return request.container_id.empty() ? request.sandbox_id
                                            : request.container_id;
      else
        return request.sandbox_id;
    }();
    calls.push_back(name.substr(name.rfind(':') + 1)
                    + (of.empty() ? "" : " " + of));
  }

private:
  std::map<std::type_index, std::any> answers_;
  std::map<std::type_index, std::any> asked_;
};

/// A NODE that remembers which sandboxes were prepared, and what it was asked;
/// it touches nothing.
class fake_node_state {
public:
  using handle = fake_node_actor;
  static constexpr const char* name = "fake-node";

  fake_node_state(handle::pointer self, std::shared_ptr<fake_node_script> s)
    : self_(self), script_(std::move(s)) {
  }
  ~fake_node_state() {
    for (auto& each : held_)
      each.deliver(to_caf({errc::unavailable, "gone"}));
  }
  fake_node_state(const fake_node_state&) = delete;
  fake_node_state& operator=(const fake_node_state&) = delete;

  handle::behavior_type make_behavior() {
    return behave_alike<handle::behavior_type, node_requests>(
      [this]<class Reply>(const auto& request) {
        return answer<Reply>(request);
      },
      [](const adopt_sandboxes&) {
        return sandboxes_adopted{};
      },
      [this](const release_held&) {
        for (auto& each : std::exchange(held_, {}))
          each.deliver(script_->answer<prepare_reply>());
      });
  }

private:
  template <class Reply, class Request>
  caf::result<Reply> answer(const Request& request) {
    script_->note(request);
    note_sandbox(request);
    if constexpr (std::is_same_v<Reply, prepare_reply>)
      if (script_->hold_prepare)
        return held_.emplace_back(self_);
    if (script_->failure.code != errc::none)
      return to_caf(script_->failure);
    if constexpr (
      std::is_same_v<
        Reply, get_sandbox_reply> || std::is_same_v<Reply, list_volumes_reply>)
      return page_of(script_->answer<Reply>(), request);
    else
      return script_->answer<Reply>();
  }

  // What the script has, as far as it is asked for.
  static list_volumes_reply page_of(list_volumes_reply whole,
                                    const list_volumes_request& asked) {
    cut(whole.volumes, asked.volumes_after);
    return whole;
  }

  static get_sandbox_reply page_of(get_sandbox_reply whole,
                                   const get_sandbox_request& asked) {
    const bool is_first = asked.leftovers_after.empty()
                          && asked.shares_after.empty()
                          && asked.volumes_after.empty();
    auto& leftovers = whole.sandbox.leftovers;
    if (is_first || !asked.leftovers_after.empty()) {
      std::erase_if(leftovers.listed, [&](const path_reason& each) {
        return each.path <= asked.leftovers_after;
      });
      const auto most = std::min(max_listed_leftovers, leftovers.listed.size());
      leftovers.more = leftovers.listed.size() - most;
      leftovers.listed.resize(most);
    } else {
      leftovers = {};
    }
    if (is_first || !asked.shares_after.empty())
      std::erase_if(whole.shares.listed, [&](const share_status& each) {
        return !is_first && list_key(each) <= asked.shares_after;
      });
    else
      whole.shares = {};
    if (is_first || !asked.volumes_after.empty())
      cut(whole.volumes, asked.volumes_after);
    else
      whole.volumes = {};
    return whole;
  }

  static void cut(volume_page& page, const std::string& volumes_after) {
    const auto after = *parse_volume_cursor(volumes_after);
    if (volumes_after.empty())
      return;
    for (auto& each : page.listed)
      if (each.path == after.path)
        std::erase_if(each.destinations, [&](const auto& destination) {
          return destination.order <= after.order;
        });
    std::erase_if(page.listed, [&](const auto& each) {
      return each.path < after.path
             || (each.path == after.path && each.destinations.empty());
    });
  }

  template <class Request>
  void note_sandbox(const Request& request) {
    auto& known = script_->sandboxes;
    if constexpr (std::is_same_v<Request, prepare_request>)
      if (!script_->hold_prepare)
        known.insert(request.sandbox_id);
    if constexpr (std::is_same_v<Request, cleanup_request>)
      known.erase(request.sandbox_id);
    if constexpr (std::is_same_v<Request, list_sandboxes_request>) {
      auto& listed = script_->answer<list_sandboxes_reply>().sandboxes;
      listed.clear();
      for (const auto& id : known) {
        listed.emplace_back();
        listed.back().sandbox_id = id;
        listed.back().mode = sharing_mode::copy;
      }
    }
  }

  handle::pointer self_;
  std::shared_ptr<fake_node_script> script_;
  std::vector<reply_promise<prepare_reply>> held_;
};

using fake_node = state_actor<fake_node_state>;

} // namespace fsshare::test
