// SPDX-License-Identifier: Apache-2.0
#include "actors/reader_pool.hpp"

#include "core/pacing.hpp"
#include "core/paths.hpp"
#include "log/log.hpp"
#include "sys/mount/opened_source.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace fsshare {

namespace {

// Runs a read on a reader's thread, where nothing may be thrown.
template <class Reply, class Request>
read_outcome outcome_of(const file_reader& reader, const Request& msg,
                        const checkpoint& between) {
  try {
    between();
    return reader.read(msg, between);
  } catch (const read_abandoned&) {
    return result<Reply>{error{errc::aborted, "nobody waits any more"}};
  } catch (const std::exception& failed) {
    return result<Reply>{error{errc::internal, failed.what()}};
  }
}

std::string and_others(std::size_t count, const char* what) {
  return count == 1 ? std::string{}
                    : " and " + std::to_string(count - 1) + " other " + what;
}

std::string file_in(const std::string& root, const std::string& path) {
  return path.empty() ? root : join(root, path);
}

} // namespace

reader_pool_state::reader_pool_state(handle::pointer self,
                                     reader_pool_options options,
                                     std::shared_ptr<read_runner> runner,
                                     const read_queue::settings& settings)
  : self_(self), runner_(std::move(runner)), queue_(settings) {
  // The handle goes with the state, and what jobs have of it with them.
  options.close = [to = handle{self_}](chunk_source_ptr file,
                                       const std::string& sandbox_id) {
    tell(to, close_file{std::make_shared<file_to_close>(std::move(file)),
                        sandbox_id});
  };
  between_ = options.between;
  device_of_ = std::move(options.device_of);
  reader_ = std::make_shared<const file_reader>(std::move(options));
}

reader_pool_state::~reader_pool_state() {
  // So that it is known what outlives the node agent.
  for (const auto& [reader, read] : queue_.running()) {
    const auto& one = reads_.at(read);
    log::warning("read-not-ended",
                 {{"read", one.subject}, {"sandbox", one.sandbox_id}});
  }
  for (auto& entry : reads_) {
    entry.second.progress->abandon();
    give_up(entry.first, {errc::aborted, "the node agent is shutting down"});
  }
}

reader_pool_state::handle::behavior_type reader_pool_state::make_behavior() {
  using enum read_class;
  return {
    [this](const classify_source& msg) {
      return read<source_class>(msg, {0,
                                      entry,
                                      {},
                                      msg.sandbox_id,
                                      "look at " + msg.path,
                                      device_of(msg.path)});
    },
    [this](const look_at_volume& msg) {
      return read<volume_look>(
        msg, {0, volume, msg.volume, {}, "look at " + msg.volume});
    },
    [this](const look_at_volumes& msg) {
      return read<volumes_seen>(
        msg, {0,
              volume,
              {},
              {},
              "look at " + msg.volumes.front().path
                + and_others(msg.volumes.size(), "volumes")});
    },
    [this](const read_generation& msg) {
      return read<generation_read>(
        msg, {0, volume, msg.volume, {}, "read " + msg.volume});
    },
    [this](const read_tree& msg) {
      return read<tree_read>(msg, {0,
                                   tree,
                                   {},
                                   msg.sandbox_id,
                                   "read " + msg.path,
                                   device_in(msg.mount_namespace, msg.path)});
    },
    [this](const read_chunk& msg) {
      return read<chunk_read>(msg, {0,
                                    tree,
                                    {},
                                    msg.sandbox_id,
                                    "read " + file_in(msg.root, msg.path),
                                    device_of(msg.root)});
    },
    [this](const read_files& msg) {
      return read<files_read>(
        msg, {0,
              tree,
              {},
              msg.sandbox_id,
              "read " + file_in(msg.root, msg.files.front().path)
                + and_others(msg.files.size(), "files"),
              device_of(msg.root)});
    },
    [this](const look_for_erofs& msg) {
      return read<erofs_looked_for>(
        msg,
        {0,
         entry,
         {},
         msg.sandbox_id,
         "look at " + (msg.dirs.empty() ? "" : msg.dirs.front()),
         msg.dirs.empty() ? ""
                          : device_in(msg.mount_namespace, msg.dirs.front())});
    },
    [this](const open_bind_source& msg) {
      return read<bind_source_opened>(
        msg, {0,
              entry,
              {},
              msg.sandbox_id,
              "open " + msg.path,
              device_in(msg.mount_namespace, msg.path)});
    },
    [this](const look_at_namespace& msg) {
      return read<namespace_seen>(msg,
                                  {0, entry, {}, {}, "look at " + msg.path});
    },
    [this](const place_watch& msg) {
      return read<watch_placed>(
        msg, {0, volume, msg.volume, {}, "watch " + msg.volume});
    },
    [this](const place_watch_above& msg) {
      return read<watch_placed>(
        msg, {0, volume, msg.volume, {}, "watch above " + msg.volume});
    },
    [this](const look_at_mounts& msg) {
      return read<mounts_seen>(msg, {0, volume, {}, {}, "look at the mounts"});
    },
    [this](const forget_reads& msg) {
      forget(msg.sandbox_id);
    },
    [this](const describe_reads& msg) {
      return hung_reads{queue_.hung_of(msg.sandbox_id, now())};
    },
    [this](close_file& msg) {
      close(msg);
    },
    [this](close_mounts& msg) {
      close(msg);
    },
    [this](const read_ended& msg) {
      ended(msg);
    },
    [this](const reader_pool_tick& msg) {
      if (msg.turn != turn_)
        return;
      armed_.reset();
      look_at_running();
    },
    [this](describe_metrics) {
      return measure();
    },
  };
}

