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

// A Check that takes longer was held up by a guest that did not run.
constexpr std::chrono::nanoseconds slow_answer = std::chrono::seconds{1};
// A guest that is always that slow is served all the same.
constexpr unsigned max_quiet_rounds = 5;

// Answers are empty but for their sentence, and the version's few words.
constexpr std::size_t max_response = std::size_t{64} << 10;
constexpr std::size_t max_sentence = 512;
constexpr std::size_t max_version = 64;

// An expired call ends the connection: no answer comes late.
ttrpc::client_session::limits session_limits() {
  return {max_response, ttrpc::client_session::strays::refuse};
}

// A connection that has been silent for so long may be dead without a word, as
// after the guest was restored from a snapshot.
constexpr std::chrono::nanoseconds long_idle = std::chrono::seconds{5};
// A guest agent that is alive answers a Check sooner.
constexpr std::chrono::nanoseconds probe_timeout = std::chrono::seconds{2};

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
  if (link_ != link_state::down)
    return;
  if (!redial_at_)
    dial();
  arm();
}

void guest_proxy_state::dial() {
  link_ = link_state::dialing;
  const auto attempt = ++connection_;
  // A weak reference: a dial must not keep the actor of a sandbox that is gone.
  network_->dial(options_.address,
                 [weak = caf::actor_cast<caf::weak_actor_ptr>(handle{self_}),
                  attempt](result<byte_stream_ptr> stream) {
                   if (auto self = caf::actor_cast<handle>(weak.lock()))
                     tell(self, guest_dialed{attempt, std::move(stream)});
                 });
}

void guest_proxy_state::dialed(guest_dialed& msg) {
  if (msg.attempt != connection_ || link_ != link_state::dialing)
    return;
  is_refused_ = !msg.stream;
  if (is_refused_) {
    redial_later(msg.stream.err());
    return;
  }
  stream_ = *std::move(msg.stream);
  session_.emplace(session_limits());
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(handle{self_});
  const auto connection = connection_;
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
  link_ = link_state::greeting;
  const auto limit = std::min<std::chrono::nanoseconds>(
    options_.request_timeout, options_.dial_timeout);
  const auto check = ask_health(ttrpc::check_method, limit);
  const auto version
    = check ? ask_health(ttrpc::version_method, limit) : check.err();
  if (!version) {
    lost(version.err());
    return;
  }
  check_stream_ = *check;
  version_stream_ = *version;
}

result<std::uint32_t>
guest_proxy_state::ask_health(std::string_view method,
                              std::chrono::nanoseconds limit) {
  if (!session_)
    return error{errc::unavailable, "the connection has ended"};
  auto stream = session_->call(ttrpc::health_service, method, {}, limit, now());
  flush();
  return stream;
}

// Any answer will do.
void guest_proxy_state::send_check(std::chrono::nanoseconds limit) {
  const auto check = ask_health(ttrpc::check_method, limit);
  if (check)
    check_stream_ = *check;
  else
    lost(check.err());
}

void guest_proxy_state::greeted(const ttrpc::client_session::reply& reply) {
  if (reply.stream == check_stream_) {
    // Any answer will do: a guest that is paused gives none.
    check_stream_ = 0;
    greeting_ended();
    return;
  }
  if (reply.stream != version_stream_)
    return;
  grpc::VersionCheckResponse version;
  if (reply.code == errc::none)
    // A guest agent that sends nonsense gets the newest rules, like one that
    // does not know the method.
    version.ParseFromArray(reply.payload.data(),
                           static_cast<int>(reply.payload.size()));
  profile_ = profile_of(version.agent_version());
  // Shown to operators: bounded, whatever the guest sends.
  status_.agent_version = peer_text(version.agent_version(), max_version);
  version_stream_ = 0;
  greeting_ended();
}

void guest_proxy_state::greeting_ended() {
  if (check_stream_ != 0 || version_stream_ != 0)
    return;
  status_.last_error.clear();
  log::info("guest-connected", {{"sandbox", options_.sandbox_id},
                                {"agent_version", status_.agent_version},
                                {"rules", profile_.name}});
  if (!has_stragglers_ || options_.quiet_time <= options_.quiet_time.zero()) {
    go_up();
    return;
  }
  quiet_rounds_ = 0;
  begin_quiet();
}

void guest_proxy_state::begin_quiet() {
  link_ = link_state::quiet;
  quiet_until_ = now() + options_.quiet_time;
  arm();
}

// A guest that was paused meanwhile has carried nothing out: it shows by being
// slow to answer another Check, and the silence begins anew.
void guest_proxy_state::quiet_ended() {
  quiet_until_.reset();
  checked_at_ = now();
  const auto limit = std::min<std::chrono::nanoseconds>(
    options_.request_timeout, options_.dial_timeout);
  send_check(limit);
}

