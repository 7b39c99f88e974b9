// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/byte_stream.hpp"
#include "guest/guest_api.hpp"
#include "proto/agent.pb.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fsshare::test {

/// A guest agent without threads or sockets, behind the dialer of a GUEST
/// PROXY: real bytes of the protocol, real files in a directory, but each
/// request waits until the test carries it out, in any order.
class sim_guest : public dialer {
public:
  /// @param root Existing directory that stands for the guest's share.
  sim_guest(const std::string& root, guest::profile which);

  void dial(const guest_address& address, done then) override;

  /// Number of requests that arrived and were not carried out.
  std::size_t waiting() const {
    return waiting_.size();
  }
  /// Carries out the `i`th of them and answers.
  void carry_out(std::size_t i);
  /// Answers it with INTERNAL and changes nothing.
  void fail(std::size_t i, const std::string& why = "a fault of the test");
  /// Carries it out, and the answer is lost with the connection.
  void carry_out_and_drop(std::size_t i);
  /// Ends the connection; what waits is not carried out, unless `lateness` is
  /// set.
  void drop();

  using time_point = std::chrono::steady_clock::time_point;
  /// When set, requests whose connection has ended go on waiting: each may be
  /// carried out, without an answer, from the time on that this says.
  std::function<time_point()> lateness;
  /// Whether the `i`th request waiting may be carried out at `now`.
  bool is_due(std::size_t i, time_point now) const {
    return waiting_.at(i).not_before <= now;
  }
  /// When set, no request may be carried out before the time that this says
  /// when it arrives.
  std::function<time_point()> slowness;
  /// Carries out all late requests that may be at `now`, as what happened while
  /// time passed.
  void carry_out_late(time_point now);
  /// Draws the times of the late requests again, as after a pause.
  void redraw();

  /// Whether the `i`th request waiting is a CopyFile for this path, and what
  /// it carries.
  const grpc::CopyFileRequest* waiting_copy(std::size_t i) const;

  /// While set, what it says of its version.
  std::optional<std::string> agent_version;
  /// While set, a Check is answered with it.
  std::optional<error> check_error;
  /// While set, dials fail.
  bool refuses = false;
  /// Paths of the CopyFile requests that were carried out, in order.
  std::vector<std::string> carried_out;
  /// Called after each request that was carried out.
  std::function<void()> observer;
  /// While set, so many CopyFile requests arrive before one throws in the
  /// handler that sends it, having arrived; once.
  std::optional<std::size_t> throws_after;
  /// Called when a CopyFile arrives.
  std::function<void(const grpc::CopyFileRequest&)> on_arrival;
  /// Number of connections that have ended.
  std::size_t ended_connections = 0;
  /// Number of requests that fail() has answered.
  std::size_t failed_requests = 0;
  /// The guest's policy: what it says true of is answered PERMISSION_DENIED.
  std::function<bool(const grpc::CopyFileRequest&)> denies;
  /// Called before each CopyFile that is carried out.
  std::function<void(const grpc::CopyFileRequest&)> before_copy;

private:
  class link;
  struct waiting_request {
    std::shared_ptr<link> from;
    ttrpc::request call;
    std::unique_ptr<grpc::CopyFileRequest> copy;
    time_point not_before{};
  };

  void connection_ended(const link& which);
  waiting_request take(std::size_t i);
  result<bytes> answer(const waiting_request& request);
  result<bytes> judged(const waiting_request& request);

  guest::guest_api api_;
  std::weak_ptr<link> current_;
  std::deque<waiting_request> waiting_;
};

} // namespace fsshare::test
