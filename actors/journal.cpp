// SPDX-License-Identifier: Apache-2.0
#include "actors/journal.hpp"

#include "core/metrics/at_zero.hpp"
#include "core/pacing.hpp"
#include "core/share/orphans.hpp"
#include "log/log.hpp"
#include "json/journal_json.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace fsshare {

journal_state::journal_state(handle::pointer self, state_files files,
                             journal_options options)
  : self_(self), files_(std::move(files)), options_(std::move(options)),
    counted_(at_zero({
      {"kata_fsshare_adopted_sandboxes_total", {"set_aside"}},
      {"kata_fsshare_journal_writes_total", {"ok"}},
      {"kata_fsshare_journal_writes_total", {"failed"}},
    })) {
}

journal_state::handle::behavior_type journal_state::make_behavior() {
  return {
    [this](const record_state& msg) {
      return record(msg);
    },
    [this](const record_states& msg) {
      state_recorded out;
      for (const auto& each : msg.records)
        if (auto done = record(each); out.failure.empty())
          out = std::move(done);
      return out;
    },
    [this](const state_status_request& msg) {
      return describe(msg.sandbox_id);
    },
    [this](const forget_state& msg) {
      return forget(msg.sandbox_id);
    },
    [this](const read_states&) {
      return read();
    },
    [this](const collect_asides& msg) {
      return collect(msg);
    },
    [this](const journal_tick&) {
      try_again();
    },
    [this](const journal_rewriting_tick&) {
      go_on_rewriting();
    },
    [this](describe_metrics) {
      return measure();
    },
  };
}

state_files& journal_state::files() {
  if (options_.before_files)
    options_.before_files();
  return files_;
}

state_recorded journal_state::record(const record_state& msg) {
  const auto& id = msg.sandbox_id;
  const auto known = logs_.find(id);
  if (known == logs_.end()
      && !std::holds_alternative<recorded_prepare>(msg.record))
    return {};
  auto& log = known == logs_.end() ? logs_[id] : known->second;
  const auto line = render_journal_record(msg.record, log.sandbox());
  if (!log.take(msg.record))
    return {};
  removals_.erase(id);
  const auto written = write(id, log, &line);
  note(written);
  return {written ? std::string{} : written.err().message};
}

status journal_state::write(const std::string& sandbox_id, journal_log& log,
                            const std::string* line) {
  status written = unit{};
  if (line != nullptr && log.is_whole()) {
    written = files().append(sandbox_id, *line);
    if (written)
      appended(sandbox_id, log, *line);
  } else {
    stop_rewriting(sandbox_id);
    const auto text = render_journal(head_of(sandbox_id), log.sandbox());
    written = files().replace(sandbox_id, text);
    if (written)
      log.rewritten(text.size());
  }
  if (!written) {
    stop_rewriting(sandbox_id);
    log.failed();
  }
  return written;
}

void journal_state::appended(const std::string& sandbox_id, journal_log& log,
                             const std::string& line) {
  log.appended(line.size());
  if (rewriting_ && rewriting_->sandbox_id == sandbox_id) {
    rewriting_->since += line;
  } else if (!rewriting_ && log.has_outgrown()) {
    rewriting_.emplace(rewriting{sandbox_id,
                                 log.sandbox().records(),
                                 0,
                                 render_journal_head(head_of(sandbox_id)),
                                 {}});
    tell(handle{self_}, journal_rewriting_tick{});
  }
}

// Until it takes the old one's place that one has all that there is.
void journal_state::go_on_rewriting() {
  if (!rewriting_)
    return;
  auto& [id, records, rendered, text, since] = *rewriting_;
  const auto count = std::min(records.size() - rendered, pacing::lines_at_once);
  for (const auto& record : std::span{records}.subspan(rendered, count))
    text += render_journal_record(record);
  rendered += count;
  if (rendered < records.size()) {
    tell(handle{self_}, journal_rewriting_tick{});
    return;
  }
  text += since;
  auto& log = logs_.at(id);
  const auto written = files().replace(id, text);
  if (written)
    log.rewritten(text.size());
  else
    log.failed();
  rewriting_.reset();
  note(written);
}

void journal_state::stop_rewriting(const std::string& sandbox_id) {
  if (rewriting_ && rewriting_->sandbox_id == sandbox_id)
    rewriting_.reset();
}

state_recorded journal_state::describe(const std::string& sandbox_id) const {
  const auto known = logs_.find(sandbox_id);
  return {known != logs_.end() && known->second.is_behind() ? failure_
                                                            : std::string{}};
}

