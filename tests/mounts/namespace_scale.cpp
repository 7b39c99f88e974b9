// SPDX-License-Identifier: Apache-2.0
// How many mounts the kernel has, and how much time a sandbox takes, beside how
// many others: mounted in the mount namespace of each shim, and in the node
// agent's own, from where each mount reaches every shim.
#include "core/paths.hpp"
#include "sys/mount/kernel_mount.hpp"
#include "sys/mount/mount_namespace.hpp"
#include "sys/mount/opened_source.hpp"
#include "sys/process/reader_threads.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/shim_namespace.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr int shares = 20;

enum class place { shim, node_agent };

struct measured {
  int sandboxes = 0;
  /// Below the share root, in all namespaces.
  std::size_t mounts = 0;
  /// Of the first sandboxes, and of the last ones: the median of five.
  double first_ms = 0;
  double last_ms = 0;
  /// Of the first ones, while the others are there.
  double cleanup_ms = 0;
};

template <class T>
T must(result<T> outcome) {
  if (!outcome)
    throw std::runtime_error{outcome.err().message};
  return *std::move(outcome);
}

constexpr double ns_per_ms = 1e6;

// Processor time in ms of a task that sleeps (proc(5), schedstat).
double time_of(const std::string& task) {
  double nanoseconds = 0;
  std::ifstream{task + "/schedstat"} >> nanoseconds;
  return nanoseconds / ns_per_ms;
}

double own_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3
         + static_cast<double>(time.tv_nsec) / ns_per_ms;
}

// Of this process and of the readers that work for it. Others on the machine
// make it wait, and not take longer.
class processor_time {
public:
  processor_time() {
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
      std::string name;
      std::ifstream{entry.path() / "comm"} >> name;
      int parent = 0;
      std::string pid;
      std::string shown;
      std::string state;
      std::ifstream{entry.path() / "stat"} >> pid >> shown >> state >> parent;
      if (name == reader_process_name && parent == ::getpid())
        tasks_.push_back(entry.path());
    }
  }

  double now() const {
    double all = own_time();
    for (const auto& task : tasks_)
      all += time_of(task);
    return all;
  }

private:
  std::vector<std::string> tasks_;
};

double median(std::vector<double> times) {
  const auto middle
    = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

// Others use the machine, too.
double median_of_first(const std::vector<double>& times) {
  const auto few = std::min<std::size_t>(times.size(), 5);
  return median(
    {times.begin(), times.begin() + static_cast<std::ptrdiff_t>(few)});
}

double median_of_last(std::vector<double> times) {
  std::reverse(times.begin(), times.end());
  return median_of_first(times);
}

class scale_run {
public:
  scale_run(place where, int sandboxes) : where_(where) {
    work_.make_dir("share");
    work_.write("source/key", "value");
    for (int i = 0; i < sandboxes; ++i)
      shims_.push_back(std::make_unique<shim_namespace>());
    kernel_
      = must(make_kernel_mount(mount_api_choice::automatic, work_ / "share"));
  }

  measured measure() {
    measured out;
    out.sandboxes = static_cast<int>(shims_.size());
    const auto made = each([this](std::size_t i) {
      make(i);
    });
    out.first_ms = median_of_first(made);
    out.last_ms = median_of_last(made);
    out.mounts = count(mount_table());
    for (const auto& shim : shims_)
      out.mounts += count(shim->mounts());
    out.cleanup_ms = median_of_first(each([this](std::size_t i) {
      run(i, plan_cleanup(layout(i)));
    }));
    if (!std::filesystem::is_empty(work_ / "share"))
      throw std::runtime_error{"something is left in the share root"};
    return out;
  }

private:
  // Returns the processor time that each took.
  template <class Function>
  std::vector<double> each(Function what) {
    const processor_time time;
    std::vector<double> times;
    for (std::size_t i = 0; i < shims_.size(); ++i) {
      const auto begin = time.now();
      what(i);
      times.push_back(time.now() - begin);
    }
    return times;
  }

  share_layout layout(std::size_t i) const {
    return {work_ / "share", "sandbox" + std::to_string(i), "/guest"};
  }

  std::size_t count(const std::vector<mounted_entry>& table) const {
    return static_cast<std::size_t>(
      std::count_if(table.begin(), table.end(), [this](const auto& entry) {
        return is_below(entry.mount_point, work_ / "share");
      }));
  }

  void make(std::size_t i) {
    run(i, must(plan_prepare(layout(i), {}, submounts::take)));
    for (int share = 0; share < shares; ++share)
      run(i, must(plan_share(
               layout(i), "s" + std::to_string(share), work_ / "source",
               {access::read_only, submounts::take, propagation::closed})));
  }

  // As READER POOL and MOUNTER do it.
  void run(std::size_t i, mount_plan plan) {
    opened_sources sources;
    const auto open = [&] {
      for (const auto& path : outside_sources(plan))
        sources.emplace(path, open_source(path));
    };
    if (where_ == place::node_agent) {
      open();
    } else {
      const auto opened = must(open_namespace(shims_[i]->path()));
      plan.mount_namespace = opened->which();
      const auto inside = must(entered_namespace::enter(*opened));
      open();
    }
    const auto done = must(fsshare::run(plan, *kernel_, std::move(sources)));
    if (const auto left = check_nothing_left(done); !left)
      throw std::runtime_error{left.err().message};
  }

  place where_;
  private_mounts work_{parent_mount::shared};
  std::vector<std::unique_ptr<shim_namespace>> shims_;
  std::unique_ptr<mount_executor> kernel_;
};

void print(const char* where, const measured& one) {
  std::printf("| %s | %d | %zu | %.0f | %.1f ms | %.1f ms | %.1f ms |\n", where,
              one.sandboxes, one.mounts,
              static_cast<double>(one.mounts) / one.sandboxes, one.first_ms,
              one.last_ms, one.cleanup_ms);
  std::fflush(stdout);
}

// Two mounts of Prepare, and each share beside the slave of it that is served.
constexpr std::size_t mounts_each = 2 + 2 * shares;

int compare(const std::vector<int>& numbers) {
  std::printf(
    "Processor time of a sandbox with %d shares, the median of five:\n\n"
    "| Mounted in | Sandboxes | Mounts | For each | First ones | Last ones | "
    "Cleanup |\n|---|---|---|---|---|---|---|\n",
    shares);
  int failures = 0;
  for (const int sandboxes : numbers) {
    const auto number = static_cast<std::size_t>(sandboxes);
    const auto in_shims = scale_run{place::shim, sandboxes}.measure();
    print("its shim's namespace", in_shims);
    const auto here = scale_run{place::node_agent, sandboxes}.measure();
    print("the node agent's", here);
    failures += in_shims.mounts == number * mounts_each ? 0 : 1;
    // What it is compared with: everybody has everything.
    failures += here.mounts == (number + 1) * number * mounts_each ? 0 : 1;
  }
  if (failures > 0)
    std::fprintf(stderr, "a sandbox has not the mounts that it should have\n");
  return failures == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  std::vector<int> numbers;
  for (int i = 1; i < argc; ++i)
    numbers.push_back(std::max(1, std::atoi(argv[i])));
  if (const private_mounts probe; !probe.unavailable().empty()) {
    std::printf("skipped: %s\n", probe.unavailable().c_str());
    constexpr int skipped = 77;
    return skipped;
  }
  try {
    return compare(numbers.empty() ? std::vector<int>{10, 50, 120} : numbers);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "%s\n", failed.what());
    return 1;
  }
}
