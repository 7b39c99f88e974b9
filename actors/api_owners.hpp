// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/api_methods.hpp"
#include "core/api/api_types.hpp"
#include "core/api/owner_types.hpp"

#include <functional>
#include <string>
#include <vector>

/// What calls of the control API have to do with OWNERS.
namespace fsshare {

/// Tells it that the caller asks something of a sandbox that exists or not.
void note_use(const api_context& with, const std::string& sandbox_id);

/// Tells it that Cleanup has succeeded.
void note_end(const api_context& with, const std::string& sandbox_id);

/// Sets the owners of sandboxes that are to be shown, then calls `then`, once.
/// @param of Live as long as `then`.
void add_owners(const api_context& with, const std::vector<sandbox_status*>& of,
                const std::function<void()>& then);

/// Asks who owns the sandbox of a Prepare, before NODE is asked.
/// @param answer is called with the reason where nobody can be named.
/// @param then is called otherwise. What it is given gets NODE's answer, and
///        has the owner written down before it passes that on.
void name_owner_then(const api_context& with, const std::string& sandbox_id,
                     const owner_terms& terms, const api_answer& answer,
                     const std::function<void(const api_answer&)>& then);

} // namespace fsshare
