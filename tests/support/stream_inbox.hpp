// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/byte_stream.hpp"
#include "tests/support/inbox.hpp"

#include <memory>
#include <string>

namespace fsshare::test {

/// What a byte stream delivered.
class stream_inbox {
public:
  /// Starts `stream`, whose handlers share what they fill.
  explicit stream_inbox(byte_stream& stream) {
    stream.start({[to = chunks_](bytes data) {
                    to->put(std::move(data));
                  },
                  [to = ends_](error why) {
                    to->put(std::move(why));
                  }});
  }

  /// Waits until `size` bytes have arrived in all since the last call, or
  /// nothing comes any more.
  bytes take(std::size_t size) {
    while (kept_.size() < size) {
      const auto chunk = chunks_->take();
      if (!chunk)
        break;
      kept_.insert(kept_.end(), chunk->begin(), chunk->end());
    }
    return std::exchange(kept_, {});
  }

  std::string take_text(std::size_t size) {
    return std::string{as_text(take(size))};
  }

  /// Waits for the end of the stream.
  std::optional<error> end() {
    return ends_->take();
  }

  bool is_silent() const {
    return chunks_->is_empty() && ends_->is_empty();
  }

private:
  std::shared_ptr<inbox<bytes>> chunks_ = std::make_shared<inbox<bytes>>();
  std::shared_ptr<inbox<error>> ends_ = std::make_shared<inbox<error>>();
  bytes kept_;
};

} // namespace fsshare::test
