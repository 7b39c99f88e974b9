// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/metrics/scrape_round.hpp"
#include "messages/metrics.hpp"
#include "messages/state_actor.hpp"
#include "sys/process/process_usage.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

struct metrics_options {
  std::string version;
  /// Commit that this was built from.
  std::string revision;
  /// Looks at this process; null where nobody is to know.
  std::function<process_usage()> usage = nullptr;
  /// Seconds since 1970 when the process began.
  double started_at = 0;
};

/// What METRICS owns: whom to ask, and what was found last.
class metrics_state {
public:
  using handle = metrics_actor;
  static constexpr const char* name = "metrics";
  using time_point = std::chrono::steady_clock::time_point;

  metrics_state(handle::pointer self, metrics_options options);

  handle::behavior_type make_behavior();

private:
  /// What a scrape has found.
  struct finding {
    time_point at;
    std::shared_ptr<const std::string> text;
    ready_report ready;
  };

  /// A GUEST PROXY, and what it has told last: it counts while it does not
  /// answer, and until its end is told.
  struct guest {
    std::string sandbox_id;
    guest_source source;
    pod_name pod = {};
    guest_measure last = {};
  };

  void add(const add_source& msg);
  void add(const add_guest& msg);
  void ended(const guest_ended& msg);
  void gone(scrape_round::id who);
  void ask_actors();
  bool has_recent() const;
  void begin();
  void answered(scrape_round::id who, const metric_set* part);
  void finish();
  ready_report judge() const;
  metric_set own_metrics(const ready_report& ready) const;
  metric_set guest_metrics() const;

  handle::pointer self_;
  metrics_options options_;
  std::map<scrape_round::id, metrics_source> sources_;
  std::map<scrape_round::id, guest> guests_;
  /// Of proxies that have ended.
  guest_counters ended_;
  scrape_round round_;
  bool is_serving_ = false;
  bool is_scraping_ = false;
  std::uint64_t turn_ = 0;
  /// What has been answered of the scrape that runs.
  metric_set found_;
  std::optional<finding> last_;
  error at_the_end_{errc::aborted, "the node agent is shutting down"};
  owed_replies<scraped> scrapes_{at_the_end_};
  owed_replies<ready_report> checks_{at_the_end_};
  std::vector<reply_promise<scraped>> waiting_scrapes_;
  std::vector<reply_promise<ready_report>> waiting_checks_;
};

/// Spawn this.
using metrics = state_actor<metrics_state>;

} // namespace fsshare
