// SPDX-License-Identifier: Apache-2.0
#include "ctl/explain_command.hpp"

#include "core/paths.hpp"
#include "ctl/command_set.hpp"
#include "ctl/event_list.hpp"
#include "ctl/render.hpp"
#include "ctl/table.hpp"

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace fsshare::ctl {

namespace {

/// The latest events of a copy that are shown.
constexpr std::size_t most_events = 25;

/// A volume with the copies that are asked for, and its events.
struct story {
  v1::VolumeStatus volume;
  v1::WatchEventsReply events;
};

/// Takes what is asked for out of all volumes.
std::vector<story> matching(v1::ListVolumesReply& all,
                            const std::string& subject) {
  std::vector<story> out;
  for (auto& volume : *all.mutable_volumes()) {
    if (volume.path() == subject) {
      out.push_back({std::move(volume), {}});
      continue;
    }
    story of_share;
    for (auto& at : *volume.mutable_destinations())
      if (at.share_id() == subject)
        of_share.volume.add_destinations()->Swap(&at);
    if (of_share.volume.destinations().empty())
      continue;
    const auto copies = std::move(*of_share.volume.mutable_destinations());
    of_share.volume = std::move(volume);
    *of_share.volume.mutable_destinations() = copies;
    of_share.volume.clear_destinations_more();
    out.push_back(std::move(of_share));
  }
  return out;
}

/// Whether an event may be part of the life of a volume's copies: it is of the
/// volume, of a guest, or of all volumes.
bool concerns(const v1::Event& event, const v1::VolumeStatus& volume) {
  if (!event.volume().empty())
    return event.volume() == volume.path();
  return event.id().starts_with("guest-") || event.id() == "events-lost";
}

/// Whether it is part of the life of one of them.
bool concerns(const v1::Event& event, const v1::DestinationStatus& at) {
  const bool is_of_sandbox
    = event.sandbox_id().empty() || event.sandbox_id() == at.sandbox_id();
  return is_of_sandbox
         && (event.share_id().empty() || event.share_id() == at.share_id());
}

std::string life_of(const v1::DestinationStatus& at,
                    const v1::WatchEventsReply& events) {
  std::vector<const v1::Event*> own;
  for (const auto& each : events.events())
    if (concerns(each, at))
      own.push_back(&each);
  if (own.empty())
    return "no events of it are kept\n";
  const auto first = own.size() - std::min(own.size(), most_events);
  table out{{"TIME", "EVENT", "WHAT"}};
  for (auto i = first; i < own.size(); ++i)
    out.add({time_text(own[i]->time_ns()), own[i]->id(), own[i]->sentence()});
  return out.text();
}

std::string text_of(const v1::DestinationStatus& at,
                    const v1::WatchEventsReply& events) {
  return "\n"
         + name_lines({
           {"sandbox", at.sandbox_id()},
           {"labels", label_words(at.labels())},
           {"container",
            container_cell(at.container_id(), at.container_name())},
           {"share", at.share_id()},
           {"guest path", at.guest_path()},
           {"state", state_of(at)},
           {"guest generation", at.guest_generation()},
           {"stale for", duration_cell(at.stale_ns())},
           {"last lag", duration_cell(at.lag_ns())},
           {"failures", count(at.failures())},
           {"reason", trouble_of(at)},
         })
         + life_of(at, events);
}

std::string text_of(const story& of) {
  auto out = name_lines({
    {"volume", of.volume.path()},
    {"host generation", of.volume.host_generation()},
    {"watched", yes_no(of.volume.watched())},
    {"trouble", of.volume.reason()},
  });
  for (const auto& at : of.volume.destinations())
    out += text_of(at, of.events);
  return out + more_of("destinations", of.volume.destinations_more());
}

/// Returns both as one document: what there is now, and what has happened.
result<std::string> json_of(const std::vector<story>& all) {
  v1::ListVolumesReply volumes;
  v1::WatchEventsReply events;
  for (const auto& each : all) {
    *volumes.add_volumes() = each.volume;
    events.mutable_events()->MergeFrom(each.events.events());
  }
  const auto first = to_json(volumes);
  if (!first)
    return first.err();
  const auto second = to_json(events);
  if (!second)
    return second.err();
  return "{\"state\": " + *first + ",\n\"life\": " + *second + "}\n";
}

/// Asks how the volumes are, and for the events of those that match.
call_outcome ask_stories(const invocation& asked, const surroundings& with,
                         std::vector<story>& into) {
  const auto& what = *asked.explain;
  v1::ListVolumesRequest list;
  list.set_sandbox_id(what.sandbox);
  call_command<v1::ListVolumesRequest, v1::ListVolumesReply> call{
    "ListVolumes", list, nullptr, nullptr};
  auto outcome = converse(call, with.call, asked.endpoint, asked.timeout);
  if (!outcome.reply)
    return outcome;
  into = matching(static_cast<v1::ListVolumesReply&>(call.reply()),
                  what.subject.starts_with('/') ? normal_path(what.subject)
                                                : what.subject);
  if (into.empty())
    return outcome;
  v1::WatchEventsReply all;
  outcome = ask_all_events(asked, with, v1::WatchEventsRequest{}, all);
  for (auto& each : into)
    for (const auto& event : all.events())
      if (concerns(event, each.volume))
        *each.events.add_events() = event;
  return outcome;
}

} // namespace

int run_explain(const invocation& asked, const surroundings& with,
                std::ostream& out, std::ostream& err) {
  std::vector<story> found;
  const auto outcome = ask_stories(asked, with, found);
  if (!outcome.reply)
    return complain(err, outcome.reply.err(), exit_code_of(outcome));
  if (found.empty())
    return complain(err,
                    {errc::not_found,
                     "no volume or share '" + asked.explain->subject
                       + "' is followed"
                       + (asked.explain->sandbox.empty()
                            ? ""
                            : " for sandbox '" + asked.explain->sandbox + "'")},
                    refused);
  if (asked.format == output_format::json) {
    const auto json = json_of(found);
    if (!json)
      return complain(err, json.err(), refused);
    out << *json;
    return done;
  }
  for (std::size_t i = 0; i < found.size(); ++i)
    out << (i == 0 ? "" : "\n") << text_of(found[i]);
  return done;
}

void add_explain_command(command_set to, CLI::App* volume) {
  auto request = std::make_shared<explain_request>();
  auto* app
    = to.add(volume, "explain", "Show how the copies of a volume are, and why");
  app
    ->add_option_function<std::string>(
      "VOLUME_OR_SHARE",
      [request](const std::string& subject) {
        request->subject = subject;
      },
      "Path of the volume, or id of a share")
    ->required();
  app->add_option_function<std::string>(
    "--sandbox",
    [request](const std::string& id) {
      request->sandbox = id;
    },
    "Only the copies of this sandbox");
  to.explains(app, request);
}

} // namespace fsshare::ctl
