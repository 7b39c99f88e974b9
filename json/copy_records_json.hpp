// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/journal/journal_record.hpp"
#include "json/record_reader.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace fsshare {

/// The form of the records of sandboxes in copy mode, within journal_json.

nlohmann::json copy_record_json(const recorded_copy& x);
nlohmann::json copy_record_json(const recorded_tree& x);
nlohmann::json copy_record_json(const recorded_part& x);
nlohmann::json copy_record_json(const recorded_copy_end& x);
nlohmann::json copy_record_json(const recorded_destination& x);
nlohmann::json copy_record_json(const recorded_push& x);
nlohmann::json copy_record_json(const recorded_files& x);
nlohmann::json copy_record_json(const recorded_emptying& x);
nlohmann::json copy_record_json(const recorded_leftover& x);
nlohmann::json copy_record_json(const recorded_copied_share& x);

/// What differs from what a guest had.
nlohmann::json destination_change_json(const guest_record& before,
                                       const recorded_destination& x);

/// @param before What the records before this one come to.
/// @returns nothing for a kind that is not known.
std::optional<journal_record> read_copy_record(const std::string& kind,
                                               record_reader& in,
                                               const recorded_sandbox& before);

} // namespace fsshare
