// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/mount/mount_runner.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace fsshare::test {

/// Records the steps of plans instead of mounting. Outlives its sessions.
class fake_mounts final : public mount_executor {
public:
  result<std::unique_ptr<mount_session>> begin(const mount_plan&) override {
    if (no_share_root)
      return error{errc::not_found, "open /r: No such file or directory"};
    return std::unique_ptr<mount_session>{std::make_unique<session>(*this)};
  }

  /// describe() of every step that was tried, in order.
  std::vector<std::string> tried;
  /// What a step answers, by describe(); success with a change otherwise.
  std::map<std::string, result<step_outcome>> answers;
  bool no_share_root = false;

  result<marked_entries> list_marks(const std::string& copy_mark_dir) override {
    marks_asked_in = copy_mark_dir;
    return marks;
  }
  /// What lies in the share root.
  result<marked_entries> marks = marked_entries{};
  std::string marks_asked_in;

  std::size_t count_wiped() const override {
    return wiped;
  }
  std::size_t wiped = 0;

  bool follows_host() const override {
    return follows;
  }
  result<host_look> follow_host() override {
    ++looks;
    return look;
  }
  bool follows = false;
  /// What each look finds.
  result<host_look> look = host_look{};
  std::size_t looks = 0;

private:
  class session final : public mount_session {
  public:
    explicit session(fake_mounts& owner) : owner_(owner) {
    }
    void give(opened_sources) override {
    }
    result<step_outcome> apply(const mount_step& step) override {
      auto name = describe(step);
      owner_.tried.push_back(name);
      const auto at = owner_.answers.find(name);
      if (at != owner_.answers.end())
        return at->second;
      return step_outcome{true, false, {}};
    }

  private:
    fake_mounts& owner_;
  };
};

} // namespace fsshare::test
