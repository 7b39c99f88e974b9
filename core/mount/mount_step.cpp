// SPDX-License-Identifier: Apache-2.0
#include "core/mount/mount_plan.hpp"

#include <type_traits>

namespace fsshare {

namespace {

// Returns what takes a step back.
struct undo_finder {
  using undo = std::optional<mount_step>;
  undo operator()(const make_sandbox_dir& x) const {
    return remove_sandbox_dir{x.path, x.mark_path};
  }
  undo operator()(const make_directory& x) const {
    return remove_directory{x.path};
  }
  undo operator()(const make_placeholder& x) const {
    return remove_placeholder{x.path};
  }
  undo operator()(const make_bind& x) const {
    return unmount{x.target};
  }
  undo operator()(const make_copy_mark& x) const {
    return remove_copy_mark{x.path};
  }
  // The others take away.
  template <class Step>
  undo operator()(const Step&) const {
    return std::nullopt;
  }
};

} // namespace

std::string describe(const mount_step& step) {
  struct visitor {
    std::string operator()(const make_sandbox_dir& x) const {
      return "make sandbox directory " + x.path;
    }
    std::string operator()(const make_directory& x) const {
      return "make directory " + x.path;
    }
    std::string operator()(const make_placeholder& x) const {
      return "make mount point " + x.path + " for " + x.source;
    }
    std::string operator()(const make_bind& x) const {
      return "bind " + x.source + " -> " + x.target + " ("
             + to_string(x.options) + ")";
    }
    std::string operator()(const follow_bind& x) const {
      return "follow " + x.source + " -> " + x.target;
    }
    std::string operator()(const remove_unmarked& x) const {
      return "remove unfinished sandbox directory " + x.path;
    }
    std::string operator()(const require_mark& x) const {
      return "check mark " + x.mark_path;
    }
    std::string operator()(const make_copy_mark& x) const {
      return "make mark " + x.path;
    }
    std::string operator()(const remove_copy_mark& x) const {
      return "remove mark " + x.path;
    }
    std::string operator()(const require_no_copy_mark& x) const {
      return "check that there is no mark " + x.path;
    }
    std::string operator()(const list_foreign& x) const {
      return "look at " + x.path;
    }
    std::string operator()(const require_no_mark& x) const {
      return "check that nothing at " + x.path + " bears our mark";
    }
    std::string operator()(const require_unused& x) const {
      return "check that nobody uses " + x.path;
    }
    std::string operator()(const unmount& x) const {
      return "unmount " + x.path;
    }
    std::string operator()(const remove_placeholder& x) const {
      return "remove mount point " + x.path;
    }
    std::string operator()(const remove_placeholders& x) const {
      return "remove mount points in " + x.path;
    }
    std::string operator()(const remove_directory& x) const {
      return "remove directory " + x.path;
    }
    std::string operator()(const remove_sandbox_dir& x) const {
      return "remove sandbox directory " + x.path;
    }
  };
  return std::visit(visitor{}, step);
}

const std::string& path_of(const mount_step& step) {
  return std::visit(
    [](const auto& x) -> const std::string& {
      using type = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<
                      type, make_bind> || std::is_same_v<type, follow_bind>)
        return x.target;
      else if constexpr (std::is_same_v<type, require_mark>)
        return x.sandbox_dir;
      else
        return x.path;
    },
    step);
}

bool is_condition(const mount_step& step) {
  return std::holds_alternative<require_mark>(step)
         || std::holds_alternative<require_no_mark>(step)
         || std::holds_alternative<require_no_copy_mark>(step)
         || std::holds_alternative<require_unused>(step);
}

std::optional<mount_step> undo_of(const mount_step& step) {
  return std::visit(undo_finder{}, step);
}

} // namespace fsshare
