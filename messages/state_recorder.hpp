// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"
#include "messages/journal.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// Has JOURNAL write down what its owner, an actor, is about to do or has done.
/// It is waited for until it is silent for once: from then on nobody waits,
/// until it answers. Where it cannot write, work goes on.
/// @tparam Self what self points to in the owner; it lives as long as this.
template <class Self>
class state_recorder {
public:
  /// Gets the id of the sandbox for which it became silent.
  using silence_handler = void (*)(const std::string& sandbox_id);

  /// @param journal Null where nothing is written down.
  state_recorder(Self* self, journal_actor journal, silence_handler silent)
    : self_(self), journal_(std::move(journal)), silent_(silent) {
  }

  bool is_there() const {
    return static_cast<bool>(journal_);
  }
  const journal_actor& journal() const {
    return journal_;
  }

  /// Has something recorded.
  void record(const std::string& sandbox_id, journal_record what) {
    if (journal_)
      send(record_state{sandbox_id, std::move(what)});
  }

  /// Has something recorded with all else that is, from the next flush() on.
  /// @param then Comes after that; may be null.
  void add(const std::string& sandbox_id, journal_record what,
           std::function<void()> then = nullptr) {
    if (journal_)
      batch_.records.push_back({sandbox_id, std::move(what)});
    if (then)
      when_recorded_.push_back(std::move(then));
  }

  /// Sends what was added, in its order, as one message: that wakes JOURNAL
  /// once. Nothing is written down before.
  void flush() {
    auto batch = std::exchange(batch_, {});
    auto then = std::exchange(when_recorded_, {});
    const auto all = [then] {
      for (const auto& each : then)
        each();
    };
    if (batch.records.empty()) {
      all();
      return;
    }
    if (then.empty() || is_silent_) {
      send(std::move(batch));
      all();
      return;
    }
    const auto sandbox_id = batch.records.front().sandbox_id;
    await(sandbox_id, std::move(batch), all);
  }

  /// Has something recorded before what comes then.
  void record(const std::string& sandbox_id, journal_record what,
              const std::function<void()>& then) {
    if (!journal_ || is_silent_) {
      record(sandbox_id, std::move(what));
      then();
      return;
    }
    await(sandbox_id, record_state{sandbox_id, std::move(what)}, then);
  }

  /// The same, when nothing is left of a sandbox.
  void forget(const std::string& sandbox_id,
              const std::function<void()>& then) {
    if (!journal_) {
      then();
      return;
    }
    if (is_silent_) {
      tell(journal_, forget_state{sandbox_id});
      then();
      return;
    }
    await(sandbox_id, forget_state{sandbox_id}, then);
  }

private:
  template <class Request>
  void send(Request request) {
    if (!is_silent_) {
      tell(journal_, std::move(request));
      return;
    }
    ask(self_, journal_, std::move(request))
      .then(
        [this](const state_recorded&) {
          is_silent_ = false;
        },
        [](const caf::error&) {
          // It has ended, and with it the process.
        });
  }

  template <class Request>
  void await(const std::string& sandbox_id, Request request,
             const std::function<void()>& then) {
    ask_within(self_, journal_, pacing::longest_record, std::move(request))
      .then(
        [then](const state_recorded&) {
          then();
        },
        [this, sandbox_id, then](const caf::error&) {
          if (!std::exchange(is_silent_, true))
            silent_(sandbox_id);
          then();
        });
  }

  Self* self_;
  journal_actor journal_;
  silence_handler silent_;
  /// It has left something unanswered.
  bool is_silent_ = false;
  /// What was added since the last flush(), and what comes then.
  record_states batch_;
  std::vector<std::function<void()>> when_recorded_;
};

} // namespace fsshare
