// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>

namespace fsshare {

/// Tells a reader's process from others; 15 bytes at most (prctl(2)).
constexpr const char* reader_process_name = "fsshared-read";

/// Where reads run that may hang. The seam between READER POOL and threads.
class read_runner {
public:
  using job = std::function<void()>;

  virtual ~read_runner() = default;

  /// Lets a reader do a job, after those that it was given before. One that
  /// was never named before is made. Never blocks; a job throws nothing.
  /// @returns `errc::unavailable` where no reader could be made.
  virtual status run(std::size_t reader, job what) = 0;

  /// Lets a reader end when it has done its jobs.
  virtual void retire(std::size_t reader) = 0;
};

/// A thread for each reader, in a process of its own that shares memory and
/// descriptors with this one (clone(2): CLONE_VM, CLONE_FILES, no
/// CLONE_THREAD).
///
/// A call to a FUSE filesystem whose server took the request and does not
/// answer cannot be interrupted, not even by SIGKILL, and a process is not gone
/// before the last of its threads (fs/fuse/dev.c of the kernel: "wait it out").
/// A thread of this process would keep it from ending. So readers are none; the
/// kernel ends them with this process, as soon as they come back.
///
/// Each has a thread here that waits for it and lends it its thread-local
/// storage.
class reader_threads final : public read_runner {
public:
  reader_threads() = default;
  /// Idle readers end; the others after their jobs. Waits for none of them.
  ~reader_threads() override;
  reader_threads(const reader_threads&) = delete;
  reader_threads& operator=(const reader_threads&) = delete;

  status run(std::size_t reader, job what) override;
  void retire(std::size_t reader) override;

private:
  class worker;

  std::map<std::size_t, std::shared_ptr<worker>> workers_;
};

} // namespace fsshare
