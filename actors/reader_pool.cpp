#include "actors/reader_pool.hpp"

#include <utility>

namespace fsshare {

reader_pool_state::reader_pool_state(handle::pointer self,
                                     std::vector<volume_reader_actor> readers)
  : self_(self), readers_(std::move(readers)), queue_(readers_.size()) {
  self_->set_down_handler([this](const caf::down_msg& msg) {
    lost(msg);
  });
  for (const auto& reader : readers_)
    self_->monitor(reader);
}

reader_pool_state::~reader_pool_state() {
  give_up_all({errc::aborted, "the node agent is shutting down"});
  for (const auto& reader : readers_) {
    // That it ends now is no news.
    self_->demonitor(reader.address());
    stop(reader);
  }
}

reader_pool_state::handle::behavior_type reader_pool_state::make_behavior() {
  return {
    [this](const classify_source& msg) {
      return read<source_class>(msg, read_class::entry);
    },
    [this](const look_at_volume& msg) {
      return read<volume_look>(msg, read_class::volume, msg.volume);
    },
    [this](const read_generation& msg) {
      return read<generation_read>(msg, read_class::volume, msg.volume);
    },
    [this](const read_tree& msg) {
      return read<tree_read>(msg, read_class::tree);
    },
    [this](const read_chunk& msg) {
      return read<chunk_read>(msg, read_class::tree);
    },
    [this](const look_for_erofs& msg) {
      return read<erofs_looked_for>(msg, read_class::entry);
    },
  };
}

template <class Reply, class Request>
caf::result<Reply> reader_pool_state::read(const Request& msg, read_class what,
                                           const std::string& key) {
  auto promise = self_->make_response_promise<Reply>();
  if (!queue_.has_readers()) {
    promise.deliver(to_caf({errc::unavailable, "no reader of files is left"}));
    return promise;
  }
  const auto id = ++last_read_;
  auto begin = [this, id, promise, msg](std::size_t reader) {
    ask(self_, readers_[reader], msg)
      .then(
        [this, id, reader, promise](Reply& reply) mutable {
          promise.deliver(std::move(reply));
          ended(id, reader);
        },
        [this, id, reader, promise](caf::error& err) mutable {
          promise.deliver(std::move(err));
          ended(id, reader);
        });
  };
  auto give_up = [promise](const error& why) mutable {
    promise.deliver(to_caf(why));
  };
  reads_.emplace(id, pending_read{std::move(begin), std::move(give_up)});
  queue_.add(id, what, key);
  begin_reads();
  return promise;
}

void reader_pool_state::begin_reads() {
  while (const auto next = queue_.next())
    reads_.at(next->read).begin(next->reader);
}

void reader_pool_state::ended(std::uint64_t read, std::size_t reader) {
  reads_.erase(read);
  queue_.done(reader);
  begin_reads();
}

void reader_pool_state::lost(const caf::down_msg& msg) {
  for (std::size_t i = 0; i < readers_.size(); ++i)
    if (readers_[i].address() == msg.source)
      queue_.lost(i);
  if (!queue_.has_readers())
    give_up_all({errc::unavailable, "no reader of files is left"});
  begin_reads();
}

void reader_pool_state::give_up_all(const error& why) {
  for (auto& entry : std::exchange(reads_, {}))
    entry.second.give_up(why);
}

} // namespace fsshare
