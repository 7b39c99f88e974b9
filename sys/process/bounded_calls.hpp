// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"
#include "core/result.hpp"
#include "sys/process/reader_threads.hpp"
#include "sys/unique_fd.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// A descriptor that a call owns.
using owned_fd = std::shared_ptr<const unique_fd>;

/// Duplicates a descriptor; none where none is left, which the call says.
owned_fd own_copy(int fd);

/// Calls to a filesystem that may not answer, done by readers for a thread that
/// must not hang: it waits so long and no longer. For one thread.
///
/// What a call uses it owns, for it may outlive whoever asked for it. One
/// reader is made at once, the others when all hang.
class bounded_calls {
public:
  struct settings {
    /// How long a call may take; far more than one does that is answered.
    std::chrono::nanoseconds limit = pacing::bounded_call;
    /// Calls that hang at a time, of whatever keys.
    std::size_t most_hung = 16;
  };

  bounded_calls() : bounded_calls(settings{}) {
  }
  /// @param runner Makes the readers; not null.
  explicit bounded_calls(const settings& s,
                         std::shared_ptr<read_runner> runner
                         = std::make_shared<reader_threads>());
  bounded_calls(const bounded_calls&) = delete;
  bounded_calls& operator=(const bounded_calls&) = delete;
  ~bounded_calls() = default;

  /// Does a call in its place, such as another mount namespace, and returns why
  /// it could not get there.
  using place = std::function<status(const std::function<void()>& call)>;

  /// From now on calls, and what undoes them, are done in a place, which each
  /// of them holds until it has ended; null is where readers are anyway.
  void surround(place where) {
    where_ = std::move(where);
  }

  /// Does a call and returns what it returned.
  /// @param key What is asked, such as a device: while a call hangs, no other
  ///            one of its key is tried.
  /// @param shown Names the call in the sentence of an error.
  /// @param late Called by the reader with what came too late, to undo it. What
  ///             it throws is dropped.
  /// @returns `errc::deadline_exceeded` for a call that takes too long,
  ///          `errc::resource_exhausted` where it is not tried, since an
  ///          earlier one hangs, the runner's error where no reader can be
  ///          made, and `errc::internal` for one that throws.
  template <class T>
  result<T> run(const std::string& key, const std::string& shown,
                std::function<result<T>()> call,
                std::function<void(result<T>&)> late = nullptr) {
    const auto out = std::make_shared<std::optional<result<T>>>();
    auto ended = await(
      key, shown,
      [out, call = std::move(call)] {
        out->emplace(call());
      },
      [out, late = std::move(late)] {
        if (late && *out)
          late(**out);
      });
    if (!ended)
      return ended.err();
    return std::move(**out);
  }

private:
  struct calls;

  result<std::size_t> take_reader(const std::string& key,
                                  const std::string& shown);
  status await(const std::string& key, const std::string& shown,
               const std::function<void()>& call,
               const std::function<void()>& late);

  settings settings_;
  std::shared_ptr<calls> calls_;
  std::shared_ptr<read_runner> runner_;
  std::size_t readers_made_ = 0;
  place where_;
};

} // namespace fsshare
