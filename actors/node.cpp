#include "actors/node.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace fsshare {

node_state::node_state(handle::pointer self, sandbox_factory make_sandbox,
                       registry_actor registry)
  : self_(self), make_sandbox_(std::move(make_sandbox)),
    registry_(std::move(registry)) {
  // One sandbox that fails must not take the others down: monitor, never link.
  self_->set_down_handler([this](const caf::down_msg& msg) {
    std::erase_if(sandboxes_, [&msg](const auto& entry) {
      return entry.second.actor.address() == msg.source;
    });
  });
  self_->set_exit_handler([this](const caf::exit_msg& msg) {
    for (auto& entry : std::exchange(sandboxes_, {}))
      self_->send_exit(entry.second.actor, msg.reason);
    self_->quit(msg.reason);
  });
}

template <class Reply, class Request>
caf::result<Reply> node_state::route(const Request& msg) {
  const auto i = sandboxes_.find(msg.sandbox_id);
  if (i == sandboxes_.end() || !i->second.exists)
    return to_caf(
      {errc::not_found, "sandbox '" + msg.sandbox_id + "' is not prepared"});
  return self_->delegate(i->second.actor, msg);
}

template <class Reply, class Request>
caf::result<Reply> node_state::change(const Request& msg,
                                      bool exists_afterwards) {
  const auto id = msg.sandbox_id;
  auto i = sandboxes_.find(id);
  if (i == sandboxes_.end()) {
    auto actor = make_sandbox_(id);
    self_->monitor(actor);
    i = sandboxes_.emplace(id, sandbox{std::move(actor)}).first;
  }
  ++i->second.changing;
  auto promise = self_->make_response_promise<Reply>();
  ask(self_, i->second.actor, msg)
    .then(
      [this, id, promise, exists_afterwards](Reply& reply) mutable {
        if (const auto known = sandboxes_.find(id); known != sandboxes_.end())
          known->second.exists = exists_afterwards;
        changed(id);
        promise.deliver(std::move(reply));
      },
      [this, id, promise](caf::error& err) mutable {
        changed(id);
        promise.deliver(std::move(err));
      });
  return promise;
}

void node_state::changed(const std::string& id) {
  const auto i = sandboxes_.find(id);
  if (i == sandboxes_.end() || --i->second.changing > 0 || i->second.exists)
    return;
  auto actor = std::move(i->second.actor);
  sandboxes_.erase(i);
  stop(actor);
}

node_state::handle::behavior_type node_state::make_behavior() {
  return {
    [this](const prepare_request& msg) {
      return change<prepare_reply>(msg, true);
    },
    [this](const cleanup_request& msg) {
      return change<cleanup_reply>(msg, false);
    },
    [this](const share_file_request& msg) {
      return route<share_file_reply>(msg);
    },
    [this](const unshare_file_request& msg) {
      return route<unshare_file_reply>(msg);
    },
    [this](const unshare_container_request& msg) {
      return route<unshare_container_reply>(msg);
    },
    [this](const share_rootfs_request& msg) {
      return route<share_rootfs_reply>(msg);
    },
    [this](const unshare_rootfs_request& msg) {
      return route<unshare_rootfs_reply>(msg);
    },
    [this](const start_watcher_request& msg) {
      return route<start_watcher_reply>(msg);
    },
    [this](const stop_watcher_request& msg) {
      return route<stop_watcher_reply>(msg);
    },
    [this](const get_sandbox_request& msg) {
      return route<get_sandbox_reply>(msg);
    },
    [this](const list_sandboxes_request&) {
      return list();
    },
    [this](const list_volumes_request& msg) -> caf::result<list_volumes_reply> {
      auto promise = self_->make_response_promise<list_volumes_reply>();
      ask(self_, registry_, describe_volumes{msg.sandbox_id})
        .then(
          [promise](volume_list& list) mutable {
            promise.deliver(list_volumes_reply{std::move(list.volumes)});
          },
          [promise](caf::error& err) mutable {
            promise.deliver(std::move(err));
          });
      return promise;
    },
  };
}

caf::result<list_sandboxes_reply> node_state::list() {
  auto promise = self_->make_response_promise<list_sandboxes_reply>();
  auto reply = std::make_shared<list_sandboxes_reply>();
  // One more than there are sandboxes, so that none is an answer too.
  auto missing = std::make_shared<std::size_t>(1);
  const std::function<void()> one_less = [promise, reply, missing]() mutable {
    if (--*missing > 0)
      return;
    std::sort(reply->sandboxes.begin(), reply->sandboxes.end(),
              [](const auto& x, const auto& y) {
                return x.sandbox_id < y.sandbox_id;
              });
    promise.deliver(std::move(*reply));
  };
  for (const auto& [id, known] : sandboxes_) {
    if (!known.exists)
      continue;
    ++*missing;
    ask(self_, known.actor, get_sandbox_request{id})
      .then(
        [reply, one_less](get_sandbox_reply& got) {
          reply->sandboxes.push_back(std::move(got.sandbox));
          one_less();
        },
        [one_less](caf::error&) {
          one_less();
        });
  }
  one_less();
  return promise;
}

} // namespace fsshare
