#pragma once

#include "core/watch_table.hpp"
#include "messages/inotify_reader.hpp"
#include "messages/state_actor.hpp"
#include "sys/inotify.hpp"

#include <memory>
#include <string>

namespace fsshare {

/// What the INOTIFY READER owns.
class inotify_reader_state {
public:
  using handle = inotify_reader_actor;
  static constexpr const char* name = "inotify-reader";

  /// @param watches Where watches are placed; nobody else adds or removes one.
  inotify_reader_state(handle::pointer self,
                       std::shared_ptr<watch_api> watches);

  handle::behavior_type make_behavior();

private:
  /// Places a watch, or finds out whether `path` names another directory now.
  status place(const std::string& path);
  /// Takes a watch out of the kernel if one is given.
  void drop(std::optional<int> wd);
  /// Decodes, classifies and tells the sink, each (path, kind) once: all of it
  /// happened before the sink can look.
  void report(const bytes& data);

  std::shared_ptr<watch_api> watches_;
  watch_table table_;
  volume_event_sink sink_;
};

/// Spawn this.
using inotify_reader = state_actor<inotify_reader_state>;

} // namespace fsshare
