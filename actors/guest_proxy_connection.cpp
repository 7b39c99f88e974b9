// SPDX-License-Identifier: Apache-2.0
#include "actors/guest_proxy.hpp"
#include "core/earlier.hpp"
#include "core/text/utf8.hpp"
#include "log/log.hpp"
#include "proto/agent.pb.h"
#include "ttrpc/copy_file.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// Answers are empty but for their sentence, and the version's few words.
constexpr std::size_t max_response = std::size_t{64} << 10;
constexpr std::size_t max_sentence = 512;
constexpr std::size_t max_version = 64;

// An expired call ends the connection: no answer comes late.
ttrpc::client_session::limits session_limits() {
  return {max_response, ttrpc::client_session::strays::refuse};
}

// What of a guest agent's sentence is shown: the reason stands at its end,
// before the backtrace.
std::string guest_sentence(std::string_view said) {
  const auto words = without_middle(without_backtrace(said), 4 * max_sentence);
  return without_middle(peer_text(words, 3 * words.size()), max_sentence);
}

} // namespace

guest_proxy_state::time_point guest_proxy_state::now() const {
  return self_->clock().now();
}

void guest_proxy_state::connect() {
  if (connection_.call())
    dial();
  arm();
}

void guest_proxy_state::dial() {
  const auto attempt = ++connection_number_;
  // A weak reference: a dial must not keep the actor of a sandbox that is gone.
  network_->dial(options_.address,
                 [weak = caf::actor_cast<caf::weak_actor_ptr>(handle{self_}),
                  attempt](result<byte_stream_ptr> stream) {
                   if (auto self = caf::actor_cast<handle>(weak.lock()))
                     tell(self, guest_dialed{attempt, std::move(stream)});
                 });
}

void guest_proxy_state::dialed(guest_dialed& msg) {
  if (msg.attempt != connection_number_
      || !connection_.is<connection_state::dialing>())
    return;
  if (!msg.stream) {
    connection_.refused(now());
    not_reached(msg.stream.err());
    return;
  }
  connection_.dialed();
  stream_ = *std::move(msg.stream);
  session_.emplace(session_limits());
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(handle{self_});
  const auto connection = connection_number_;
  stream_->start({
    [weak, connection](received_bytes data) {
      if (auto self = caf::actor_cast<handle>(weak.lock()))
        tell(self, guest_bytes{connection, std::move(data)});
    },
    [weak, connection](error why) {
      if (auto self = caf::actor_cast<handle>(weak.lock()))
        tell(self, guest_closed{connection, std::move(why)});
    },
  });
  greet();
}

// The version decides how to copy; the check is what guest agents expect first.
void guest_proxy_state::greet() {
  const auto check = ask_health(ttrpc::check_method);
  const auto version = check ? ask_health(ttrpc::version_method) : check.err();
  if (!version) {
    lost(version.err());
    return;
  }
  check_stream_ = *check;
  version_stream_ = *version;
}

result<std::uint32_t> guest_proxy_state::ask_health(std::string_view method) {
  if (!session_)
    return error{errc::unavailable, "the connection has ended"};
  auto stream = session_->call(ttrpc::health_service, method, {},
                               connection_.answer_limit(), now());
  flush();
  return stream;
}

void guest_proxy_state::send_check() {
  const auto check = ask_health(ttrpc::check_method);
  if (check)
    check_stream_ = *check;
  else
    lost(check.err());
}

void guest_proxy_state::versioned(const ttrpc::client_session::reply& reply) {
  grpc::VersionCheckResponse version;
  if (reply.code == errc::none)
    // A guest agent that sends nonsense gets the newest rules, like one that
    // does not know the method.
    version.ParseFromArray(reply.payload.data(),
                           static_cast<int>(reply.payload.size()));
  profile_
    = profile_of(version.agent_version(), options_.no_implicit_parents_from);
  // Shown to operators: bounded, whatever the guest sends.
  status_.agent_version = peer_text(version.agent_version(), max_version);
}

void guest_proxy_state::go_on(guest_connection::question answered) {
  const bool was_connecting = connection_.is_connecting();
  const auto step = connection_.answered(answered, now());
  if (was_connecting && !connection_.is_connecting())
    note_connected();
  switch (step) {
  case guest_connection::step::none: return;
  case guest_connection::step::silence: arm(); return;
  case guest_connection::step::ready: go_up(); return;
  case guest_connection::step::resumed: begin_jobs(); return;
  }
}

void guest_proxy_state::note_connected() {
  status_.last_error.clear();
  ++counted_.connections;
  log::info("guest-connected", {{"sandbox", options_.sandbox_id},
                                {"agent_version", status_.agent_version},
                                {"rules", profile_.name}});
  note(options_.events, {event_id::guest_connected, options_.sandbox_id});
}

