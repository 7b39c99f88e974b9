// SPDX-License-Identifier: Apache-2.0
#include "actors/guest_proxy.hpp"
#include "core/pacing.hpp"
#include "core/paths.hpp"

#include "ttrpc/copy_file.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// Contents of this size go to the socket by themselves.
constexpr std::size_t flushed_bytes = std::size_t{64} << 10;

} // namespace

// Jobs take turns, so that a large copy does not hold up a small push.
void guest_proxy_state::pump() {
  if (!connection_.is_up())
    return;
  while (window_.may_send(0) && send_one()) {
  }
  flush();
}

// Begins with the job after the one that was sent something of last.
bool guest_proxy_state::send_one() {
  for (auto n = jobs_.size(); n > 0; --n) {
    const bool is_sent = send_next(jobs_.front());
    jobs_.splice(jobs_.end(), jobs_, jobs_.begin());
    if (is_sent)
      return true;
  }
  return false;
}

// What lacks room for its contents is next: smaller ones would take it for
// ever.
bool guest_proxy_state::has_room(const active_job& active,
                                 std::uint64_t length) {
  if (length == 0)
    return true;
  if (in_turn_ != 0 && in_turn_ != active.key) {
    const auto* first = find(in_turn_);
    const auto wanted = first == nullptr ? std::nullopt : first->job.peek();
    if (wanted && wanted->length > 0)
      return false;
  }
  const bool fits = window_.may_send(length);
  in_turn_ = fits ? 0 : active.key;
  return fits;
}

// Memory for contents that are in it already is their snapshot's.
bool guest_proxy_state::take_credit(const active_job& active,
                                    std::uint64_t length) {
  if (credit_.left >= length) {
    credit_.left -= length;
    return true;
  }
  const auto progress = active.job.progress();
  ask_credit(length, progress.bytes_total - progress.bytes_done);
  return false;
}

void guest_proxy_state::ask_credit(std::uint64_t length, std::uint64_t rest) {
  if (credit_.is_asked_for)
    return;
  // Who holds some of it while it waits for more would keep it from others who
  // do the same.
  drop_credit();
  credit_.is_asked_for = true;
  const auto wanted = std::max(length, std::min(rest, default_chunk_bytes));
  ask(self_, memory_,
      reserve_bytes{wanted, budget_use::first_copy, self_->id()})
    .then(
      [this](const bytes_reserved& got) {
        credit_.is_asked_for = false;
        credited(got);
      },
      [this](caf::error& err) {
        credit_.is_asked_for = false;
        for (auto& active : jobs_)
          if (!active.source.empty())
            active.job.fail(from_caf(err));
        end_jobs();
      });
}

void guest_proxy_state::credited(const bytes_reserved& got) {
  if (!connection_.is_up() || jobs_.empty())
    return;
  credit_.lease = got.lease;
  credit_.left = got.lease->bytes();
  pump();
  end_jobs();
}

bool guest_proxy_state::send_next(active_job& active) {
  const auto next = active.job.peek();
  if (!next || !has_room(active, next->length))
    return false;
  const auto& next_step = active.job.step_of(*next);
  // Of a file of a tree it is not known before it is read whether it is empty.
  const bool is_read = !active.source.empty() && !next_step.content
                       && next_step.type == entry_type::file;
  if (is_read && active.job.is_small_file(*next))
    return send_small_file(active, *next);
  if (is_read && !take_credit(active, next->length))
    return false;
  const auto request = active.job.next(next->length);
  const flight what{active.key, *request, window_.sent(request->length, now()),
                    is_read ? credit_.lease : nullptr};
  if (credit_.left == 0)
    drop_credit();
  const auto& step = active.job.step_of(*request);
  if (step.type == entry_type::symlink)
    send(active, what, as_bytes(step.target));
  else if (is_read)
    fetch(active, what);
  else if (request->length == 0)
    send(active, what, {});
  else
    send(active, what,
         byte_view{*step.content}.subspan(request->offset, request->length));
  return true;
}

// What is read of it ahead is held in memory until it is sent.
bool guest_proxy_state::send_small_file(active_job& active,
                                        const copy_request& next) {
  auto file = active.ahead.take(next.step);
  const auto request = file ? active.job.next(next.length) : std::nullopt;
  const bool is_short = !read_ahead_of(active);
  if (!request) {
    // Who waits for memory holds none that others may wait for.
    if (is_short)
      active.ahead.clear();
    return false;
  }
  have_read(active,
            {active.key, *request, window_.sent(request->length, now()),
             std::move(file->memory)},
            std::move(file->what));
  return true;
}

// Returns false where there is no memory for it.
bool guest_proxy_state::read_ahead_of(active_job& active) {
  auto wanted = active.ahead.wants(active.job);
  if (wanted.steps.empty())
    return true;
  if (!take_credit(active, wanted.bytes))
    return false;
  const auto turn = active.ahead.begun(wanted, credit_.lease);
  if (credit_.left == 0)
    drop_credit();
  ask(self_, reader_,
      read_files{active.source, std::move(wanted.files), options_.sandbox_id})
    .then(
      [this, job = active.key, turn](files_read& got) {
        ahead_read(job, turn, std::move(got.found));
      },
      [this, job = active.key, turn](caf::error& err) {
        ahead_read(job, turn, from_caf(err));
      });
  return true;
}

