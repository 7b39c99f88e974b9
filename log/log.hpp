// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "log/events.hpp"
#include "log/line.hpp"

#include <chrono>
#include <string>

/// The program's log: one line per event on stderr, such as
///
///     ts=2026-01-02T03:04:05.678Z level=info event=volume-updated volume=/a
///
/// Events are those of log/events.hpp. Values may come from clients and
/// guests and are quoted; contents of files are never logged. All functions may
/// be called from any thread, and none waits for whoever reads the log: a
/// thread of its own writes. Lines that it cannot take are counted
/// (`log-lines-dropped`), as are repeats (`log-lines-left-out`, see
/// line_limiter).
namespace fsshare::log {

/// Sets level and format and starts the thread; to be called once, before other
/// threads log. Until then nothing is written.
/// @throws std::system_error without a thread.
void set_up(const log_settings& settings);

/// Changes the level.
void set_level(log_level level);

/// Has what was logged written, for `limit` at most; to be called once, last.
/// @returns false if the thread hangs: then exit(3), which flushes stderr,
///          might be, too.
bool end(std::chrono::milliseconds limit);

/// Tells what a sandbox is called: every line about it, whose field `sandbox`
/// has its id, ends with that, as `labels`. Empty for nothing.
void name_sandbox(const std::string& id, std::string labels);
/// The same of a container, as `container_name`.
void name_container(const std::string& sandbox, const std::string& id,
                    const std::string& name);
/// Forgets what a sandbox and its containers are called.
void forget_names(const std::string& sandbox);

/// Returns whether a line of `level` would be written, for lines that cost.
bool enabled(log_level level);

void debug(event<log_level::debug> what, const fields& values = {});
void info(event<log_level::info> what, const fields& values = {});
void warning(event<log_level::warning> what, const fields& values = {});
void error(event<log_level::error> what, const fields& values = {});

/// Returns a table of all events in Markdown.
std::string events_as_markdown();

} // namespace fsshare::log
