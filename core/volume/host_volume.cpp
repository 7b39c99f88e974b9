// SPDX-License-Identifier: Apache-2.0
#include "core/volume/host_volume.hpp"

#include "core/text/duration_text.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

host_volume::host_volume(settings s)
  : settings_(s), superseded_retry_(pacing::overtaken_reads, s.seed),
    failed_retry_(pacing::failed_reads, s.seed + 1),
    shape_retry_(pacing::odd_volumes, s.seed + 2) {
}

void host_volume::hint(volume_hint what, time_point now) {
  switch (what) {
  case volume_hint::read_now:
    suspect(now);
    // Each is of a generation of its own.
    noticed_at_ = now;
    // What was set before it will be read with it; kubelets from 1.27 on set
    // nothing after it.
    attributes_at_.reset();
    // The read that is out may have begun before the flip: look afterwards.
    (reading_ ? need_look_ : need_read_) = true;
    read_at_.reset();
    need_watch_ |= std::exchange(watch_before_retry_, false);
    break;
  case volume_hint::look:
    suspect(now);
    need_look_ = true;
    break;
  case volume_hint::look_closely:
    // Each one restarts the quiet time: owners are set entry by entry.
    touched_at_ = now;
    attributes_at_ = now + settings_.attribute_quiet;
    break;
  case volume_hint::watch_anew:
    watched_.reset();
    need_watch_ = true;
    need_look_ = true;
    break;
  case volume_hint::watch_and_look_closely:
    need_close_look_ = true;
    [[fallthrough]];
  case volume_hint::watch_again:
    is_awaited_ = false;
    need_watch_ = true;
    need_look_ = true;
    break;
  case volume_hint::begun:
  case volume_hint::nothing: break;
  case volume_hint::compare_closely: need_close_look_ = true; [[fallthrough]];
  case volume_hint::compare:
    // Placing the watch again costs one call where it stands, and finds the
    // directory or mount that took its place where it does not.
    need_watch_ = true;
    need_look_ = true;
    break;
  }
}

void host_volume::look_later(time_point now) {
  if (!look_at_)
    look_at_ = now + pacing::look_after_copies;
}

void host_volume::suspect(time_point now) {
  if (!suspected_at_)
    suspected_at_ = now;
  notice(now);
}

void host_volume::notice(time_point at) {
  if (!noticed_at_)
    noticed_at_ = at;
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
    if (const auto touched = std::exchange(touched_at_, std::nullopt))
      notice(*touched);
    need_close_look_ = true;
  }
  if (poll_at_ && *poll_at_ <= now) {
    poll_at_ = now + settings_.poll_interval;
    need_look_ = true;
    // Without a watch there are no ATTRIB events.
    need_close_look_ |= ++polls_ % pacing::close_poll_every == 0;
  }
  if (look_at_ && *look_at_ <= now) {
    look_at_.reset();
    need_look_ = true;
  }
  if (read_at_ && *read_at_ <= now) {
    read_at_.reset();
    need_watch_ |= std::exchange(watch_before_retry_, false);
  }
  // The watch comes before the read, so that no flip falls between them.
  if (need_watch_) {
    need_watch_ = false;
    out_ = true;
    return volume_request::watch;
  }
  if (need_read_ && !read_at_) {
    need_read_ = false;
    reading_ = true;
    return begin(volume_request::read);
  }
  if ((need_look_ || need_close_look_) && !need_read_) {
    const bool close = need_close_look_;
    need_look_ = false;
    need_close_look_ = false;
    return begin(close ? volume_request::look_closely : volume_request::look);
  }
  if (need_await_ && is_missing_) {
    need_await_ = false;
    out_ = true;
    return volume_request::await;
  }
  return std::nullopt;
}

std::optional<known_volume> host_volume::known(const std::string& path) const {
  const bool is_asked
    = out_ || need_watch_ || need_look_ || need_close_look_ || need_read_;
  if (is_asked || !current_ || !watched_ || is_missing_ || last_error_)
    return std::nullopt;
  return known_volume{path, *watched_, current_->name};
}

// What is hinted from here on may be of a later generation.
std::optional<volume_request> host_volume::begin(volume_request what) {
  out_ = true;
  look_at_.reset();
  ++begun_;
  asked_for_ = std::exchange(noticed_at_, std::nullopt);
  return what;
}

void host_volume::answered() {
  out_ = false;
  asked_at_.reset();
}

// A directory above it is watched: it may have come back just before.
void host_volume::awaited(const status& placed) {
  answered();
  if (!placed)
    return;
  is_awaited_ = true;
  need_watch_ = true;
  need_look_ = true;
}

