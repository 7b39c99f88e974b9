// SPDX-License-Identifier: Apache-2.0
#include "ctl/pages.hpp"

#include <utility>

namespace fsshare::ctl {

bool take_page(v1::GetSandboxRequest& request, v1::GetSandboxReply& reply,
               v1::GetSandboxReply& whole) {
  auto& page = *reply.mutable_sandbox();
  const bool is_first = request.pending_after().empty();
  if (is_first && page.pending_more() == 0)
    return false;
  // As from one that does not know of pages and begins again.
  const bool comes_forward
    = !page.pending().empty()
      && page.pending(0).path() > request.pending_after();
  if (comes_forward)
    request.set_pending_after(page.pending(page.pending_size() - 1).path());
  const bool more = comes_forward && page.pending_more() > 0;
  if (is_first) {
    whole = std::move(reply);
  } else if (comes_forward) {
    auto& known = *whole.mutable_sandbox();
    known.mutable_pending()->MergeFrom(page.pending());
    known.set_pending_more(page.pending_more());
  } else if (page.pending().empty()) {
    // They are gone by now.
    whole.mutable_sandbox()->set_pending_more(0);
  }
  if (!more)
    reply = std::move(whole);
  return more;
}

} // namespace fsshare::ctl
