// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/guest_counters.hpp"

namespace fsshare {

void guest_counters::answered(errc code, std::chrono::nanoseconds after) {
  if (code == errc::none)
    ++ok;
  else if (code == errc::permission_denied)
    ++denied;
  else
    ++failed;
  round_trips.observe(after);
}

guest_counters& guest_counters::operator+=(const guest_counters& other) {
  ok += other.ok;
  denied += other.denied;
  failed += other.failed;
  unanswered += other.unanswered;
  sent_bytes += other.sent_bytes;
  connections += other.connections;
  round_trips += other.round_trips;
  return *this;
}

void add(metric_set& to, const guest_counters& counted) {
  const auto requests = [&to](const char* result, std::uint64_t number) {
    to.add("kata_fsshare_guest_requests_total", static_cast<double>(number),
           {result});
  };
  requests("ok", counted.ok);
  requests("denied", counted.denied);
  requests("failed", counted.failed);
  requests("unanswered", counted.unanswered);
  to.add("kata_fsshare_guest_sent_bytes_total",
         static_cast<double>(counted.sent_bytes));
  to.add("kata_fsshare_guest_connections_total",
         static_cast<double>(counted.connections));
  to.add("kata_fsshare_guest_round_trip_seconds", counted.round_trips);
}

} // namespace fsshare