metrics_part reader_pool_state::measure() const {
  const auto hung
    = std::count_if(reads_.begin(), reads_.end(), [](const auto& each) {
        return each.second.hangs;
      });
  const auto out_of_hand = static_cast<std::size_t>(hung);
  const auto begun = queue_.running().size();
  metrics_part out;
  const auto add = [&out](std::size_t count, const char* state) {
    out.metrics.add("kata_fsshare_reads", static_cast<double>(count), {state});
  };
  add(begun - std::min(begun, out_of_hand), "running");
  add(reads_.size() - std::min(reads_.size(), begun), "waiting");
  add(out_of_hand, "hung");
  out.metrics.add("kata_fsshare_hung_reads_total", static_cast<double>(hung_));
  return out;
}

std::string reader_pool_state::device_of(const std::string& path) const {
  return device_of_ ? device_of_(path) : std::string{};
}

// In another mount namespace a path may lie on another device.
std::string reader_pool_state::device_in(const mount_namespace& where,
                                         const std::string& path) const {
  return where.is_own() ? device_of(path) : std::string{};
}

template <class Reply, class Request>
caf::result<Reply> reader_pool_state::read(const Request& msg,
                                           wanted_read wanted) {
  const reply_promise<Reply> promise{self_};
  pending_read added;
  added.read = [reader = reader_, msg](const checkpoint& between) {
    return outcome_of<Reply>(*reader, msg, between);
  };
  added.answer = [promise](read_outcome& outcome) mutable {
    auto& got = std::get<result<Reply>>(outcome);
    if (got)
      promise.deliver(*std::move(got));
    else
      promise.deliver(to_caf(got.err()));
  };
  added.give_up = [promise](const error& why) mutable {
    promise.deliver(to_caf(why));
  };
  if (auto taken = add(std::move(wanted), std::move(added)); !taken)
    promise.deliver(to_caf(taken.err()));
  return promise;
}

status reader_pool_state::add(wanted_read wanted, pending_read added) {
  wanted.read = ++last_read_;
  added.subject = wanted.subject;
  added.sandbox_id = wanted.owner;
  if (auto taken = queue_.add(std::move(wanted), now()); !taken)
    return taken;
  reads_.emplace(last_read_, std::move(added));
  begin_reads();
  return unit{};
}

// What is captured by a job is to be destroyed by it, not with it.
void reader_pool_state::close(close_file& msg) {
  const auto subject = "close " + msg.file->path();
  run_apart(subject, [file = std::move(msg.file)] {
    file->close();
  });
}

void reader_pool_state::close(close_mounts& msg) {
  auto mounts
    = std::make_shared<std::vector<opened_source_ptr>>(std::move(msg.mounts));
  run_apart("let go of mounts", [mounts] {
    mounts->clear();
  });
}

