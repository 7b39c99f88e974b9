// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/look_pace.hpp"
#include "core/volume/watch_table.hpp"
#include "core/volume/watched_ways.hpp"
#include "messages/inotify_reader.hpp"
#include "messages/metrics.hpp"
#include "messages/reader_pool.hpp"
#include "messages/state_actor.hpp"
#include "sys/tree/inotify.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace fsshare {

/// What the INOTIFY READER owns.
class inotify_reader_state {
public:
  using handle = measured<inotify_reader_actor>;
  static constexpr const char* name = "inotify-reader";

  /// @param watches Where watches are removed.
  /// @param reader Places them there, since a path may lead to a filesystem
  ///        that does not answer.
  inotify_reader_state(handle::pointer self, std::shared_ptr<watch_api> watches,
                       reader_pool_actor reader);

  ~inotify_reader_state();
  inotify_reader_state(const inotify_reader_state&) = delete;
  inotify_reader_state& operator=(const inotify_reader_state&) = delete;

  handle::behavior_type make_behavior();

private:
  using promise = reply_promise<watching>;

  /// Places a watch, or finds out whether a path names another directory now.
  template <class Request>
  void place(const Request& where, const promise& answer);
  template <class Request>
  void placed(const Request& where, std::uint64_t turn,
              const watch_placed& done);
  void failed(const std::string& path, std::uint64_t turn, const error& why);
  void answer(std::uint64_t turn, const result<watching>& outcome);
  bool is_wanted(const std::string& path, std::uint64_t turn) const;
  /// Takes a watch out of the kernel if one is given.
  void drop(std::optional<int> wd);
  /// Decodes, classifies and tells the sink, each (path, kind) once: all of it
  /// happened before the sink can look.
  void report(const bytes& data);
  void mounts_changed();
  void look_at_mounts_later(std::optional<look_pace::time_point> when);
  void look_at_the_mounts();
  void mounts_looked_at(look_pace::time_point begin, bool is_done);
  void tell_of_mounts();
  metrics_part measure() const;

  handle::pointer self_;
  std::shared_ptr<watch_api> watches_;
  reader_pool_actor reader_;
  watch_table table_;
  /// The last watch of each path that is being placed and wanted.
  std::map<std::string, std::uint64_t> wanted_;
  /// Whom it owes an answer, by turn.
  std::map<std::uint64_t, promise> owed_;
  std::uint64_t last_turn_ = 0;
  volume_event_sink sink_;
  watched_ways ways_;
  look_pace pace_;
  /// Of the mount table; what changes during a look may not be in it.
  enum class mount_look : std::uint8_t { none, out, out_of_date };
  mount_look look_ = mount_look::none;
  std::uint64_t overflows_ = 0;
};

/// Spawn this.
using inotify_reader = state_actor<inotify_reader_state>;

} // namespace fsshare