// The connection may be dead without a word while requests are out, or the
// guest busy: most guest agents answer a Check all the same.
void guest_proxy_state::look_at_silence() {
  switch (connection_.silence_at(now())) {
  case answer_patience::verdict::wait: return;
  case answer_patience::verdict::ask:
    // One that is still to be answered will do.
    if (check_stream_ == 0)
      send_check();
    return;
  case answer_patience::verdict::give_up:
    lost({errc::deadline_exceeded,
          "the guest agent answers neither requests nor a Check"});
    return;
  }
}

void guest_proxy_state::received(const guest_bytes& msg) {
  if (msg.connection != connection_number_ || !session_)
    return;
  connection_.heard(now());
  const auto replies = session_->receive(msg.arrived.data);
  if (!replies) {
    lost(replies.err());
    return;
  }
  for (const auto& reply : *replies) {
    answered(reply);
    // It was no answer that one could go on with.
    if (msg.connection != connection_number_)
      return;
  }
  connection_.taken(in_flight_.size(), now());
  pump();
  end_jobs();
  pump();
}

void guest_proxy_state::answered(const ttrpc::client_session::reply& reply) {
  if (reply.stream == check_stream_) {
    check_stream_ = 0;
    // Somebody answers for a guest that is not up, such as what dials the VM of
    // a peer pod.
    if (reply.code != errc::none)
      lost({errc::unavailable,
            std::string{"the guest agent answered a Check with "}
              + to_string(reply.code) + ": " + guest_sentence(reply.message)});
    else
      go_on(guest_connection::question::check);
    return;
  }
  if (reply.stream == version_stream_) {
    version_stream_ = 0;
    versioned(reply);
    go_on(guest_connection::question::version);
    return;
  }
  if (reply.stream == look_stream_) {
    looked(reply.code, guest_sentence(reply.message));
    return;
  }
  const auto i = in_flight_.find(reply.stream);
  if (i == in_flight_.end())
    return;
  const auto what = i->second;
  in_flight_.erase(i);
  connection_.request_answered();
  window_.answered(what.window, now());
  counted_.answered(reply.code, now() - what.window.sent_at);
  auto* active = find(what.job);
  if (active == nullptr)
    return;
  if (reply.code == errc::permission_denied)
    note_denied(active->job.step_of(what.request));
  active->job.answered(what.request, reply.code, guest_sentence(reply.message));
  // Removals are settled as a whole, and go on with other steps.
  if (reply.code == errc::none && active->removes.empty()
      && active->job.is_done(what.request))
    inventory_.done(active->job.step_of(what.request));
}

// A policy that takes copies alone forbids what gives the directory that holds
// them back to root; nothing else of that effect leaves a copy as it is.
void guest_proxy_state::note_denied(const copy_step& step) {
  if (!step.is_for_owner || std::exchange(is_owner_denied_, true))
    return;
  log::warning(
    "share-directory-owned",
    {{"sandbox", options_.sandbox_id}, {"guest_path", inventory_.share_dir()}});
}

void guest_proxy_state::note_unanswered() {
  for (const auto& entry : in_flight_) {
    const auto& what = entry.second;
    if (const auto* active = find(what.job))
      inventory_.unanswered(active->job.step_of(what.request), now());
  }
  if (look_stream_ != 0)
    inventory_.unanswered(look_step(looks_.back(), profile_), now());
}

void guest_proxy_state::close() {
  if (stream_)
    stream_->close();
  stream_.reset();
  session_.reset();
  ++connection_number_;
  check_stream_ = 0;
  version_stream_ = 0;
  look_stream_ = 0;
}

// Everything in flight may have happened, may still happen, or never will.
void guest_proxy_state::lost(const error& why) {
  note_unanswered();
  close();
  const auto loss = connection_.lost(in_flight_.size(), now());
  counted_.unanswered += in_flight_.size();
  in_flight_.clear();
  fetching_.clear();
  drop_credit();
  for (auto& active : jobs_) {
    if (active.job.begun())
      active.waits_since = now();
    active.job.disconnected(why, now(), connection_.dial_limit());
    // Steps have other numbers on the next connection.
    active.open_files.clear();
    active.ahead.clear();
  }
  if (loss != guest_connection::loss::unreached) {
    log::warning("guest-lost",
                 {{"sandbox", options_.sandbox_id}, {"error", why.message}});
    node_event ended{event_id::guest_lost, options_.sandbox_id};
    ended.detail = why.message;
    note(options_.events, std::move(ended));
  }
  if (loss == guest_connection::loss::in_use) {
    status_.last_error = why.message;
    doubt_all();
  } else {
    not_reached(why);
  }
  end_jobs();
  if (is_wanted())
    connect();
}

void guest_proxy_state::not_reached(const error& why) {
  status_.last_error = why.message;
  fail_waiting(why);
  arm();
}

} // namespace fsshare
