// SPDX-License-Identifier: Apache-2.0
#include "core/host_volume.hpp"

#include <algorithm>

namespace fsshare {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Without a watch there are no ATTRIB events: modes and owners are compared at
// every tenth poll, since that reads the metadata of the whole tree.
constexpr unsigned close_poll_every = 10;

} // namespace

host_volume::host_volume(settings s)
  : settings_(s), superseded_retry_(milliseconds{2}, milliseconds{200}, s.seed),
    failed_retry_(milliseconds{100}, seconds{30}, s.seed + 1) {
}

void host_volume::hint(volume_hint what, time_point now) {
  switch (what) {
  case volume_hint::flipped:
    suspect(now);
    // The read that is out may have begun before the flip: look afterwards.
    (reading_ ? need_look_ : need_read_) = true;
    read_at_.reset();
    break;
  case volume_hint::generation_removed:
    suspect(now);
    need_look_ = true;
    break;
  case volume_hint::attributes:
    // Each one restarts the quiet time: owners are set entry by entry.
    attributes_at_ = now + settings_.attribute_quiet;
    break;
  case volume_hint::watch_lost:
    is_watched_ = false;
    need_watch_ = true;
    need_look_ = true;
    break;
  case volume_hint::deep_sweep: need_close_look_ = true; [[fallthrough]];
  case volume_hint::sweep:
    // Placing the watch again costs one call where it stands, and finds the
    // directory or mount that took its place where it does not.
    need_watch_ = true;
    need_look_ = true;
    break;
  }
}

void host_volume::suspect(time_point now) {
  if (!suspected_at_)
    suspected_at_ = now;
}

void host_volume::want_snapshot() {
  if (!snapshot_ && !reading_ && !is_missing_)
    need_read_ = true;
}

void host_volume::release_snapshot() {
  snapshot_.reset();
}

std::optional<volume_request> host_volume::next(time_point now) {
  auto request = decide(now);
  if (request)
    asked_at_ = now;
  return request;
}

std::optional<volume_request> host_volume::decide(time_point now) {
  if (out_)
    return std::nullopt;
  if (attributes_at_ && *attributes_at_ <= now) {
    attributes_at_.reset();
    need_close_look_ = true;
  }
  if (poll_at_ && *poll_at_ <= now) {
    poll_at_ = now + settings_.poll_interval;
    need_look_ = true;
    need_close_look_ |= ++polls_ % close_poll_every == 0;
  }
  if (read_at_ && *read_at_ <= now)
    read_at_.reset();
  // The watch comes before the read, so that no flip falls between them.
  if (need_watch_) {
    need_watch_ = false;
    out_ = true;
    return volume_request::watch;
  }
  if (need_read_ && !read_at_) {
    need_read_ = false;
    reading_ = true;
    out_ = true;
    ++begun_;
    return volume_request::read;
  }
  if ((need_look_ || need_close_look_) && !need_read_) {
    const bool close = need_close_look_;
    need_look_ = false;
    need_close_look_ = false;
    out_ = true;
    ++begun_;
    return close ? volume_request::look_closely : volume_request::look;
  }
  return std::nullopt;
}

void host_volume::answered() {
  out_ = false;
  asked_at_.reset();
}

bool host_volume::watched(const status& placed, time_point now) {
  answered();
  // Whose filesystem does not answer may have anything newer.
  if (!placed && placed.err().code == errc::deadline_exceeded) {
    last_error_ = placed.err();
    if (!unread_since_)
      unread_since_ = suspected_at_.value_or(now);
    need_look_ = true;
  }
  is_watched_ = static_cast<bool>(placed);
  auto why = is_watched_ ? std::nullopt : std::optional{placed.err()};
  const bool is_news = why != watch_error_;
  watch_error_ = std::move(why);
  if (!is_polled())
    poll_at_.reset();
  else if (!poll_at_)
    poll_at_ = now + settings_.poll_interval;
  return is_news;
}

// What answers now may be watched, if that is what it did not answer.
void host_volume::expect_watch() {
  need_watch_ |= watch_error_ && watch_error_->code == errc::deadline_exceeded;
}

void host_volume::looked(const result<volume_look>& seen, time_point now) {
  answered();
  if (!seen) {
    retry_read(seen.err(), now);
    return;
  }
  is_missing_ = false;
  expect_watch();
  const bool same = current_ && current_->name == seen->name
                    && (!seen->digest || *seen->digest == current_->digest);
  if (same) {
    confirmed_ = begun_;
    suspected_at_.reset();
    unread_since_.reset();
    last_error_.reset();
    return;
  }
  suspect(now);
  need_read_ = true;
}

void host_volume::read(const result<volume_snapshot_ptr>& got, time_point now) {
  answered();
  reading_ = false;
  if (!got) {
    retry_read(got.err(), now);
    return;
  }
  ++reads_;
  is_missing_ = false;
  expect_watch();
  confirmed_ = begun_;
  superseded_retry_.reset();
  failed_retry_.reset();
  last_error_.reset();
  unread_since_.reset();
  snapshot_ = *got;
  memory_bytes_ = snapshot_->memory_bytes();
  if (current_ != snapshot_->id) {
    current_ = snapshot_->id;
    ++sequence_;
    changed_at_ = suspected_at_.value_or(now);
  }
  if (!need_look_)
    suspected_at_.reset();
}

void host_volume::retry_read(const error& err, time_point now) {
  if (err.code == errc::not_found) {
    // Its pod was deleted. A sweep finds it if it comes back.
    is_missing_ = true;
    last_error_ = err;
    unread_since_.reset();
    return;
  }
  need_read_ = true;
  if (err.code == errc::aborted) {
    read_at_ = now + superseded_retry_.next();
    return;
  }
  last_error_ = err;
  if (!unread_since_)
    unread_since_ = suspected_at_.value_or(now);
  read_at_ = now + failed_retry_.next();
}

std::optional<host_volume::time_point> host_volume::next_due() const {
  if (out_)
    return std::nullopt;
  std::optional<time_point> due;
  for (const auto& at : {read_at_, attributes_at_, poll_at_})
    if (at)
      due = due ? std::min(*due, *at) : *at;
  return due;
}

} // namespace fsshare
