// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal_log.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// Shorter files are not worth it.
constexpr std::size_t least_outgrown = std::size_t{64} << 10;

} // namespace

journal_log::journal_log(recorded_sandbox sandbox, std::size_t size,
                         bool is_whole)
  : sandbox_(std::move(sandbox)), written_bytes_(size), is_whole_(is_whole) {
}

bool journal_log::take(const journal_record& record) {
  const auto changed = sandbox_.apply(record);
  is_behind_ = is_behind_ || changed;
  return is_behind_;
}

bool journal_log::has_outgrown() const {
  return appended_bytes_ > std::max(written_bytes_, least_outgrown);
}

void journal_log::appended(std::size_t size) {
  appended_bytes_ += size;
  is_behind_ = false;
}

void journal_log::rewritten(std::size_t size) {
  written_bytes_ = size;
  appended_bytes_ = 0;
  is_whole_ = true;
  is_behind_ = false;
}

void journal_log::failed() {
  is_whole_ = false;
}

} // namespace fsshare
