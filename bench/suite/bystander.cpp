// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/bystander.hpp"

#include "bench/must.hpp"
#include "bench/suite/sample.hpp"
#include "ttrpc/copy_file.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

namespace fsshare::bench {

namespace {

using clock = std::chrono::steady_clock;

} // namespace

bystander::bystander(const guest_address& guest)
  : client_(must(ttrpc::blocking_client::connect(guest))) {
  constexpr int calls_alone = 20;
  std::vector<double> alone(calls_alone);
  for (auto& seconds : alone)
    seconds = check();
  alone_ = median(alone);
  thread_ = std::jthread{[this](const std::stop_token& ends) {
    go_on(ends);
  }};
}

bystander::~bystander() {
  thread_.request_stop();
}

double bystander::check() {
  constexpr std::chrono::seconds patience{60};
  const auto begin = clock::now();
  must(client_.call(ttrpc::health_service, "Check", {}, patience));
  return std::chrono::duration<double>(clock::now() - begin).count();
}

void bystander::go_on(const std::stop_token& ends) {
  // Few enough to take no part of the guest that matters.
  constexpr std::chrono::milliseconds every{5};
  try {
    while (!ends.stop_requested()) {
      const auto next = clock::now() + every;
      taken_.push_back(check());
      std::this_thread::sleep_until(next);
    }
  } catch (const std::exception&) {
    has_failed_ = true;
  }
}

double bystander::end() {
  thread_.request_stop();
  thread_.join();
  if (has_failed_)
    throw std::runtime_error{"a bystander of the guest gets no answer"};
  return std::max(0.0, quantile(taken_, 0.99) - alone_);
}

} // namespace fsshare::bench
