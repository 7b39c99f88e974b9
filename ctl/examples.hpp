// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace CLI {
class App;
} // namespace CLI

namespace fsshare::ctl {

/// How a command is called.
struct command_example {
  /// The words that call it.
  std::string_view command;
  /// What follows them; what is for shells stands in quotes.
  std::string_view arguments;
};

/// One for each command.
inline constexpr auto command_examples = std::to_array<command_example>({
  {"sandbox prepare", "box1 --mode copy --guest vsock://3:1024"},
  {"sandbox set-guest", "box1 hvsock:///run/vc/vm/box1/kata.hvsock:1024"},
  {"sandbox cleanup", "box1"},
  {"sandbox discard", "box1"},
  {"sandbox ls", "-o wide"},
  {"sandbox inspect", "box1"},
  {"share add", "box1 web /srv/data /data --read-only"},
  {"share add-all",
   "box1 web --mount /srv/data:/data --mount /etc/hosts:/etc/hosts:ro"},
  {"share rm", "box1 web /data"},
  {"share ls", "box1"},
  {"rootfs add",
   "box1 web /run/containerd/io.containerd.runtime.v2.task/k8s.io/web/rootfs"},
  {"rootfs rm", "box1 web"},
  {"volume ls", "box1 -o wide"},
  {"volume explain", "web-77cc03fb1ed40fcc-settings --sandbox box1"},
  {"watcher start", "box1"},
  {"watcher stop", "box1"},
  {"events", "-f --sandbox box1"},
  {"top", "--endpoint /run/fsshare/fsshare.sock"},
  {"doctor", "--config /etc/fsshare/config.json"},
  {"gc", "--dry-run"},
  {"version", "--timeout 1s"},
  {"completion", "bash"},
});

/// Has the help of each command end with its example. Throws
/// CLI::OptionNotFound for a command that there is not.
void add_examples(CLI::App& app);

} // namespace fsshare::ctl
