// SPDX-License-Identifier: Apache-2.0
#include "actors/metrics.hpp"

#include "core/pacing.hpp"
#include "core/text/duration_text.hpp"
#include "metrics/metrics_text.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

metrics_state::metrics_state(handle::pointer self, metrics_options options)
  : self_(self), options_(std::move(options)) {
  self_->set_down_handler([this](const caf::down_msg& msg) {
    gone(msg.source.id());
  });
}

metrics_state::handle::behavior_type metrics_state::make_behavior() {
  return {
    [this](const add_source& msg) {
      add(msg);
    },
    [this](const add_guest& msg) {
      add(msg);
    },
    [this](const guest_ended& msg) {
      ended(msg);
    },
    [this](const now_serving& msg) {
      is_serving_ = msg.is_serving;
      last_.reset();
    },
    [this](scrape) -> caf::result<scraped> {
      if (has_recent())
        return scraped{last_->text};
      const auto promise = scrapes_.add(self_);
      waiting_scrapes_.push_back(promise);
      begin();
      return promise;
    },
    [this](check_ready) -> caf::result<ready_report> {
      if (has_recent())
        return last_->ready;
      const auto promise = checks_.add(self_);
      waiting_checks_.push_back(promise);
      begin();
      return promise;
    },
    [this](const scrape_tick& msg) {
      if (is_scraping_ && msg.round == turn_)
        finish();
    },
  };
}

void metrics_state::add(const add_source& msg) {
  const auto who = msg.source.id();
  sources_.insert_or_assign(who, msg.source);
  round_.add(who, msg.actor);
  self_->monitor(msg.source);
}

void metrics_state::add(const add_guest& msg) {
  const auto who = msg.source.id();
  guests_.insert_or_assign(who, guest{msg.sandbox_id, msg.source, msg.pod});
  round_.add(who, "guest-proxy");
}

void metrics_state::gone(scrape_round::id who) {
  sources_.erase(who);
  round_.remove(who);
  if (is_scraping_ && round_.is_complete())
    finish();
}

void metrics_state::ended(const guest_ended& msg) {
  ended_ += msg.counted;
  guests_.erase(msg.id);
  round_.remove(msg.id);
  if (is_scraping_ && round_.is_complete())
    finish();
}

bool metrics_state::has_recent() const {
  return last_ && self_->clock().now() - last_->at < pacing::scrape_reuse;
}

void metrics_state::begin() {
  if (std::exchange(is_scraping_, true))
    return;
  found_ = {};
  ask_actors();
  tell_later(self_, handle{self_}, pacing::scrape, scrape_tick{++turn_});
  if (round_.is_complete())
    finish();
}

void metrics_state::ask_actors() {
  for (const auto who : round_.begin()) {
    if (const auto proxy = guests_.find(who); proxy != guests_.end())
      ask(self_, proxy->second.source, describe_guest{})
        .then(
          [this, who](const guest_described& got) {
            if (const auto i = guests_.find(who); i != guests_.end())
              i->second.last = got.measure;
            answered(who, nullptr);
          },
          // It has ended, and tells what it has counted.
          [this, who](caf::error&) {
            answered(who, nullptr);
          });
    else
      ask(self_, sources_.at(who), describe_metrics{})
        .then(
          [this, who](const metrics_part& part) {
            answered(who, &part.metrics);
          },
          // It has ended.
          [this, who](caf::error&) {
            gone(who);
          });
  }
}

void metrics_state::answered(scrape_round::id who, const metric_set* part) {
  round_.answered(who);
  if (!is_scraping_)
    return;
  if (part != nullptr)
    found_.add(*part);
  if (round_.is_complete())
    finish();
}

void metrics_state::finish() {
  is_scraping_ = false;
  finding got;
  got.at = self_->clock().now();
  got.ready = judge();
  found_.add(own_metrics(got.ready));
  found_.add(guest_metrics());
  got.text = std::make_shared<const std::string>(metrics_as_text(found_));
  last_ = got;
  for (const auto& each : std::exchange(waiting_scrapes_, {}))
    each.deliver(scraped{got.text});
  for (const auto& each : std::exchange(waiting_checks_, {}))
    each.deliver(got.ready);
}

metric_set metrics_state::guest_metrics() const {
  auto counted = ended_;
  std::uint64_t connected = 0;
  std::uint64_t silent = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t held = 0;
  metric_set out;
  for (const auto& [id, each] : guests_) {
    counted += each.last.counted;
    connected += each.last.is_connected ? 1 : 0;
    silent += each.last.is_silent ? 1 : 0;
    in_flight += each.last.in_flight;
    held += each.last.held_bytes;
    out.add("kata_fsshare_guest_connected", each.last.is_connected ? 1 : 0,
            {each.sandbox_id, each.pod.space, each.pod.name});
  }
  const auto number = [](std::uint64_t value) {
    return static_cast<double>(value);
  };
  fsshare::add(out, counted);
  out.add("kata_fsshare_guests", number(connected), {"connected"});
  out.add("kata_fsshare_guests", number(guests_.size() - connected),
          {"unconnected"});
  out.add("kata_fsshare_silent_guests", number(silent));
  out.add("kata_fsshare_guest_requests_in_flight", number(in_flight));
  out.add("kata_fsshare_guest_held_bytes", number(held));
  return out;
}

ready_report metrics_state::judge() const {
  ready_report out;
  out.checks.push_back(
    {"serving", is_serving_ ? "" : "calls of the control API are not taken"});
  for (const auto& [actor, is_up] : round_.actors())
    out.checks.push_back({actor, is_up ? ""
                                       : "has not answered for "
                                           + format_duration(pacing::scrape)
                                           + " or more"});
  return out;
}

metric_set metrics_state::own_metrics(const ready_report& ready) const {
  metric_set out;
  out.add("kata_fsshare_build_info", 1, {options_.version, options_.revision});
  const bool is_ready = std::all_of(ready.checks.begin(), ready.checks.end(),
                                    [](const auto& each) {
                                      return each.failure.empty();
                                    });
  out.add("kata_fsshare_ready", is_ready ? 1 : 0);
  for (const auto& [actor, is_up] : round_.actors())
    out.add("kata_fsshare_actor_up", is_up ? 1 : 0, {actor});
  if (!options_.usage)
    return out;
  const auto used = options_.usage();
  const auto number = [](auto value) {
    return static_cast<double>(value);
  };
  out.add("process_cpu_seconds_total",
          std::chrono::duration<double>{used.processor}.count());
  out.add("process_resident_memory_bytes", number(used.resident_bytes));
  out.add("process_threads", number(used.threads));
  out.add("process_open_fds", number(used.descriptors));
  out.add("process_max_fds", number(used.most_descriptors));
  out.add("process_start_time_seconds", options_.started_at);
  return out;
}

} // namespace fsshare
