// SPDX-License-Identifier: Apache-2.0
#include "main/adopt_sandboxes.hpp"

#include "core/share/orphans.hpp"
#include "log/log.hpp"

#include <caf/scoped_actor.hpp>

#include <memory>
#include <set>
#include <utility>
#include <variant>

namespace fsshare {

namespace {

template <class Reply, class Handle, class Request>
result<Reply> call(const caf::scoped_actor& self, const Handle& to,
                   std::chrono::nanoseconds limit, Request request) {
  result<Reply> out{error{errc::unknown, {}}};
  self->request(to, limit, std::move(request))
    .receive(
      [&out](Reply& reply) {
        out = std::move(reply);
      },
      [&out](caf::error& err) {
        out = err == caf::sec::request_timeout
                ? error{errc::deadline_exceeded, "no answer in time"}
                : from_caf(err);
      });
  return out;
}

// Those that earlier processes have set aside and nobody needs: somebody had
// until now to look at them. Where marks cannot be listed they stay.
void collect_asides_of_before(const caf::scoped_actor& self,
                              const wired_actors& actors,
                              const std::string& copy_mark_dir,
                              const states_read& found,
                              std::chrono::nanoseconds limit) {
  if (found.set_aside_before == 0)
    return;
  const auto seen = call<marked_entries>(self, actors.mounter, limit,
                                         list_marks{copy_mark_dir});
  if (!seen)
    return;
  std::set<std::string> known;
  for (const auto& each : found.sandboxes)
    known.insert(each.prepare.request.sandbox_id);
  tell(actors.journal,
       collect_asides{told_by_asides(sort_entries(*seen, known)),
                      collect_asides::which::of_before});
}

} // namespace

status adopt_sandboxes_of_before(caf::actor_system& system,
                                 const wired_actors& actors,
                                 const node_config& config,
                                 std::chrono::nanoseconds limit) {
  const auto& share_root = config.share.root;
  const caf::scoped_actor self{system};
  const auto found
    = call<states_read>(self, actors.journal, limit, read_states{});
  if (!found)
    return found.err().within("read the state directory");
  collect_asides_of_before(self, actors, copy_mark_dir(config), *found, limit);
  auto places = std::make_shared<std::vector<sandbox_places>>();
  for (const auto& sandbox : found->sandboxes) {
    auto layout = layout_of(sandbox, share_root);
    auto paths = places_of(sandbox, layout);
    places->push_back({std::move(layout), std::move(paths),
                       sandbox.prepare.request.mount_namespace});
  }
  if (places->empty())
    return unit{};
  const auto seen = call<sandboxes_seen>(self, actors.mounter, limit,
                                         look_at_sandboxes{places});
  if (!seen)
    return seen.err().within("look at sandboxes of before");
  adopt_sandboxes handed_over;
  restore_owners owners;
  for (std::size_t i = 0; i < places->size(); ++i) {
    const auto& sandbox = found->sandboxes[i];
    handed_over.sandboxes.push_back(
      {sandbox, adopt(sandbox, (*places)[i].layout, seen->looks[i])});
    if (!std::holds_alternative<unfinished_sandbox>(
          handed_over.sandboxes.back().what))
      owners.owners.emplace(
        sandbox.prepare.request.sandbox_id,
        sandbox.owner.value_or(unknown_owner{"it was not written down"}));
  }
  if (actors.owners)
    tell(actors.owners, std::move(owners));
  if (!call<sandboxes_adopted>(self, actors.node, limit,
                               std::move(handed_over)))
    log::warning("adoption-goes-on");
  return unit{};
}

} // namespace fsshare
