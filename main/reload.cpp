// SPDX-License-Identifier: Apache-2.0
#include "main/reload.hpp"

#include "config/live_keys.hpp"
#include "log/log.hpp"
#include "sys/process/bounded_calls.hpp"

#include <utility>
#include <vector>

namespace fsshare {

namespace {

std::string joined(const std::vector<std::string>& keys) {
  std::string out;
  for (const auto& key : keys)
    out.append(out.empty() ? "" : " ").append(key);
  return out;
}

} // namespace

live_config::live_config(node_config config, std::string file, reader read)
  : config_(std::move(config)), file_(std::move(file)), read_(std::move(read)) {
}

void live_config::reload() {
  bounded_calls calls;
  const auto wanted
    = calls.run<node_config>(file_, "read configuration " + file_, read_);
  if (!wanted) {
    log::warning("not-reloaded", {{"error", wanted.err().message}});
    return;
  }
  auto taken = take_live_keys(config_, *wanted);
  config_ = std::move(taken.config);
  log::set_level(config_.log.level);
  log::info("reloaded", {{"changed", joined(taken.changed)}});
  if (!taken.kept.empty())
    log::warning("not-reloaded", {{"keys", joined(taken.kept)}});
}

} // namespace fsshare
