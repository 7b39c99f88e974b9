// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/guest_address.hpp"
#include "guest/fault_plan.hpp"
#include "guest/guest_api.hpp"
#include "sys/net/io_loop.hpp"
#include "sys/net/socket_listener.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace fsshare::guest {

/// How the stand-in serves.
struct service_options {
  guest_address listen;
  /// Threads that carry requests out, at least one.
  unsigned workers = 1;
  /// How long a request waits before it is queued for a worker.
  std::chrono::nanoseconds delay{0};
  /// CPU time that a worker spends on each request before carrying it out.
  std::chrono::nanoseconds service_time{0};
  /// Unless zero, what had been received and not begun when its connection
  /// ended is carried out all the same, without an answer, this long after
  /// that end.
  std::chrono::nanoseconds late{0};
  fault_options faults;
};

/// What was served so far.
struct service_stats {
  std::uint64_t connections = 0;
  /// All that arrived, whatever became of them.
  std::uint64_t requests = 0;
  std::uint64_t copy_file_requests = 0;
  /// Payload bytes of the CopyFile requests.
  std::uint64_t copy_file_bytes = 0;
  /// Answers by success and failure.
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  /// Carried out after the end of their connections.
  std::uint64_t late = 0;
};

/// Serves the API of a guest agent. As there, requests of one connection are
/// carried out at the same time, begin and end in any order, if there is more
/// than one worker; when a connection ends, those that have not begun are
/// dropped, or carried out later.
class service {
public:
  /// Begins to listen.
  /// @param loop Must outlive the service.
  /// @returns what socket_listener::open() returns.
  static result<std::unique_ptr<service>> open(io_loop& loop, guest_api api,
                                               const service_options& options);

  /// Like stop().
  ~service();
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  /// Ends listening, removes the socket file, closes all connections and waits
  /// for the requests that have begun. Not to be run in the thread of the loop.
  /// Idempotent.
  void stop();

  service_stats stats() const;

private:
  class server;
  service() = default;

  std::shared_ptr<server> server_;
  std::unique_ptr<socket_listener> listener_;
};

} // namespace fsshare::guest
