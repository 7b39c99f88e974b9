// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/errors.hpp"
#include "messages/node.hpp"
#include "messages/state_actor.hpp"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fsshare::test {

/// Answers what fake_node_script::hold_prepare held back.
struct release_held {};

} // namespace fsshare::test

FSSHARE_MESSAGES(test_fake_node, 60, test::release_held)

namespace fsshare::test {

using fake_node_actor = node_actor::extend<msg<release_held>>;

/// What a fake NODE was told and what it has to say.
struct fake_node_script {
  std::vector<std::string> calls;
  prepare_request prepared;
  share_file_request shared;
  share_rootfs_request shared_rootfs;
  prepare_reply prepare_answer{"/shared", "/mounts"};
  share_file_reply share_answer;
  get_sandbox_reply sandbox_answer;
  list_volumes_reply volumes_answer;
  /// If set, each request fails with it.
  error failure{errc::none, {}};
  /// Leaves Prepare without an answer until release_held.
  bool hold_prepare = false;
  std::set<std::string> sandboxes;
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
    return {
      [this](const prepare_request& x) {
        return prepare(x);
      },
      [this](const cleanup_request& x) {
        script_->sandboxes.erase(x.sandbox_id);
        return reply("Cleanup " + x.sandbox_id, cleanup_reply{});
      },
      [this](const share_file_request& x) {
        script_->shared = x;
        return reply("ShareFile " + x.sandbox_id, script_->share_answer);
      },
      [this](const unshare_file_request& x) {
        return reply("UnshareFile " + x.sandbox_id,
                     unshare_file_reply{{{"/g/x", "guest is gone"}}});
      },
      [this](const unshare_container_request& x) {
        return reply("UnshareContainer " + x.container_id,
                     unshare_container_reply{{{"/g/y", "guest is gone"}}});
      },
      [this](const share_rootfs_request& x) {
        script_->shared_rootfs = x;
        return reply("ShareRootFilesystem " + x.container_id,
                     share_rootfs_reply{"/g/c1/rootfs", {}, {}, {"/d"}});
      },
      [this](const unshare_rootfs_request& x) {
        return reply("UnshareRootFilesystem " + x.container_id,
                     unshare_rootfs_reply{});
      },
      [this](const start_watcher_request& x) {
        return reply("StartFileEventWatcher " + x.sandbox_id,
                     start_watcher_reply{});
      },
      [this](const stop_watcher_request& x) {
        return reply("StopFileEventWatcher " + x.sandbox_id,
                     stop_watcher_reply{});
      },
      [this](const get_sandbox_request& x) {
        return reply("GetSandbox " + x.sandbox_id, script_->sandbox_answer);
      },
      [this](const list_sandboxes_request&) {
        return list();
      },
      [this](const list_volumes_request& x) {
        return reply("ListVolumes " + x.sandbox_id, script_->volumes_answer);
      },
      [this](const release_held&) {
        for (auto& each : std::exchange(held_, {}))
          each.deliver(script_->prepare_answer);
      },
    };
  }

private:
  template <class Reply>
  caf::result<Reply> reply(std::string call, Reply answer) {
    script_->calls.push_back(std::move(call));
    if (script_->failure.code != errc::none)
      return to_caf(script_->failure);
    return answer;
  }

  caf::result<prepare_reply> prepare(const prepare_request& request) {
    script_->prepared = request;
    if (!script_->hold_prepare) {
      script_->sandboxes.insert(request.sandbox_id);
      return reply("Prepare " + request.sandbox_id, script_->prepare_answer);
    }
    script_->calls.push_back("Prepare " + request.sandbox_id);
    const reply_promise<prepare_reply> promise{self_};
    held_.push_back(promise);
    return promise;
  }

  caf::result<list_sandboxes_reply> list() {
    list_sandboxes_reply all;
    for (const auto& id : script_->sandboxes) {
      all.sandboxes.emplace_back();
      all.sandboxes.back().sandbox_id = id;
      all.sandboxes.back().mode = sharing_mode::copy;
    }
    return reply("ListSandboxes", std::move(all));
  }

  handle::pointer self_;
  std::shared_ptr<fake_node_script> script_;
  std::vector<reply_promise<prepare_reply>> held_;
};

using fake_node = state_actor<fake_node_state>;

} // namespace fsshare::test
