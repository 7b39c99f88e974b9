// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proto/fsshare.pb.h"

namespace fsshare::ctl {

/// Takes a reply into the whole of what was asked for.
/// @returns whether there is more, and `request` asks for that now. Otherwise
///          the whole is `reply`.
template <class Request, class Reply>
bool take_page(Request& /*request*/, Reply& /*reply*/, Reply& /*whole*/) {
  return false;
}

/// A sandbox with all its leftovers, shares and volumes. A node agent that does
/// not come forward from page to page is asked no further.
bool take_page(v1::GetSandboxRequest& request, v1::GetSandboxReply& reply,
               v1::GetSandboxReply& whole);
bool take_page(v1::ListVolumesRequest& request, v1::ListVolumesReply& reply,
               v1::ListVolumesReply& whole);
bool take_page(v1::ListSandboxesRequest& request, v1::ListSandboxesReply& reply,
               v1::ListSandboxesReply& whole);
bool take_page(v1::CollectOrphansRequest& request,
               v1::CollectOrphansReply& reply, v1::CollectOrphansReply& whole);

} // namespace fsshare::ctl
