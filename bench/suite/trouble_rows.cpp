// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/trouble_rows.hpp"

#include "bench/suite/guest_kind.hpp"
#include "bench/suite/node_of_many.hpp"
#include "bench/suite/rotating_volumes.hpp"

#include <algorithm>
#include <csignal>
#include <memory>

namespace fsshare::bench {

namespace {

constexpr int guests = 10;
constexpr int volumes_each = 10;

/// Whether the last of the guests answers.
enum class last_guest { answers, hangs };

/// Ten guests with ten volumes each.
class ten_guests {
public:
  ten_guests()
    : node_(guests, guests, options_of({"1ms"})),
      others_(sharer(0, guests - 1), {(guests - 1) * volumes_each, 1, 10}),
      last_(sharer(guests - 1, 1), {volumes_each, 1, 10}) {
  }

  /// Rotates all volumes; the times are those of the first nine guests.
  sample run(last_guest does) {
    auto& last = node_.guest(guests - 1);
    if (does == last_guest::hangs)
      last.stop();
    last_.start_rotation();
    const auto lags = others_.rotate();
    last.signal(SIGCONT);
    last_.await_arrival();
    const auto p99 = quantile(lags, 0.99);
    return {p99, p99};
  }

private:
  /// Gives volumes to some of the sandboxes by turns.
  rotating_volumes::sharer sharer(int first, int count) {
    return [this, first, count](const std::string& source, int) {
      return node_.share(source, first + next_++ % count);
    };
  }

  int next_ = 0;
  node_of_many node_;
  rotating_volumes others_;
  rotating_volumes last_;
};

} // namespace

std::vector<row> trouble_rows() {
  constexpr int repeats = 9;
  // Others within 1.2 times.
  constexpr aim wanted{1 / 1.2};
  return {{"hung-guest",
           "p99 of 90 volumes of 9 guests, 100 rotate, the tenth guest hangs",
           wanted, extent::usual, repeats, [] {
             const auto at = std::make_shared<ten_guests>();
             return std::vector<side>{{"fsshare",
                                       [at] {
                                         return at->run(last_guest::hangs);
                                       }},
                                      {"the same without the hang", [at] {
                                         return at->run(last_guest::answers);
                                       }}};
           }}};
}

} // namespace fsshare::bench
