// SPDX-License-Identifier: Apache-2.0
#include "log/log.hpp"

#include "core/pacing.hpp"
#include "log/known_names.hpp"
#include "log/line_limiter.hpp"
#include "log/line_queue.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <thread>
#include <utility>

namespace fsshare::log {

namespace {

spdlog::level::level_enum to_spdlog(log_level level) {
  switch (level) {
  case log_level::debug: return spdlog::level::debug;
  case log_level::info: return spdlog::level::info;
  case log_level::warning: return spdlog::level::warn;
  case log_level::error: break;
  }
  return spdlog::level::err;
}

std::string word_of(log_level level) {
  const auto word = spdlog::level::to_string_view(to_spdlog(level));
  return {word.data(), word.size()};
}

const char* pattern(log_format format) {
  // %l is the level; spdlog writes `warning` and `error` in full.
  return format == log_format::json
           ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
           : "ts=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v";
}

/// The logger of the process, the format that its lines have, and the thread
/// that writes them. Never destroyed: that thread may hang for ever.
class output {
public:
  output() {
    logger_->set_level(spdlog::level::off);
  }

  void configure(const log_settings& settings) {
    format_ = settings.format;
    logger_->set_pattern(pattern(settings.format),
                         spdlog::pattern_time_type::utc);
    logger_->set_level(to_spdlog(settings.level));
    logger_->flush_on(spdlog::level::debug);
    if (!std::exchange(is_running_, true))
      std::thread{[this] {
        write_all();
      }}.detach();
  }

  void set_level(log_level level) {
    logger_->set_level(to_spdlog(level));
  }

  bool enabled(log_level level) const {
    return logger_->should_log(to_spdlog(level));
  }

  void put(log_level level, std::string_view event, const fields& values) {
    {
      const std::lock_guard lock{limiter_mutex_};
      if (!limiter_.admit(level, event, sandbox_of(values),
                          std::chrono::steady_clock::now()))
        return;
    }
    queue_.push({level, std::chrono::system_clock::now(),
                 render(format_, event, values, names_.names_for(values))});
  }

  known_names& names() {
    return names_;
  }

  bool end(std::chrono::milliseconds limit) {
    return !is_running_ || queue_.end(limit);
  }

private:
  static std::string_view sandbox_of(const fields& values) {
    for (const auto& each : values)
      if (each.key() == "sandbox")
        return each.value();
    return {};
  }

  void write_all() {
    for (bool is_over = false; !is_over;) {
      const auto got = queue_.wait(next_summary());
      is_over = got.is_over;
      for (const auto& line : got.lines)
        write(line.level, line.at, line.text);
      if (got.dropped > 0)
        write_now("log-lines-dropped", {{"count", got.dropped}});
      write_summaries(is_over);
    }
    queue_.written();
  }

  std::chrono::steady_clock::time_point next_summary() {
    const std::lock_guard lock{limiter_mutex_};
    // What is left out meanwhile wakes nobody up.
    return std::min(limiter_.next_due(), std::chrono::steady_clock::now()
                                           + pacing::longest_log_wait);
  }

  void write_summaries(bool is_over) {
    auto now = std::chrono::steady_clock::now();
    if (is_over)
      now += std::chrono::hours{1};
    std::vector<line_limiter::left_out> all;
    {
      const std::lock_guard lock{limiter_mutex_};
      all = limiter_.take_left_out(now);
    }
    for (const auto& one : all)
      write_now(
        "log-lines-left-out",
        {{"of", one.event}, {"sandbox", one.sandbox}, {"count", one.count}});
  }

  void write_now(event<log_level::warning> what, const fields& values) {
    write(log_level::warning, std::chrono::system_clock::now(),
          render(format_, what.name(), values, names_.names_for(values)));
  }

  // A string_view is written as it is, not taken for a format.
  void write(log_level level, std::chrono::system_clock::time_point at,
             const std::string& text) {
    logger_->log(at, spdlog::source_loc{}, to_spdlog(level),
                 spdlog::string_view_t{text});
  }

  std::shared_ptr<spdlog::logger> logger_ = std::make_shared<spdlog::logger>(
    "fsshare", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  std::atomic<log_format> format_{log_format::logfmt};
  std::mutex limiter_mutex_;
  line_limiter limiter_;
  line_queue queue_;
  known_names names_;
  bool is_running_ = false;
};

output& the_output() {
  static auto* const instance = new output;
  return *instance;
}

template <log_level Level>
void write(event<Level> what, const fields& values) {
  auto& out = the_output();
  if (out.enabled(Level))
    out.put(Level, what.name(), values);
}

} // namespace

void set_up(const log_settings& settings) {
  the_output().configure(settings);
}

void set_level(log_level level) {
  the_output().set_level(level);
}

bool end(std::chrono::milliseconds limit) {
  return the_output().end(limit);
}

void name_sandbox(const std::string& id, std::string labels) {
  the_output().names().name_sandbox(id, std::move(labels));
}

void name_container(const std::string& sandbox, const std::string& id,
                    const std::string& name) {
  the_output().names().name_container(sandbox, id, name);
}

void forget_names(const std::string& sandbox) {
  the_output().names().forget(sandbox);
}

bool enabled(log_level level) {
  return the_output().enabled(level);
}

void debug(event<log_level::debug> what, const fields& values) {
  write(what, values);
}

void info(event<log_level::info> what, const fields& values) {
  write(what, values);
}

void warning(event<log_level::warning> what, const fields& values) {
  write(what, values);
}

void error(event<log_level::error> what, const fields& values) {
  write(what, values);
}

std::string events_as_markdown() {
  std::string out = "| Event | Level | Means |\n|---|---|---|\n";
  for (const auto& each : known_events)
    out.append("| `")
      .append(each.name)
      .append("` | ")
      .append(word_of(each.level))
      .append(" | ")
      .append(each.about)
      .append(" |\n");
  return out;
}

} // namespace fsshare::log
