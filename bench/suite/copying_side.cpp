// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/copying_side.hpp"

#include "bench/must.hpp"
#include "bench/suite/process_cost.hpp"
#include "bench/suite/system_calls.hpp"
#include "core/paths.hpp"
#include "tests/support/resident_memory.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace fsshare::bench {

namespace {

constexpr const char* sandbox = "bench";

std::vector<std::string> with_stats(const guest_kind& kind,
                                    const std::string& file) {
  auto out = options_of(kind);
  out.insert(out.end(), {"--stats", file});
  return out;
}

std::string config_of(const fsshare_options& with) {
  if (with.most_requests == 0)
    return {};
  return R"("copy": {"window_requests": )" + std::to_string(with.most_requests)
         + "}";
}

} // namespace

copying_side::copying_side(const guest_kind& kind)
  : guest_(with_stats(kind, dir_ / "stats.json")) {
}

sample copying_side::take(const std::function<void()>& work) {
  using clock = std::chrono::steady_clock;
  forget_peak(pid());
  const auto rss = static_cast<double>(test::resident_memory(pid()));
  const cpu_meter cpu{pid()};
  const cpu_meter guest_cpu{guest_.process().pid()};
  // Last, so that it counts nothing of the above.
  const system_calls calls{with_readers(pid())};
  const auto begin = clock::now();
  work();
  sample out;
  out.seconds = std::chrono::duration<double>(clock::now() - begin).count();
  out.system_calls = calls.count().value_or(0);
  out.cpu_seconds = cpu.seconds();
  out.guest_cpu_seconds = guest_cpu.seconds();
  const auto peak = static_cast<double>(test::peak_memory(pid()));
  out.growth_mib = std::max(0.0, peak - rss) / (1 << 20);
  return out;
}

double copying_side::end_guest() {
  if (guest_.process().terminate() != 0)
    throw std::runtime_error{"the guest: " + guest_.process().errors()};
  const auto stats
    = nlohmann::json::parse(test::read_file(dir_ / "stats.json"));
  return stats.at("requests").get<double>();
}

taking take_under(machine_load load) {
  return [load](copying_side& by, const std::function<void()>& work) {
    const burners busy{load};
    return by.take(work);
  };
}

fsshare_side::fsshare_side(const guest_kind& kind, const fsshare_options& with)
  : copying_side(kind), node_(config_of(with)), client_(node_.socket()) {
  v1::PrepareRequest request;
  request.set_sandbox_id(sandbox);
  request.set_mode(v1::SHARING_MODE_COPY);
  request.mutable_guest()->set_address(to_string(guest().address()));
  request.mutable_guest()->set_policy(with.sharing == copy_sharing::per_sandbox
                                        ? v1::GUEST_POLICY_NONE
                                        : v1::GUEST_POLICY_SET);
  must(client_.call<v1::PrepareReply>("Prepare", request));
}

std::string fsshare_side::share(const std::string& source, int container) {
  const auto reply
    = must(client_.share(sandbox, "c" + std::to_string(container), source,
                         "/shared/" + std::string{base_name(source)} + "-"
                           + std::to_string(std::hash<std::string>{}(source)),
                         true));
  return join(guest().root(), base_name(reply.guest_path()));
}

serial_side::serial_side(const guest_kind& kind, rendering renders)
  : copying_side(kind), peer_(guest().address(), renders) {
}

std::string serial_side::share(const std::string& source, int container) {
  const auto name = "c" + std::to_string(container) + "-"
                    + std::to_string(++shares_) + "-"
                    + std::string{base_name(source)};
  peer_.share(source, name);
  return join(guest().root(), name);
}

} // namespace fsshare::bench
