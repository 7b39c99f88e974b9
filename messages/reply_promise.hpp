// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace fsshare {

/// Promises that an exception, on its way through a handler that runs in this
/// thread, has taken from whoever held them; state_actor answers them.
inline std::vector<caf::response_promise>& orphaned_promises() {
  static thread_local std::vector<caf::response_promise> orphans;
  return orphans;
}

/// The answer that an actor owes to a request, given later. Copies are the same
/// promise: the first answer counts, and the end of the last copy without one
/// answers INTERNAL, with what was thrown where that ended it. CAF 0.17 lets
/// such a promise vanish, and its caller wait for ever.
template <class T>
class reply_promise {
public:
  /// Of no request.
  reply_promise() = default;

  /// To the request that `self` is handling.
  template <class Self>
  explicit reply_promise(Self* self)
    : owed_(std::make_shared<owed>(self->template make_response_promise<T>())) {
  }

  template <class Reply>
  void deliver(Reply&& reply) const {
    if (owed_)
      owed_->give(std::forward<Reply>(reply));
  }

  /// The same where the reply has no content.
  void deliver() const requires std::is_void_v<T> {
    if (owed_)
      owed_->give();
  }

  /// What a handler returns that answers later.
  operator caf::result<T>() const {
    return caf::delegated<T>{};
  }

private:
  class owed {
  public:
    explicit owed(caf::typed_response_promise<T> to) : to_(std::move(to)) {
    }
    ~owed() {
      if (is_given_)
        return;
      try {
        if (std::uncaught_exceptions() > 0)
          orphaned_promises().push_back(to_);
        else
          to_.deliver(
            to_caf({errc::internal,
                    "what worked on the request ended without an answer"}));
      } catch (...) {
        // Without memory for the sentence there is none.
        is_given_ = true;
      }
    }
    owed(const owed&) = delete;
    owed& operator=(const owed&) = delete;

    void give() {
      if (std::exchange(is_given_, true))
        return;
#if FSSHARE_CAF_1
      to_.deliver();
#else
      // The typed deliver() wants a value of the type void.
      static_cast<caf::response_promise&>(to_).deliver(caf::message{});
#endif
    }

    template <class Reply>
    void give(Reply&& reply) {
      if (!std::exchange(is_given_, true))
        to_.deliver(std::forward<Reply>(reply));
    }

  private:
    caf::typed_response_promise<T> to_;
    bool is_given_ = false;
  };

  std::shared_ptr<owed> owed_;
};

} // namespace fsshare
