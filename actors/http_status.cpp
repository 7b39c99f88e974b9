// SPDX-License-Identifier: Apache-2.0
#include "actors/http_status.hpp"

#include "core/net/http_query.hpp"
#include "core/volume/volume_search.hpp"
#include "messages/errors.hpp"
#include "metrics/status_page.hpp"
#include "json/status_json.hpp"

#include <memory>
#include <string>
#include <utility>

namespace fsshare {

namespace {

using responder = std::function<void(const http_response&)>;

// REGISTRY is asked for so much at a time, which takes it a millisecond or two.
constexpr std::size_t page_bytes = std::size_t{128} << 10;
constexpr std::size_t most_sandboxes = 200;
constexpr std::size_t most_events = 100;

http_response refusal(int code, std::string why) {
  http_response out;
  out.status = code;
  out.body = std::move(why) + "\n";
  return out;
}

http_response json(std::string body) {
  return {200, "application/json", std::move(body)};
}

std::string value_of(const http_query& query, std::string_view name) {
  const auto found = query.find(name);
  return found == query.end() ? std::string{} : found->second;
}

void search_on(http_server_actor::pointer self, const volume_source& registry,
               const std::shared_ptr<volume_search>& search,
               const responder& respond) {
  ask(self, registry, describe_volumes{{}, search->after(), page_bytes})
    .then(
      [=](volume_page& page) {
        if (search->take(std::move(page)))
          return search_on(self, registry, search, respond);
        respond(json(render_volumes(
          search->found(),
          search->is_cut() ? to_string(search->after()) : std::string{})));
      },
      [respond](caf::error& why) {
        respond(refusal(500, from_caf(why).message));
      });
}

void answer_volumes(http_server_actor::pointer self,
                    const volume_source& registry, const http_query& query,
                    const responder& respond) {
  const auto after = parse_volume_cursor(value_of(query, "after"));
  if (!after)
    return respond(refusal(400, "after is no next of another answer"));
  const volume_search::filter wanted{value_of(query, "search"),
                                     !value_of(query, "stale").empty()};
  search_on(
    self, registry,
    std::make_shared<volume_search>(wanted, *after, volume_search::limits{}),
    respond);
}

// Without their owners where those cannot be told.
void add_owners_then(http_server_actor::pointer self,
                     const owners_actor& owners,
                     const std::shared_ptr<list_sandboxes_reply>& to,
                     const std::function<void()>& then) {
  if (!owners)
    return then();
  describe_owners asked;
  for (const auto& each : to->sandboxes)
    asked.sandboxes.push_back(each.sandbox_id);
  ask(self, owners, std::move(asked))
    .then(
      [to, then](const owners_described& got) {
        for (auto& each : to->sandboxes)
          if (const auto known = got.owners.find(each.sandbox_id);
              known != got.owners.end())
            each.owner = known->second;
        then();
      },
      [then](const caf::error&) {
        then();
      });
}

void answer_sandboxes(http_server_actor::pointer self,
                      const status_sources& sources, const http_query& query,
                      const responder& respond) {
  ask(self, sources.node,
      list_sandboxes_request{value_of(query, "sandbox"),
                             value_of(query, "after")})
    .then(
      [self, owners = sources.owners, respond](list_sandboxes_reply& got) {
        const auto shown
          = std::make_shared<list_sandboxes_reply>(std::move(got));
        add_owners_then(self, owners, shown, [shown, respond] {
          respond(json(render_sandboxes(*shown, most_sandboxes)));
        });
      },
      [respond](caf::error& why) {
        respond(refusal(500, from_caf(why).message));
      });
}

// Of all that are kept those of one sandbox, or volume, or both; or any.
void answer_events(http_server_actor::pointer self, const event_source& events,
                   const http_query& query, const responder& respond) {
  if (!events)
    return respond(refusal(404, "no events are kept"));
  ask(self, events,
      latest_events{{value_of(query, "sandbox"), value_of(query, "volume")},
                    most_events})
    .then(
      [respond](const events_told& got) {
        respond(json(render_events(got.events)));
      },
      [respond](caf::error& why) {
        respond(refusal(500, from_caf(why).message));
      });
}

} // namespace

bool is_status_path(std::string_view path) {
  return path == "/" || path.starts_with("/status/");
}

void answer_status(http_server_actor::pointer self,
                   const status_sources& sources,
                   const received_request& request, const responder& respond) {
  if (!sources.registry)
    return respond(refusal(
      404, "there is a status page where http.status_page is set to true"));
  if (!is_no_site(request.host))
    return respond(refusal(
      403, "the status page is shown at an address in numbers, or localhost"));
  if (request.path == "/")
    return respond({200, "text/html; charset=utf-8", std::string{status_page}});
  const auto query = parse_http_query(request.query);
  if (!query)
    return respond(refusal(400, "the query is malformed"));
  if (request.path == "/status/volumes")
    return answer_volumes(self, sources.registry, *query, respond);
  if (request.path == "/status/sandboxes")
    return answer_sandboxes(self, sources, *query, respond);
  if (request.path == "/status/events")
    return answer_events(self, sources.events, *query, respond);
  respond(refusal(404, "there are /, /status/volumes, /status/sandboxes and "
                       "/status/events"));
}

} // namespace fsshare