bool host_volume::watched(const result<directory_id>& placed, time_point now) {
  answered();
  // Whose filesystem does not answer may have anything newer.
  if (!placed && placed.err().code == errc::deadline_exceeded) {
    last_error_ = placed.err();
    if (!unread_since_)
      unread_since_ = suspected_at_.value_or(now);
    need_look_ = true;
  }
  watched_ = placed ? std::optional{*placed} : std::nullopt;
  if (placed)
    is_awaited_ = false;
  auto why = placed ? std::nullopt : std::optional{placed.err()};
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
  const bool same = current_ && current_->name == seen->name
                    && (!seen->digest || *seen->digest == current_->digest);
  if (same) {
    confirmed_ = begun_;
    suspected_at_.reset();
    agreed();
    return;
  }
  expect_watch();
  is_missing_ = false;
  suspect(asked_for_.value_or(now));
  need_read_ = true;
}

// Ends all trouble: what is known of the volume is what it has.
void host_volume::agreed() {
  expect_watch();
  // What is read now may not be what was watched before.
  if (is_missing_ || last_error_) {
    need_watch_ = true;
    need_look_ = true;
  }
  is_missing_ = false;
  watch_before_retry_ = false;
  superseded_retry_.reset();
  superseded_since_.reset();
  hopeless_.reset();
  failed_retry_.reset();
  shape_retry_.reset();
  last_error_.reset();
  unread_since_.reset();
}

void host_volume::read(const result<volume_snapshot_ptr>& got, time_point now) {
  answered();
  reading_ = false;
  if (!got) {
    retry_read(got.err(), now);
    return;
  }
  ++reads_;
  confirmed_ = begun_;
  agreed();
  snapshot_ = *got;
  memory_bytes_ = snapshot_->memory_bytes();
  const auto before = std::exchange(current_, snapshot_->id);
  if (before != current_) {
    ++sequence_;
    changed_at_ = asked_for_.value_or(now);
    // Whoever sets modes and owners may not be through.
    if (before && before->name == current_->name)
      attributes_at_ = now + settings_.attribute_quiet;
  }
  if (!need_look_)
    suspected_at_.reset();
}

void host_volume::retry_read(const error& err, time_point now) {
  if (!noticed_at_)
    noticed_at_ = asked_for_;
  if (err.code == errc::not_found) {
    missed(err);
    return;
  }
  is_missing_ = false;
  need_read_ = true;
  if (err.code == errc::aborted)
    superseded(err, now);
  else
    unread(err, now);
}

// Its pod was deleted, or it is being made anew.
void host_volume::missed(const error& err) {
  is_missing_ = true;
  need_await_ = !is_awaited_;
  superseded_since_.reset();
  hopeless_.reset();
  need_read_ = false;
  last_error_ = err;
  unread_since_.reset();
}

void host_volume::superseded(const error& err, time_point now) {
  if (!superseded_since_)
    superseded_since_ = now;
  read_at_ = now + superseded_retry_.next();
  const auto lasts = now - *superseded_since_;
  if (lasts < settings_.unreadable_shown)
    return;
  const auto what
    = "nothing whole can be read for "
      + format_duration(std::chrono::floor<std::chrono::seconds>(lasts));
  last_error_ = error{errc::failed_precondition, err.message}.within(what);
  if (!unread_since_)
    unread_since_ = suspected_at_.value_or(*superseded_since_);
  if (lasts < settings_.unreadable_fails)
    return;
  hopeless_ = last_error_;
  read_at_ = now + failed_retry_.next();
}

void host_volume::unread(const error& err, time_point now) {
  superseded_since_.reset();
  hopeless_.reset();
  last_error_ = err;
  // What never had its shape has nothing newer.
  const bool is_shapeless = !current_ && err.code == errc::failed_precondition;
  if (!unread_since_ && !is_shapeless)
    unread_since_ = suspected_at_.value_or(now);
  // Something else may be mounted there, or be its directory, by then. What
  // does not answer is asked once at a time.
  watch_before_retry_ = err.code != errc::deadline_exceeded;
  // What had its shape is about to get it back; it has to be looked for.
  const bool had_shape = current_ && err.code == errc::failed_precondition;
  read_at_ = now + (had_shape ? shape_retry_ : failed_retry_).next();
}

std::optional<host_volume::time_point> host_volume::next_due() const {
  if (out_)
    return std::nullopt;
  std::optional<time_point> due;
  for (const auto& at : {read_at_, attributes_at_, poll_at_, look_at_})
    if (at)
      due = due ? std::min(*due, *at) : *at;
  return due;
}

} // namespace fsshare
