// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "messages/caf_compat.hpp"

#include <exception>
#include <string>

CAF_ERROR_CODE_ENUM(fsshare::errc, "fsshare")

namespace fsshare {

/// Wraps an error for a reply. The two functions are the only places that know
/// how a caf::error is put together and taken apart.
caf::error to_caf(const error& err);

/// Unwraps the error of a failed request. An actor that is gone is
/// `errc::unavailable`; what CAF itself reports otherwise is `errc::internal`.
error from_caf(const caf::error& err);

/// Words what a handler threw: INTERNAL with its what(), or RESOURCE_EXHAUSTED
/// naming the limit of tasks where no thread could be started.
/// @param thrown Not null.
error describe_exception(const std::exception_ptr& thrown,
                         const std::string& where);

/// Turns what core returned into what a handler returns.
template <class T>
caf::result<T> to_reply(result<T> value) {
  if (!value)
    return to_caf(value.err());
  return *std::move(value);
}

} // namespace fsshare