// Not as a sandbox's: it has to be done whatever of that hangs, and later where
// too much hangs or no reader can be made.
void reader_pool_state::run_apart(const std::string& subject,
                                  const std::function<void()>& job) {
  const wanted_read wanted{0, read_class::volume, {}, {}, subject};
  pending_read added;
  added.read = [job](const checkpoint&) -> read_outcome {
    job();
    return result<file_closed>{file_closed{}};
  };
  added.answer = [](read_outcome&) {};
  added.put_off = [this, subject, job] {
    put_off(subject, job);
  };
  if (!add(wanted, std::move(added)))
    put_off(subject, job);
}

void reader_pool_state::put_off(std::string subject,
                                std::function<void()> job) {
  if (put_off_.empty())
    retry_at_ = now() + pacing::put_off_job;
  put_off_.push_back({std::move(subject), std::move(job)});
  arm();
}

void reader_pool_state::try_again() {
  if (put_off_.empty() || now() < retry_at_)
    return;
  for (const auto& [subject, job] : std::exchange(put_off_, {}))
    run_apart(subject, job);
}

void reader_pool_state::not_begun(std::uint64_t read, const error& why) {
  give_up(read, why);
  const auto one = reads_.extract(read);
  if (one.mapped().put_off)
    one.mapped().put_off();
}

void reader_pool_state::begin_reads() {
  while (const auto next = queue_.next(now()))
    if (const auto begun = begin(next->read, next->reader); !begun) {
      queue_.lost(next->reader);
      not_begun(next->read, begun.err());
    }
  arm();
}

status reader_pool_state::begin(std::uint64_t read, std::size_t reader) {
  const auto& begun = reads_.at(read);
  return runner_->run(reader, [to = handle{self_}, reader, read = begun.read,
                               progress = begun.progress, between = between_] {
    auto outcome = std::make_shared<read_outcome>(read([&] {
      progress->step();
      if (between)
        between();
    }));
    tell(to, read_ended{reader, std::move(outcome)});
  });
}

void reader_pool_state::ended(const read_ended& msg) {
  const auto end = queue_.done(msg.reader);
  if (!end)
    return;
  if (end->retire)
    runner_->retire(msg.reader);
  auto done = reads_.extract(end->read);
  if (!end->was_late)
    done.mapped().answer(*msg.outcome);
  else if (done.mapped().hangs)
    log::info("source-answers", {{"read", done.mapped().subject},
                                 {"sandbox", done.mapped().sandbox_id}});
  begin_reads();
}

void reader_pool_state::forget(const std::string& sandbox_id) {
  const error why{errc::aborted, "sandbox '" + sandbox_id + "' has ended"};
  for (auto& [read, one] : reads_)
    if (one.sandbox_id == sandbox_id)
      one.progress->abandon();
  const auto running = queue_.running();
  for (const auto read : queue_.forget(sandbox_id)) {
    give_up(read, why);
    if (std::none_of(running.begin(), running.end(), [&](const auto& entry) {
          return entry.second == read;
        }))
      reads_.erase(read);
  }
  begin_reads();
}

void reader_pool_state::give_up(std::uint64_t read, const error& why) {
  if (const auto answer = std::exchange(reads_.at(read).give_up, nullptr))
    answer(why);
}

// Answers for what stands still, and makes room beside what takes long.
void reader_pool_state::look_at_running() {
  for (const auto& [reader, read] : queue_.running())
    queue_.moved(reader, reads_.at(read).progress->steps(), now());
  for (const auto& refused : queue_.expire(now())) {
    if (!refused.hangs) {
      not_begun(refused.read, refused.why);
      continue;
    }
    auto& one = reads_.at(refused.read);
    give_up(refused.read, refused.why);
    one.hangs = true;
    ++hung_;
    one.progress->abandon();
    log::warning("source-hangs", {{"error", refused.why.message},
                                  {"sandbox", one.sandbox_id},
                                  {"slow_reads", queue_.slow_reads().size()}});
  }
  try_again();
  begin_reads();
}

void reader_pool_state::arm() {
  auto due = queue_.next_due();
  if (!put_off_.empty() && (!due || retry_at_ < *due))
    due = retry_at_;
  if (!due || (armed_ && *armed_ <= *due))
    return;
  armed_ = due;
  tell_later(self_, handle{self_},
             std::max(*due - now(), std::chrono::steady_clock::duration{0}),
             reader_pool_tick{++turn_});
}

reader_pool_state::time_point reader_pool_state::now() const {
  return self_->clock().now();
}

} // namespace fsshare