state_recorded journal_state::forget(const std::string& sandbox_id) {
  if (logs_.erase(sandbox_id) == 0)
    return {};
  stop_rewriting(sandbox_id);
  const auto gone = remove(sandbox_id);
  note(gone);
  return {gone ? std::string{} : gone.err().message};
}

status journal_state::remove(const std::string& sandbox_id) {
  auto gone = files().remove(sandbox_id);
  if (gone)
    removals_.erase(sandbox_id);
  else
    removals_.insert(sandbox_id);
  return gone;
}

metrics_part journal_state::measure() const {
  const auto behind
    = std::count_if(logs_.begin(), logs_.end(), [](const auto& each) {
        return each.second.is_behind();
      });
  metrics_part out{counted_};
  out.metrics.add("kata_fsshare_unrecorded_sandboxes",
                  static_cast<double>(behind)
                    + static_cast<double>(removals_.size()));
  return out;
}

void journal_state::note(const status& written) {
  counted_.add("kata_fsshare_journal_writes_total", 1,
               {written ? "ok" : "failed"});
  if (!written && failure_.empty())
    log::warning("state-not-recorded", {{"error", written.err().message}});
  if (!written) {
    failure_ = written.err().message;
    try_later();
  } else if (!failure_.empty() && !is_waiting_) {
    failure_.clear();
    log::info("state-recorded");
  }
}

void journal_state::try_later() {
  if (std::exchange(is_waiting_, true))
    return;
  tell_later(self_, handle{self_}, pacing::record_retry, journal_tick{});
}

void journal_state::try_again() {
  is_waiting_ = false;
  for (const auto& id : std::set<std::string>{removals_})
    if (const auto gone = remove(id); !gone) {
      note(gone);
      return;
    }
  for (auto& [id, log] : logs_) {
    if (!log.is_behind())
      continue;
    if (const auto written = write(id, log, nullptr); !written) {
      note(written);
      return;
    }
  }
  note(unit{});
}

states_read journal_state::read() {
  states_read out;
  for (auto& id : files().sandboxes_set_aside())
    set_aside_before_.insert(std::move(id));
  out.set_aside_before = set_aside_before_.size();
  const auto found = files().read_all();
  if (!found) {
    log::error("states-unreadable", {{"error", found.err().message}});
    return out;
  }
  for (const auto& each : *found)
    take(each, out);
  return out;
}

void journal_state::take(const state_files::file& found, states_read& out) {
  const auto& id = found.sandbox_id;
  if (!found.text)
    return set_aside(id, found.text.err().message);
  auto read
    = parse_journal_of(*found.text, id, options_.boot_id, options_.share_root);
  if (!read)
    return set_aside(id, read.err().message);
  out.sandboxes.push_back(read->sandbox);
  logs_.insert_or_assign(id, journal_log{std::move(read->sandbox),
                                         found.text->size(), read->is_whole});
}

asides_collected journal_state::collect(const collect_asides& msg) {
  using which = collect_asides::which;
  asides_collected out{sort_asides(files().sandboxes_set_aside(), msg.told)};
  for (auto& each : out.asides) {
    const bool is_asked_for
      = msg.removed == which::all
        || (msg.removed == which::of_before
            && set_aside_before_.contains(each.sandbox_id));
    if (!is_asked_for || !each.reason.empty())
      continue;
    const auto gone = files().remove_aside(each.sandbox_id);
    each.removed = static_cast<bool>(gone);
    if (gone)
      log::info("aside-removed", {{"sandbox", each.sandbox_id}});
    else
      each.reason = gone.err().message;
  }
  return out;
}

void journal_state::set_aside(const std::string& sandbox_id,
                              const std::string& why) {
  set_aside_before_.erase(sandbox_id);
  log::warning("state-set-aside", {{"sandbox", sandbox_id}, {"reason", why}});
  counted_.add("kata_fsshare_adopted_sandboxes_total", 1, {"set_aside"});
  if (const auto moved = files().set_aside(sandbox_id); !moved)
    log::warning("state-not-recorded", {{"error", moved.err().message}});
}

journal_head journal_state::head_of(const std::string& sandbox_id) const {
  journal_head head;
  head.boot_id = options_.boot_id;
  head.sandbox_id = sandbox_id;
  head.share_root = options_.share_root;
  return head;
}

} // namespace fsshare
