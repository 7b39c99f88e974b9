#pragma once

#include "log/line.hpp"

/// The program's log: one line per event on stderr, such as
///
///     ts=2026-01-02T03:04:05.678Z level=info event=volume-updated volume=/a
///
/// Events have stable ids in kebab case. Values may come from clients and
/// guests and are quoted; contents of files are never logged. All functions may
/// be called from any thread.
namespace fsshare::log {

/// Sets level and format; to be called once, before other threads log. Until
/// then nothing is written.
void set_up(const log_settings& settings);

/// Returns whether a line of `level` would be written, for lines that cost.
bool enabled(log_level level);

void debug(std::string_view event, const fields& values = {});
void info(std::string_view event, const fields& values = {});
void warning(std::string_view event, const fields& values = {});
void error(std::string_view event, const fields& values = {});

} // namespace fsshare::log
