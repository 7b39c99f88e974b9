// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/journal/journal_record.hpp"
#include "json/record_reader.hpp"

#include <nlohmann/json.hpp>

namespace fsshare {

/// The form of what Prepare and SetGuest have told, within journal_json.

nlohmann::json prepare_record_json(const recorded_prepare& x);
nlohmann::json prepare_record_json(const recorded_guest& x);

recorded_prepare read_prepare_record(record_reader& in);
recorded_guest read_guest_record(record_reader& in);

} // namespace fsshare
