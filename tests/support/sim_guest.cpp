// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_guest.hpp"

#include "ttrpc/copy_file.hpp"
#include "ttrpc/server_session.hpp"

#include <stdexcept>
#include <utility>

namespace fsshare::test {

class sim_guest::link : public byte_stream,
                        public std::enable_shared_from_this<link> {
public:
  explicit link(sim_guest& guest) : guest_(guest) {
  }

  void start(handlers on) override {
    on_ = std::move(on);
  }
  void send(bytes data) override {
    if (!is_open)
      return;
    for (auto& call : session.receive(data)) {
      waiting_request waiting{shared_from_this(), std::move(call), nullptr, {}};
      if (guest::is_copy_file(waiting.call)) {
        waiting.copy = std::make_unique<grpc::CopyFileRequest>();
        waiting.copy->ParseFromArray(
          waiting.call.payload.data(),
          static_cast<int>(waiting.call.payload.size()));
      }
      if (waiting.copy && guest_.on_arrival)
        guest_.on_arrival(*waiting.copy);
      if (guest_.slowness)
        waiting.not_before = guest_.slowness();
      const bool counts = waiting.copy && guest_.throws_after;
      guest_.waiting_.push_back(std::move(waiting));
      if (counts && (*guest_.throws_after)-- == 0) {
        guest_.throws_after.reset();
        throw std::runtime_error{"a fault of the test"};
      }
    }
    deliver(session.take_output());
  }
  std::size_t unsent() const override {
    return 0;
  }
  void close() override {
    if (is_open)
      guest_.connection_ended(*this);
    is_open = false;
    on_ = {};
  }
  void deliver(bytes data) const {
    if (is_open && on_.received && !data.empty())
      on_.received({std::move(data)});
  }
  void end() {
    const auto told = is_open ? on_.closed : nullptr;
    close();
    if (told)
      told({errc::unavailable, "the guest closed the connection"});
  }

  ttrpc::server_session session{ttrpc::server_rules::guest};
  bool is_open = true;

private:
  sim_guest& guest_;
  handlers on_;
};

namespace {

guest::file_store open_store(const std::string& root, guest::profile which) {
  auto store = guest::file_store::open(root, which);
  if (!store)
    throw std::runtime_error{store.err().message};
  return *std::move(store);
}

} // namespace

sim_guest::sim_guest(const std::string& root, guest::profile which)
  : api_(open_store(root, which)) {
}

void sim_guest::dial(const guest_address&, done then) {
  if (refuses) {
    then(error{errc::unavailable, "nobody listens"});
    return;
  }
  auto made = std::make_shared<link>(*this);
  current_ = made;
  then(byte_stream_ptr{made});
}

sim_guest::waiting_request sim_guest::take(std::size_t i) {
  auto request = std::move(waiting_.at(i));
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
  return request;
}

result<bytes> sim_guest::answer(const waiting_request& request) {
  if (request.copy && before_copy)
    before_copy(*request.copy);
  auto reply = api_.answer(request.from->session, request.call);
  if (agent_version && request.call.method == ttrpc::version_method) {
    grpc::VersionCheckResponse said;
    said.set_agent_version(*agent_version);
    const auto text = said.SerializeAsString();
    const auto view = as_bytes(text);
    reply = bytes{view.begin(), view.end()};
  }
  if (check_error && request.call.method == ttrpc::check_method)
    return *check_error;
  if (request.copy)
    carried_out.push_back(request.copy->path());
  if (observer)
    observer();
  return reply;
}

result<bytes> sim_guest::judged(const waiting_request& request) {
  if (request.copy && denies && denies(*request.copy))
    return error{errc::permission_denied,
                 "CopyFileRequest is blocked by policy"};
  return answer(request);
}

void sim_guest::carry_out(std::size_t i) {
  const auto request = take(i);
  // A handler is cancelled with its connection, unless it has begun.
  if (!request.from->is_open && !lateness)
    return;
  const auto reply = judged(request);
  const auto& session = request.from->session;
  request.from->deliver(
    reply ? session.respond(request.call.stream, errc::none, {}, *reply)
          : session.respond(request.call.stream, reply.err()));
}

void sim_guest::fail(std::size_t i, const std::string& why) {
  ++failed_requests;
  const auto request = take(i);
  request.from->deliver(request.from->session.respond(
    request.call.stream, error{errc::internal, why}));
}

void sim_guest::carry_out_and_drop(std::size_t i) {
  const auto request = take(i);
  if (request.from->is_open || lateness)
    (void)judged(request);
  drop();
}

void sim_guest::drop() {
  if (!lateness)
    waiting_.clear();
  if (auto open = current_.lock())
    open->end();
}

void sim_guest::connection_ended(const link& which) {
  ++ended_connections;
  if (!lateness)
    return;
  for (auto& request : waiting_)
    if (request.from.get() == &which)
      request.not_before = lateness();
}

void sim_guest::carry_out_late(time_point now) {
  for (std::size_t i = 0; i < waiting_.size();)
    if (!waiting_[i].from->is_open && is_due(i, now))
      carry_out(i);
    else
      ++i;
}

void sim_guest::redraw() {
  for (auto& request : waiting_)
    if (!request.from->is_open && lateness)
      request.not_before = lateness();
}

const grpc::CopyFileRequest* sim_guest::waiting_copy(std::size_t i) const {
  return i < waiting_.size() ? waiting_[i].copy.get() : nullptr;
}

} // namespace fsshare::test
