#include "log/log.hpp"

#include <atomic>
#include <memory>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

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

const char* pattern(log_format format) {
  // %l is the level; spdlog writes `warning` and `error` in full.
  return format == log_format::json
           ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
           : "ts=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v";
}

/// The logger of the process and the format that its lines have.
struct output {
  std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::logger>(
    "fsshare", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  std::atomic<log_format> format{log_format::logfmt};

  output() {
    logger->set_level(spdlog::level::off);
  }
  void configure(const log_settings& settings) {
    format = settings.format;
    logger->set_pattern(pattern(settings.format),
                        spdlog::pattern_time_type::utc);
    logger->set_level(to_spdlog(settings.level));
    logger->flush_on(spdlog::level::debug);
  }
};

output& the_output() {
  static output instance;
  return instance;
}

void write(log_level level, std::string_view event, const fields& values) {
  auto& out = the_output();
  if (!enabled(level))
    return;
  // A string_view is written as it is, not taken for a format.
  const auto line = render(out.format, event, values);
  out.logger->log(to_spdlog(level), spdlog::string_view_t{line});
}

} // namespace

void set_up(const log_settings& settings) {
  the_output().configure(settings);
}

bool enabled(log_level level) {
  return the_output().logger->should_log(to_spdlog(level));
}

void debug(std::string_view event, const fields& values) {
  write(log_level::debug, event, values);
}

void info(std::string_view event, const fields& values) {
  write(log_level::info, event, values);
}

void warning(std::string_view event, const fields& values) {
  write(log_level::warning, event, values);
}

void error(std::string_view event, const fields& values) {
  write(log_level::error, event, values);
}

} // namespace fsshare::log
