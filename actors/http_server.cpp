// SPDX-License-Identifier: Apache-2.0
#include "actors/http_server.hpp"

#include "core/pacing.hpp"
#include "metrics/metrics_text.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

namespace {

bytes as_bytes_to_send(const std::string& text) {
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

bool is_verbose(const received_request& request) {
  return request.query == "verbose" || request.query.starts_with("verbose=")
         || request.query.starts_with("verbose&");
}

/// Words checks as Kubernetes does.
/// @param of `livez` or `readyz`.
http_response worded(const std::vector<ready_report::check>& checks,
                     const std::string& of, bool in_full) {
  http_response out;
  std::string lines;
  for (const auto& each : checks) {
    const bool is_well = each.failure.empty();
    lines.append(is_well ? "[+]" : "[-]")
      .append(each.name)
      .append(is_well ? " ok\n" : " failed: " + each.failure + "\n");
    if (!is_well)
      out.status = 503;
  }
  if (out.status != 200)
    out.body = lines + of + " check failed\n";
  else
    out.body = in_full ? lines + of + " check passed\n" : "ok";
  return out;
}

http_response failed(const std::string& why) {
  http_response out;
  out.status = 500;
  out.body = why + "\n";
  return out;
}

} // namespace

bytes http_farewell() {
  http_response out;
  out.status = 503;
  out.body = "the node agent has no descriptor left for a connection\n";
  return as_bytes_to_send(to_text(out, false));
}

http_server_state::http_server_state(handle::pointer self,
                                     metrics_actor metrics,
                                     status_sources shown)
  : self_(self), metrics_(std::move(metrics)), status_(std::move(shown)) {
}

http_server_state::~http_server_state() {
  for (auto& [connection, each] : clients_)
    each.stream->close();
}

http_server_state::handle::behavior_type http_server_state::make_behavior() {
  return {
    [this](const http_connected& msg) {
      add(msg);
    },
    [this](const http_bytes& msg) {
      receive(msg);
    },
    [this](const http_closed& msg) {
      drop(msg.connection);
    },
    [this](http_tick) {
      is_armed_ = false;
      tick();
      arm();
    },
  };
}

void http_server_state::add(const http_connected& msg) {
  const auto id = msg.connection;
  clients_[id].stream = msg.stream;
  if (const auto gone = ledger_.add(id, self_->clock().now())) {
    drop(*gone);
    if (*gone == id)
      return;
  }
  const auto me = handle{self_};
  msg.stream->start({[me, id](received_bytes data) {
                       tell(me, http_bytes{id, std::move(data)});
                     },
                     [me, id](const error&) {
                       tell(me, http_closed{id});
                     }});
  arm();
}

void http_server_state::receive(const http_bytes& msg) {
  const auto found = clients_.find(msg.connection);
  if (found == clients_.end() || found->second.has_asked)
    return;
  const auto outcome = found->second.reader.receive(as_text(msg.arrived.data));
  if (!outcome)
    return;
  found->second.has_asked = true;
  ledger_.asked(msg.connection);
  if (const auto* refusal = std::get_if<http_refusal>(&*outcome)) {
    http_response out;
    out.status = refusal->status;
    out.body = refusal->reason + "\n";
    respond(msg.connection, out, false);
    return;
  }
  answer(msg.connection, std::get<received_request>(*outcome));
}

void http_server_state::drop(std::uint64_t connection) {
  const auto found = clients_.find(connection);
  if (found == clients_.end())
    return;
  found->second.stream->close();
  clients_.erase(found);
  ledger_.remove(connection);
}

void http_server_state::answer(std::uint64_t connection,
                               const received_request& request) {
  if (request.path == "/metrics")
    return answer_scrape(connection, request.is_head);
  if (request.path == "/readyz")
    return answer_ready(connection, request);
  // The loop has handed the request on, and a worker has taken it: nothing else
  // is asked, so that no guest and no source makes this fail.
  if (request.path == "/livez")
    return respond(
      connection,
      worded({{"loop", {}}, {"workers", {}}}, "livez", is_verbose(request)),
      request.is_head);
  if (is_status_path(request.path))
    return answer_status(
      self_, status_, request,
      [this, connection, is_head = request.is_head](const http_response& got) {
        respond(connection, got, is_head);
      });
  http_response out;
  out.status = 404;
  out.body = "there are /metrics, /livez, /readyz and /\n";
  respond(connection, out, request.is_head);
}

void http_server_state::answer_scrape(std::uint64_t connection, bool is_head) {
  ask(self_, metrics_, scrape{})
    .then(
      [this, connection, is_head](const scraped& got) {
        respond(connection, {200, metrics_text_type, *got.text}, is_head);
      },
      [this, connection, is_head](caf::error& why) {
        respond(connection, failed(from_caf(why).message), is_head);
      });
}

void http_server_state::answer_ready(std::uint64_t connection,
                                     const received_request& request) {
  ask(self_, metrics_, check_ready{})
    .then(
      [this, connection, request](const ready_report& got) {
        respond(connection, worded(got.checks, "readyz", is_verbose(request)),
                request.is_head);
      },
      [this, connection, request](caf::error& why) {
        respond(connection, failed(from_caf(why).message), request.is_head);
      });
}

// Who has taken all of it at once is let go of at once; the kernel brings them
// what it has.
void http_server_state::respond(std::uint64_t connection,
                                const http_response& response, bool is_head) {
  const auto found = clients_.find(connection);
  if (found == clients_.end())
    return;
  auto& stream = *found->second.stream;
  stream.send(as_bytes_to_send(to_text(response, is_head)));
  if (stream.unsent() == 0)
    return drop(connection);
  ledger_.answered(connection, self_->clock().now());
  arm();
}

void http_server_state::tick() {
  for (const auto connection : ledger_.overdue(self_->clock().now()))
    drop(connection);
  std::vector<std::uint64_t> done;
  for (const auto& [connection, each] : clients_)
    if (ledger_.is_reading(connection) && each.stream->unsent() == 0)
      done.push_back(connection);
  for (const auto connection : done)
    drop(connection);
}

void http_server_state::arm() {
  if (is_armed_ || !ledger_.has_pending())
    return;
  is_armed_ = true;
  tell_later(self_, handle{self_}, pacing::http_look, http_tick{});
}

} // namespace fsshare
