// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/trouble_rows.hpp"

#include "bench/suite/guest_kind.hpp"
#include "bench/suite/hung_volume.hpp"
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

/// Ten sandboxes: nine with ten volumes each, and one with a volume that can
/// hang.
class ten_sources {
public:
  ten_sources()
    : node_(guests, guests, options_of({"1ms"})),
      others_(
        [this](const std::string& source, int) {
          return node_.share(source, next_++ % (guests - 1));
        },
        {(guests - 1) * volumes_each, 1, 10}) {
  }

  /// Rotates the volumes of the nine while the tenth shares its own.
  sample run(source_state does) {
    const hung_volume::use last{hung_, node_.socket(),
                                node_of_many::id_of(guests - 1), does};
    const auto p99 = quantile(others_.rotate(), 0.99);
    return {p99, p99};
  }

private:
  // The node agent sees it, and ends before it.
  hung_volume hung_;
  int next_ = 0;
  node_of_many node_;
  rotating_volumes others_;
};

/// What others notice, beside the same without the trouble. Within 1.2 times.
template <class Place, class Trouble>
row trouble_row(std::string id, std::string work, Trouble with,
                Trouble without) {
  constexpr int repeats = 9;
  constexpr aim wanted{1 / 1.2};
  return {std::move(id),
          std::move(work),
          wanted,
          extent::usual,
          repeats,
          [with, without] {
            const auto at = std::make_shared<Place>();
            return std::vector<side>{
              {"fsshare",
               [at, with] {
                 return at->run(with);
               }},
              {"the same without the hang", [at, without] {
                 return at->run(without);
               }}};
          }};
}

} // namespace

std::vector<row> trouble_rows() {
  std::vector<row> out{trouble_row<ten_guests>(
    "hung-guest",
    "p99 of 90 volumes of 9 guests, 100 rotate, the tenth guest hangs",
    last_guest::hangs, last_guest::answers)};
  if (hung_volume::is_possible())
    out.push_back(trouble_row<ten_sources>(
      "hung-source",
      "p99 of 90 volumes of 9 sandboxes, all rotate, a volume of the tenth "
      "hangs",
      source_state::hangs, source_state::answers));
  return out;
}

} // namespace fsshare::bench
