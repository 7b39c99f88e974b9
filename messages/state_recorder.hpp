// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"
#include "messages/journal.hpp"

#include <functional>
#include <string>
#include <utility>

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
    if (!journal_)
      return;
    record_state request{sandbox_id, std::move(what)};
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
};

} // namespace fsshare
