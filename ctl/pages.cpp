// SPDX-License-Identifier: Apache-2.0
#include "ctl/pages.hpp"

#include <string>
#include <utility>

namespace fsshare::ctl {

namespace {

/// Adds a page of volumes; the first may go on with the destinations of the
/// last one that is known.
template <class Reply>
void add_volumes(Reply& page, Reply& whole) {
  auto& known = *whole.mutable_volumes();
  for (auto& each : *page.mutable_volumes()) {
    if (known.empty() || known.rbegin()->path() != each.path()) {
      known.Add()->Swap(&each);
      continue;
    }
    auto& last = *known.rbegin();
    last.mutable_destinations()->MergeFrom(each.destinations());
    last.set_destinations_more(each.destinations_more());
  }
  whole.set_volumes_more(page.volumes_more());
  whole.set_volumes_next(page.volumes_next());
}

void add_shares(v1::GetSandboxReply& page, v1::GetSandboxReply& whole) {
  whole.mutable_shares()->MergeFrom(page.shares());
  whole.set_shares_more(page.shares_more());
  whole.set_shares_next(page.shares_next());
}

/// @param after Which page it is.
/// @returns whether it comes forward: not as from a node agent that does not
///          know of pages and begins again.
bool add_pending(const std::string& after, const v1::GetSandboxReply& page,
                 v1::GetSandboxReply& whole) {
  const auto& listed = page.sandbox().pending();
  auto& known = *whole.mutable_sandbox();
  // They are gone by now.
  if (listed.empty())
    known.set_pending_more(0);
  if (listed.empty() || listed.begin()->path() <= after)
    return false;
  known.mutable_pending()->MergeFrom(listed);
  known.set_pending_more(page.sandbox().pending_more());
  return true;
}

/// Takes a page in.
/// @returns whether the list that was asked for comes forward.
bool add_page(const v1::GetSandboxRequest& request, v1::GetSandboxReply& page,
              v1::GetSandboxReply& whole) {
  if (!request.pending_after().empty())
    return add_pending(request.pending_after(), page, whole);
  if (!request.shares_after().empty()) {
    add_shares(page, whole);
    return page.shares_next() != request.shares_after();
  }
  if (!request.volumes_after().empty()) {
    add_volumes(page, whole);
    return page.volumes_next() != request.volumes_after();
  }
  whole = std::move(page);
  return true;
}

/// Asks for the rest of the leftovers, then of the shares, then of the volumes.
/// @returns false where there is none.
bool ask_on(const v1::GetSandboxReply& whole, bool comes_forward,
            v1::GetSandboxRequest& request) {
  const auto& sandbox = whole.sandbox();
  const bool in_pending
    = request.shares_after().empty() && request.volumes_after().empty();
  const bool in_shares = request.volumes_after().empty();
  const auto asked = request;
  request.clear_pending_after();
  request.clear_shares_after();
  request.clear_volumes_after();
  const auto goes_on = [&](bool is_this_list) {
    return comes_forward || !is_this_list;
  };
  if (in_pending && sandbox.pending_more() > 0 && !sandbox.pending().empty()
      && comes_forward)
    request.set_pending_after(sandbox.pending().rbegin()->path());
  else if (in_shares && !whole.shares_next().empty()
           && goes_on(!asked.shares_after().empty()))
    request.set_shares_after(whole.shares_next());
  else if (!whole.volumes_next().empty()
           && goes_on(!asked.volumes_after().empty()))
    request.set_volumes_after(whole.volumes_next());
  else
    return false;
  return true;
}

} // namespace

bool take_page(v1::GetSandboxRequest& request, v1::GetSandboxReply& reply,
               v1::GetSandboxReply& whole) {
  const bool comes_forward = add_page(request, reply, whole);
  if (ask_on(whole, comes_forward, request))
    return true;
  reply = std::move(whole);
  return false;
}

bool take_page(v1::ListVolumesRequest& request, v1::ListVolumesReply& reply,
               v1::ListVolumesReply& whole) {
  const bool comes_forward = reply.volumes_next() != request.volumes_after();
  add_volumes(reply, whole);
  if (comes_forward && !whole.volumes_next().empty()) {
    request.set_volumes_after(whole.volumes_next());
    return true;
  }
  reply = std::move(whole);
  return false;
}

bool take_page(v1::ListSandboxesRequest& request, v1::ListSandboxesReply& reply,
               v1::ListSandboxesReply& whole) {
  const auto& listed = reply.sandboxes();
  const bool comes_forward
    = !listed.empty()
      && listed.begin()->sandbox_id() > request.sandboxes_after();
  if (comes_forward || request.sandboxes_after().empty()) {
    whole.mutable_sandboxes()->MergeFrom(listed);
    whole.set_sandboxes_more(reply.sandboxes_more());
  } else if (listed.empty()) {
    // They are gone by now.
    whole.set_sandboxes_more(0);
  }
  if (comes_forward && whole.sandboxes_more() > 0) {
    request.set_sandboxes_after(whole.sandboxes().rbegin()->sandbox_id());
    return true;
  }
  reply = std::move(whole);
  return false;
}

bool take_page(v1::CollectOrphansRequest& request,
               v1::CollectOrphansReply& reply, v1::CollectOrphansReply& whole) {
  const auto& listed = reply.orphans();
  const bool comes_forward
    = !listed.empty() && listed.begin()->sandbox_id() > request.orphans_after();
  if (comes_forward || request.orphans_after().empty())
    whole.MergeFrom(reply);
  else
    whole.mutable_asides()->MergeFrom(reply.asides());
  whole.set_orphans_more(reply.orphans_more());
  if (comes_forward && whole.orphans_more() > 0) {
    request.set_orphans_after(whole.orphans().rbegin()->sandbox_id());
    return true;
  }
  reply = std::move(whole);
  return false;
}

} // namespace fsshare::ctl
