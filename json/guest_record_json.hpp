// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/skipped_list.hpp"
#include "core/volume/guest_record.hpp"
#include "json/record_reader.hpp"

#include <nlohmann/json.hpp>

namespace fsshare {

/// The form of what a guest has of a volume, within journal_json.

nlohmann::json guest_members_json(const guest_record& guest);
guest_record read_guest_members(record_reader& in);

/// Returns the members that differ from those of `before`; null for one that
/// has none any more.
nlohmann::json changed_guest_members_json(const guest_record& before,
                                          const guest_record& guest);
/// Reads those into what was before.
void read_changed_guest_members(record_reader& in, guest_record& guest);

nlohmann::json skipped_json(const skipped_list& list);
skipped_list read_skipped(record_reader& in, const char* name);

} // namespace fsshare