void guest_proxy_state::checked_again() {
  check_stream_ = 0;
  const bool was_slow
    = now() - checked_at_ > std::max(options_.quiet_time, slow_answer);
  if (was_slow && ++quiet_rounds_ < max_quiet_rounds)
    begin_quiet();
  else
    go_up();
}

bool guest_proxy_state::is_long_idle() const {
  return link_ == link_state::up && window_.in_flight() == 0
         && now() - heard_at_ >= long_idle;
}

// Nothing is in flight: without an answer nothing has happened in the guest, so
// the next connection need not be silent first.
void guest_proxy_state::probe() {
  link_ = link_state::probing;
  send_check(std::min(options_.request_timeout, probe_timeout));
}

void guest_proxy_state::probed() {
  check_stream_ = 0;
  link_ = link_state::up;
  for (auto& active : jobs_)
    if (!active.job.begun())
      active.job.begin(profile_, inventory_);
}

// The connection may be dead without a word while requests are out, or the
// guest busy: most guest agents answer a Check all the same.
void guest_proxy_state::look_at_silence() {
  switch (patience_.at(now())) {
  case answer_patience::verdict::wait: return;
  case answer_patience::verdict::ask:
    // One that is still to be answered will do.
    if (check_stream_ == 0)
      send_check(options_.request_timeout);
    return;
  case answer_patience::verdict::give_up:
    // A guest that is only paused has as long as its requests would have had.
    dial_limit_ = options_.dial_timeout + options_.request_timeout;
    lost({errc::deadline_exceeded,
          "the guest agent answers neither requests nor a Check"});
    return;
  }
}

void guest_proxy_state::received(const guest_bytes& msg) {
  if (msg.connection != connection_ || !session_)
    return;
  heard_at_ = now();
  const auto replies = session_->receive(msg.arrived.data);
  if (!replies) {
    lost(replies.err());
    return;
  }
  for (const auto& reply : *replies)
    answered(reply);
  patience_.heard(now(), !in_flight_.empty());
  pump();
  end_jobs();
  pump();
}

void guest_proxy_state::answered(const ttrpc::client_session::reply& reply) {
  if (link_ == link_state::greeting) {
    greeted(reply);
    return;
  }
  if (link_ == link_state::looking) {
    if (reply.stream == look_stream_)
      looked(reply.code, guest_sentence(reply.message));
    return;
  }
  if (link_ == link_state::quiet || link_ == link_state::probing) {
    if (reply.stream == check_stream_)
      link_ == link_state::quiet ? checked_again() : probed();
    return;
  }
  if (reply.stream == check_stream_)
    check_stream_ = 0;
  const auto i = in_flight_.find(reply.stream);
  if (i == in_flight_.end())
    return;
  const auto what = i->second;
  in_flight_.erase(i);
  is_of_use_ = true;
  redial_.reset();
  window_.answered(what.window, now());
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
    const auto* active = find(what.job);
    if (active != nullptr && active->removes.empty())
      inventory_.unanswered(active->job.step_of(what.request));
  }
}

// Everything in flight may have happened, may still happen, or never will.
void guest_proxy_state::lost(const error& why) {
  if (stream_)
    stream_->close();
  stream_.reset();
  session_.reset();
  quiet_until_.reset();
  ++connection_;
  has_stragglers_ |= !in_flight_.empty() || link_ == link_state::looking;
  note_unanswered();
  const bool was_up = link_ == link_state::up || link_ == link_state::probing;
  const bool was_quiet
    = link_ == link_state::quiet || link_ == link_state::looking;
  const bool was_of_use = is_of_use_ || link_ == link_state::probing;
  in_flight_.clear();
  patience_.ended();
  check_stream_ = 0;
  fetching_.clear();
  drop_credit();
  for (auto& active : jobs_) {
    if (active.job.begun())
      active.waits_since = now();
    active.job.disconnected(why, now(), dial_limit_);
    // Steps have other numbers on the next connection.
    active.open_files.clear();
  }
  if (was_up || was_quiet)
    log::warning("guest-lost",
                 {{"sandbox", options_.sandbox_id}, {"error", why.message}});
  if (was_up) {
    link_ = link_state::down;
    status_.last_error = why.message;
    doubt_all();
    // A guest agent that ends at its first request is not dialed at once for
    // ever.
    if (!was_of_use)
      redial_at_ = now() + redial_.next();
  } else {
    redial_later(why);
  }
  end_jobs();
  if (!jobs_.empty() || is_sought())
    connect();
}

void guest_proxy_state::redial_later(const error& why) {
  link_ = link_state::down;
  status_.last_error = why.message;
  redial_at_ = now() + redial_.next();
  fail_waiting(why);
  arm();
}

} // namespace fsshare
