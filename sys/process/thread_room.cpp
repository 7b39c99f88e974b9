// SPDX-License-Identifier: Apache-2.0
#include "sys/process/thread_room.hpp"

#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace fsshare {

status check_thread_room(unsigned count) {
  std::promise<void> all_begun;
  const auto end = all_begun.get_future().share();
  std::vector<std::thread> begun;
  begun.reserve(count);
  status outcome = unit{};
  try {
    while (begun.size() < count)
      begun.emplace_back([end] {
        end.wait();
      });
  } catch (const std::system_error& failed) {
    outcome = error{
      errc::resource_exhausted,
      "start threads: " + std::string{failed.code().message()} + " at "
        + std::to_string(begun.size() + 1) + " of " + std::to_string(count)
        + "; the limit of tasks (pids.max of the cgroup, TasksMax= of "
          "the unit, RLIMIT_NPROC) leaves no room for more"};
  }
  all_begun.set_value();
  for (auto& thread : begun)
    thread.join();
  return outcome;
}

} // namespace fsshare
