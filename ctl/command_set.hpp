// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/command.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace fsshare::ctl {

/// Puts commands into a parser. Each is filled in while the arguments are read
/// and made into a call when all of them were.
class command_set {
public:
  /// @param app,into Must outlive this and the parsing.
  command_set(CLI::App& app, invocation& into) : app_(&app), into_(&into) {
  }

  /// Adds what several commands begin with.
  CLI::App* group(const char* name, const char* about) {
    return app_->add_subcommand(name, about)
      ->require_subcommand(1)
      ->fallthrough();
  }

  /// Adds a command to a group; it does nothing without calls().
  CLI::App* add(CLI::App* to, const char* name, const char* about) {
    return to->add_subcommand(name, about)->fallthrough();
  }

  /// Adds a command of its own.
  CLI::App* add(const char* name, const char* about) {
    return add(app_, name, about);
  }

  /// Makes a command call `method` with what it has read into `request`.
  /// @param render_wide As render_reply if there is none.
  template <class Reply, class Request>
  void calls(CLI::App* app, const char* method,
             const std::shared_ptr<Request>& request,
             std::string (*render_reply)(const Reply&),
             std::string (*render_wide)(const Reply&) = nullptr) {
    app->final_callback(
      [to = *this, method, request, render_reply, render_wide]() mutable {
        to.set_call<Reply>(method, *request, render_reply, render_wide);
      });
  }

  /// The same, from a callback of a command that has read its arguments.
  template <class Reply, class Request>
  void set_call(const char* method, const Request& request,
                std::string (*render_reply)(const Reply&),
                std::string (*render_wide)(const Reply&) = nullptr) {
    into_->call = std::make_unique<call_command<Request, Reply>>(
      method, request, render_reply,
      render_wide == nullptr ? render_reply : render_wide);
  }

  /// Makes a command look at the host instead.
  void examines(CLI::App* app, const std::shared_ptr<doctor_request>& request) {
    app->final_callback([to = *this, request] {
      to.into_->doctor = *request;
    });
  }

  /// Makes a command collect orphans, whether a node agent runs or not.
  void collects(CLI::App* app, const std::shared_ptr<gc_request>& request) {
    app->final_callback([to = *this, request] {
      to.into_->gc = *request;
    });
  }

  /// Makes a command print what `text` makes of the whole parser.
  void prints(CLI::App* app, std::function<std::string(const CLI::App&)> text) {
    app->final_callback([to = *this, text = std::move(text)] {
      to.into_->text = text(*to.app_);
    });
  }

  /// Makes a command print events.
  void lists_events(CLI::App* app,
                    const std::shared_ptr<events_request>& request) {
    app->final_callback([to = *this, request] {
      to.into_->events = *request;
    });
  }

  /// Makes a command explain copies.
  void explains(CLI::App* app,
                const std::shared_ptr<explain_request>& request) {
    app->final_callback([to = *this, request] {
      to.into_->explain = *request;
    });
  }

  /// Makes a command show sandboxes and copies, again and again.
  void shows_top(CLI::App* app) {
    app->final_callback([to = *this] {
      to.into_->is_top = true;
    });
  }

private:
  CLI::App* app_;
  invocation* into_;
};

// Each file of commands has their arguments and what their replies look like.

void add_sandbox_commands(command_set to);
void add_share_commands(command_set to);
void add_rootfs_commands(command_set to);
void add_volume_commands(command_set to);
void add_watcher_commands(command_set to);
void add_events_command(command_set to);
void add_explain_command(command_set to, CLI::App* volume);
void add_top_command(command_set to);
void add_doctor_command(command_set to);
void add_gc_command(command_set to);
void add_version_command(command_set to);
void add_completion_command(command_set to);

} // namespace fsshare::ctl
