// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/share/process_watch.hpp"

#include <map>
#include <utility>

namespace fsshare::test {

/// Processes that run and end as a test says.
class fake_processes : public process_watch {
public:
  void runs(std::int32_t pid) {
    running_.insert_or_assign(pid, process_identity{pid, ++started_, "here"});
  }
  process_identity at(std::int32_t pid) const {
    return running_.at(pid);
  }
  /// Returns one of another PID namespace.
  static process_identity far(std::int32_t pid) {
    return {pid, 1, "elsewhere"};
  }
  void ends(std::int32_t pid) {
    const auto who = running_.at(pid);
    running_.erase(pid);
    if (const auto known = watched_.find(who); known != watched_.end())
      std::exchange(known->second, nullptr)(who);
  }
  bool is_watched(std::int32_t pid) const {
    return watched_.contains(running_.at(pid));
  }

  result<std::string> pid_namespace() const override {
    return std::string{"here"};
  }
  result<process_identity> identify(std::int32_t pid) const override {
    if (!running_.contains(pid))
      return error{errc::not_found, "process has ended"};
    return running_.at(pid);
  }
  result<process_identity> identify_for(const process_identity& caller,
                                        std::int32_t pid) const override {
    if (caller.pid_namespace != "here")
      return error{errc::failed_precondition, "another PID namespace"};
    return identify(pid);
  }
  void watch(const process_identity& process, on_end ended) override {
    const auto now = identify(process.pid);
    if (!now || *now != process)
      ended(process);
    else
      watched_.insert_or_assign(process, std::move(ended));
  }
  void unwatch(const process_identity& process) override {
    watched_.erase(process);
  }

private:
  std::map<std::int32_t, process_identity> running_;
  std::map<process_identity, on_end> watched_;
  std::uint64_t started_ = 100;
};

} // namespace fsshare::test
