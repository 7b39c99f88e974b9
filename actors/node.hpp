#pragma once

#include "messages/node.hpp"
#include "messages/registry.hpp"

#include <functional>
#include <map>
#include <string>

namespace fsshare {

/// Spawns the SANDBOX of an id. Injected, so that tests hand in a fake.
using sandbox_factory = std::function<sandbox_actor(const std::string&)>;

/// What NODE owns: which sandboxes there are.
class node_state {
public:
  using handle = node_actor;
  static constexpr const char* name = "node";

  node_state(handle::pointer self, sandbox_factory make_sandbox,
             registry_actor registry);

  handle::behavior_type make_behavior();

private:
  struct sandbox {
    sandbox_actor actor;
    /// Prepare and Cleanup requests that are not answered.
    std::size_t changing = 0;
    /// Set by the last of them that succeeded.
    bool exists = false;
  };

  template <class Reply, class Request>
  caf::result<Reply> route(const Request& msg);
  template <class Reply, class Request>
  caf::result<Reply> change(const Request& msg, bool exists_afterwards);
  void changed(const std::string& id);
  caf::result<list_sandboxes_reply> list();

  handle::pointer self_;
  sandbox_factory make_sandbox_;
  registry_actor registry_;
  std::map<std::string, sandbox> sandboxes_;
};

} // namespace fsshare