void guest_proxy_state::ahead_read(std::uint64_t job, std::uint64_t turn,
                                   result<found_files> found) {
  auto* active = find(job);
  if (active == nullptr || !active->ahead.ended(turn, std::move(found)))
    return;
  pump();
  end_jobs();
}

void guest_proxy_state::fetch(active_job& active, const flight& what) {
  const auto& step = active.job.step_of(what.request);
  const auto fetch = ++last_fetch_;
  fetching_.emplace(fetch, what);
  ask(self_, reader_,
      read_chunk{active.source, step.source, what.request.offset,
                 what.request.length, step.size, step.hole_bytes > 0,
                 active.open_files[what.request.step], options_.sandbox_id})
    .then(
      [this, fetch](chunk_read& chunk) {
        fetched(fetch, std::move(chunk));
      },
      [this, fetch](caf::error& err) {
        fetched(fetch, from_caf(err));
      });
}

// Ends a job without waiting for files that may never be read.
void guest_proxy_state::stop_job(active_job& active) {
  active.job.stop();
  active.ahead.clear();
  std::erase_if(fetching_, [&](const auto& entry) {
    const auto& what = entry.second;
    if (what.job != active.key)
      return false;
    window_.lost(what.window);
    active.job.unsent(what.request, {errc::aborted, "superseded"});
    return true;
  });
}

void guest_proxy_state::fetched(std::uint64_t fetch, result<chunk_read> chunk) {
  const auto fetching = fetching_.extract(fetch);
  if (fetching.empty())
    return;
  const auto what = fetching.mapped();
  auto* active = find(what.job);
  if (active == nullptr)
    return;
  have_read(*active, what, std::move(chunk));
  pump();
  end_jobs();
}

void guest_proxy_state::have_read(active_job& active, const flight& what,
                                  result<chunk_read> chunk) {
  if (!chunk) {
    window_.lost(what.window);
    active.job.unsent(what.request, chunk.err());
  } else if (auto* read = std::get_if<read_bytes>(&chunk->found)) {
    if (read->changed)
      active.job.changed(what.request);
    const auto& step = active.job.step_of(what.request);
    if (what.request.offset + what.request.length < step.size)
      active.open_files[what.request.step] = std::move(chunk->source);
    else
      active.open_files.erase(what.request.step);
    send(active, what, *read->data);
  } else {
    window_.lost(what.window);
    not_fetched(active, what.request, *chunk);
  }
}

// A file that is not as it was when its tree was read is asked for anew, or
// left out.
void guest_proxy_state::not_fetched(active_job& active,
                                    const copy_request& request,
                                    chunk_read& chunk) {
  auto& job = active.job;
  if (auto* shape = std::get_if<file_shape>(&chunk.found)) {
    active.open_files[request.step] = std::move(chunk.source);
    const auto before = guest_memory_of(job.bytes_of(request));
    job.reshaped(request, std::move(*shape));
    active.room += guest_memory_of(job.bytes_of(request)) - before;
    if (auto room = budget_.reserve(active.takes.front(), active.room); !room)
      job.fail(room.err());
    return;
  }
  const auto& obstacle = std::get<file_obstacle>(chunk.found);
  active.open_files.erase(request.step);
  if (!obstacle.may_pass)
    job.unreadable(request, obstacle.why);
  else if (job.put_off(request, obstacle.why, now()))
    tell_later(self_, handle{self_}, pacing::unreadable_file,
               file_retry{active.key, request.id});
}

void guest_proxy_state::send(active_job& active, const flight& what,
                             byte_view data) {
  const auto& step = active.job.step_of(what.request);
  // Before it is sent: without an answer it may have been made all the same.
  if (what.request.offset == 0 && active.removes.empty())
    inventory_.begun(step, profile_);
  const auto head
    = ttrpc::copy_file_head(step, what.request.offset, data.size());
  const auto stream
    = session_ ? session_->call(ttrpc::agent_service, ttrpc::copy_file_method,
                                {head, data}, options_.request_timeout, now())
               : error{errc::unavailable, "the connection has ended"};
  if (!stream) {
    window_.lost(what.window);
    active.job.unsent(what.request, stream.err());
    return;
  }
  in_flight_.emplace(*stream, what);
  connection_.request_sent(now());
  ++status_.requests;
  status_.bytes_sent += data.size();
  counted_.sent_bytes += data.size();
  // What is written need not be held: one frame after the other.
  if (data.size() >= flushed_bytes)
    flush();
}

void guest_proxy_state::drop_credit() {
  credit_.lease.reset();
  credit_.left = 0;
}

void guest_proxy_state::flush() {
  if (!session_ || !stream_)
    return;
  auto output = session_->take_output();
  if (!output.empty())
    stream_->send(std::move(output));
  arm();
}

} // namespace fsshare
