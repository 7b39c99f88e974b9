// SPDX-License-Identifier: Apache-2.0
#include "guest/service.hpp"

#include "guest/connection.hpp"
#include "guest/worker_pool.hpp"
#include "sys/standin/cpu_time.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

namespace fsshare::guest {

namespace {

struct counters {
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> copy_file_requests{0};
  std::atomic<std::uint64_t> copy_file_bytes{0};
  std::atomic<std::uint64_t> succeeded{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> late{0};
};

/// The answer to a request that is not carried out.
result<bytes> intended_failure(fate what) {
  if (what == fate::denied)
    return error{errc::permission_denied,
                 "CopyFileRequest is blocked by policy: --deny-after"};
  return error{errc::internal, "failed as asked for by --fail-every"};
}

} // namespace

// What connections, timers and workers share. Those of the loop hold it weakly;
// the workers are its own.
class service::server : public std::enable_shared_from_this<server> {
public:
  server(io_loop& loop, guest_api api, const service_options& options)
    : loop_(loop), api_(std::move(api)), delay_(options.delay),
      service_time_(options.service_time), late_(options.late),
      faults_(options.faults), workers_(options.workers) {
  }

  void accept(byte_stream_ptr stream) {
    auto client = std::make_shared<connection>(loop_, std::move(stream));
    if (!keep(client))
      return;
    ++counters_.connections;
    const auto weak = weak_from_this();
    const std::weak_ptr<connection> which = client;
    client->start({[weak, which](ttrpc::request call) {
                     const auto self = weak.lock();
                     const auto from = which.lock();
                     if (self && from)
                       self->take(from, std::move(call));
                   },
                   [weak, which] {
                     const auto self = weak.lock();
                     const auto from = which.lock();
                     if (self && from)
                       self->forget(from);
                   }});
  }

  void stop() {
    std::set<std::shared_ptr<connection>> ended;
    {
      const std::lock_guard guard{mutex_};
      is_stopping_ = true;
      ended.swap(clients_);
    }
    for (const auto& client : ended)
      client->close();
    workers_.stop();
  }

  service_stats stats() const {
    return {counters_.connections,
            counters_.requests,
            counters_.copy_file_requests,
            counters_.copy_file_bytes,
            counters_.succeeded,
            counters_.failed,
            counters_.late};
  }

private:
  using client_ptr = std::shared_ptr<connection>;
  using call_ptr = std::shared_ptr<const ttrpc::request>;
  using steady_clock = std::chrono::steady_clock;

  bool keep(const client_ptr& client) {
    const std::lock_guard guard{mutex_};
    if (!is_stopping_)
      clients_.insert(client);
    return !is_stopping_;
  }

  void forget(const client_ptr& client) {
    const std::lock_guard guard{mutex_};
    clients_.erase(client);
  }

  void take(const client_ptr& client, ttrpc::request call) {
    ++counters_.requests;
    const auto is_copy = is_copy_file(call);
    if (is_copy) {
      ++counters_.copy_file_requests;
      counters_.copy_file_bytes += call.payload.size();
    }
    const auto next
      = faults_.next(is_copy ? request_kind::copy_file : request_kind::other);
    if (next == fate::hung)
      return;
    if (next == fate::dropped) {
      client->close_when_answered();
      return;
    }
    client->expect_answer();
    // Shared, because the functions that carry it on have to be copyable.
    const call_ptr shared
      = std::make_shared<const ttrpc::request>(std::move(call));
    wait([this, client, shared, next] {
      // Guest agents drop what has not begun when its connection ends.
      if (client->is_open())
        carry_out(client, *shared, next);
      else if (late_ > std::chrono::nanoseconds::zero()
               && next == fate::carried_out)
        wait_late(client, shared);
    });
  }

  // As a handler that began before the end, on a guest that is slow.
  void wait_late(const client_ptr& client, const call_ptr& call) {
    const auto left = client->ended_at() + late_ - steady_clock::now();
    loop_.after(std::max(left, steady_clock::duration::zero()),
                [weak = weak_from_this(), client, call] {
                  const auto self = weak.lock();
                  if (!self)
                    return;
                  self->workers_.run([server = self.get(), client, call] {
                    server->carry_out_late(client, *call);
                  });
                });
  }

  void carry_out_late(const client_ptr& client, const ttrpc::request& call) {
    use_cpu(service_time_);
    static_cast<void>(api_.answer(client->session(), call));
    ++counters_.late;
  }

  // A delay holds no worker: it is the distance of the guest, not its work.
  void wait(worker_pool::job next) {
    if (delay_ <= std::chrono::nanoseconds::zero()) {
      workers_.run(std::move(next));
      return;
    }
    loop_.after(delay_, [weak = weak_from_this(), next = std::move(next)] {
      if (const auto self = weak.lock())
        self->workers_.run(next);
    });
  }

  // In a worker, which never outlives us.
  void carry_out(const client_ptr& client, const ttrpc::request& call,
                 fate what) {
    use_cpu(service_time_);
    const auto reply = what == fate::carried_out
                         ? api_.answer(client->session(), call)
                         : intended_failure(what);
    ++(reply ? counters_.succeeded : counters_.failed);
    client->answer(call.stream, reply);
  }

  io_loop& loop_;
  const guest_api api_;
  const std::chrono::nanoseconds delay_;
  const std::chrono::nanoseconds service_time_;
  const std::chrono::nanoseconds late_;
  fault_plan faults_; // touched in the thread of the loop only
  counters counters_;

  std::mutex mutex_; // guards the two below
  std::set<client_ptr> clients_;
  bool is_stopping_ = false;

  worker_pool workers_; // last: its threads use all of the above
};

result<std::unique_ptr<service>> service::open(io_loop& loop, guest_api api,
                                               const service_options& options) {
  std::unique_ptr<service> out{new service};
  out->server_ = std::make_shared<server>(loop, std::move(api), options);
  auto listener = socket_listener::open(
    loop, options.listen, {},
    [weak = std::weak_ptr{out->server_}](byte_stream_ptr stream, auto) {
      if (const auto self = weak.lock())
        self->accept(std::move(stream));
    });
  if (!listener)
    return listener.err();
  out->listener_ = std::move(*listener);
  return out;
}

service::~service() {
  stop();
}

void service::stop() {
  if (listener_)
    listener_->close();
  server_->stop();
}

service_stats service::stats() const {
  return server_->stats();
}

} // namespace fsshare::guest
