// SPDX-License-Identifier: Apache-2.0
#include "ctl/conversation.hpp"

namespace fsshare::ctl {

call_outcome converse(command& what, const caller& call,
                      const std::string& endpoint,
                      std::chrono::nanoseconds timeout) {
  do {
    auto outcome = call(endpoint, what.method(),
                        what.request().SerializeAsString(), timeout);
    if (!outcome.reply)
      return outcome;
    if (!what.reply().ParseFromString(*outcome.reply))
      return {error{errc::internal, std::string{"the answer to "}
                                      + what.method() + " cannot be decoded"},
              call_end::answered};
  } while (what.goes_on());
  return {std::string{}, call_end::answered};
}

} // namespace fsshare::ctl
