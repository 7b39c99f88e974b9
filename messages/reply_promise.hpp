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

/// The answer that an actor owes to a request, given later. Copies are the same
/// promise: the first answer counts, and the end of the last copy without one
/// answers INTERNAL, unless it is an exception that ends it, and the actor. CAF
/// 0.17 lets such a promise vanish, and its caller wait for ever.
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
  template <class U>
  friend class owed_replies;

  class owed {
  public:
    explicit owed(caf::typed_response_promise<T> to) : to_(std::move(to)) {
    }
    ~owed() {
      if (is_given_ || std::uncaught_exceptions() > 0)
        return;
      try {
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

    bool is_given() const {
      return is_given_;
    }

    void give() {
      if (std::exchange(is_given_, true))
        return;
      // The typed deliver() wants a value of the type void.
      static_cast<caf::response_promise&>(to_).deliver(caf::message{});
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

/// The replies of one kind that an actor owes while others work on them: what a
/// continuation holds is known here, too. Who is left when this dies, or when
/// give_up() says so, gets an error; what a continuation delivers later counts
/// no more. Without this, callers of an actor that ends in good order would be
/// told of a fault.
template <class T>
class owed_replies {
public:
  /// @param at_the_end Read when this dies, so it must live longer: declare it
  /// before.
  explicit owed_replies(const error& at_the_end) : at_the_end_(&at_the_end) {
  }
  ~owed_replies() {
    try {
      give_up(*at_the_end_);
    } catch (...) {
      // Without memory for the sentence the promises themselves say less.
      owed_.clear();
    }
  }
  owed_replies(const owed_replies&) = delete;
  owed_replies& operator=(const owed_replies&) = delete;

  /// Returns the promise to the request that `self` is handling.
  template <class Self>
  reply_promise<T> add(Self* self) {
    if (owed_.size() >= next_tidying_) {
      std::erase_if(owed_, [](const auto& each) {
        return each->is_given() || each.use_count() == 1;
      });
      next_tidying_ = 2 * owed_.size() + first_tidying;
    }
    reply_promise<T> made{self};
    owed_.push_back(made.owed_);
    return made;
  }

  /// Answers all that are not answered.
  void give_up(const error& why) {
    for (const auto& each : std::exchange(owed_, {}))
      each->give(to_caf(why));
  }

private:
  static constexpr std::size_t first_tidying = 16;

  const error* at_the_end_;
  // CAF destroys the continuations of an actor before its state.
  std::vector<std::shared_ptr<typename reply_promise<T>::owed>> owed_;
  std::size_t next_tidying_ = first_tidying;
};

} // namespace fsshare
