// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/control_client.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/shim_namespace.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fsshare::bench {

/// In which mount namespace a sandbox has its mounts.
enum class bind_namespace { node_agent, shim };

/// A node agent, files to bind, and a directory to bind them to with no node
/// agent, in a mount namespace of their own. Throws what it cannot do.
class bind_place {
public:
  bind_place(std::size_t files, bind_namespace where);

  void prepare();
  void share_one_by_one();
  void share_together();
  void unshare_one_by_one();
  void unshare_container();
  void cleanup();

  /// The same by bare calls, where the sandbox has its mounts.
  void bind();
  void unbind();

  int pid() {
    return node_->program().pid();
  }

private:
  void in_place(const std::function<void()>& what) const;

  test::private_mounts work_;
  std::string bare_dir_;
  std::vector<std::string> files_;
  std::optional<test::shim_namespace> shim_;
  std::optional<test::node_process> node_;
  std::optional<test::control_client> client_;
};

} // namespace fsshare::bench
