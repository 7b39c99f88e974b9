// SPDX-License-Identifier: Apache-2.0
#include "ctl/top_command.hpp"

#include "ctl/command_set.hpp"
#include "ctl/conversation.hpp"
#include "ctl/render.hpp"
#include "ctl/table.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace fsshare::ctl {

namespace {

using namespace std::chrono_literals;

/// Clears a terminal and goes to its corner (ECMA-48).
constexpr const char* clear_screen = "\x1b[H\x1b[2J";

/// So much longer than asking takes is what comes between: to look costs the
/// node agent a twentieth of its time at most.
constexpr int least_rest = 20;

/// Of all copies of a sandbox, or of all that there are.
struct copy_sums {
  std::uint64_t copies = 0;
  std::uint64_t stale = 0;
  std::int64_t stale_ns = 0;
  std::int64_t lag_ns = 0;

  void add(const v1::DestinationStatus& at) {
    ++copies;
    stale += at.current() ? 0 : 1;
    stale_ns = std::max(stale_ns, at.stale_ns());
    lag_ns = std::max(lag_ns, at.lag_ns());
  }
};

using copy_row
  = std::pair<const v1::VolumeStatus*, const v1::DestinationStatus*>;

std::vector<copy_row> copies_of(const v1::ListVolumesReply& volumes) {
  std::vector<copy_row> out;
  for (const auto& volume : volumes.volumes())
    for (const auto& at : volume.destinations())
      out.emplace_back(&volume, &at);
  std::stable_sort(
    out.begin(), out.end(), [](const copy_row& a, const copy_row& b) {
      const auto rank = [](const v1::DestinationStatus& at) {
        return std::tuple{at.current(), -at.stale_ns(), -at.lag_ns()};
      };
      return rank(*a.second) < rank(*b.second);
    });
  return out;
}

std::string summary(const v1::ListSandboxesReply& sandboxes,
                    const copy_sums& all) {
  return "sandboxes: "
         + count(static_cast<std::uint64_t>(sandboxes.sandboxes_size())
                 + sandboxes.sandboxes_more())
         + ", copies of volumes: " + count(all.copies) + ", of them current: "
         + count(all.copies - all.stale) + ", not: " + count(all.stale)
         + (all.stale_ns > 0 ? ", for " + duration_cell(all.stale_ns) : "")
         + "\n";
}

std::string sandbox_table(const v1::ListSandboxesReply& sandboxes,
                          const std::map<std::string, copy_sums>& sums,
                          std::size_t most) {
  std::vector<std::pair<copy_sums, const v1::SandboxStatus*>> rows;
  for (const auto& each : sandboxes.sandboxes()) {
    const auto known = sums.find(each.sandbox_id());
    rows.emplace_back(known == sums.end() ? copy_sums{} : known->second, &each);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const copy_sums& of) {
      return std::tuple{of.stale, of.stale_ns, of.lag_ns};
    };
    return rank(a.first) > rank(b.first);
  });
  table out{{"SANDBOX", "GUEST", "SHARES", "COPIES", "NOT CURRENT", "STALE FOR",
             "LAG", "LABELS"}};
  const auto shown = std::min(most, rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [of, sandbox] = rows[i];
    out.add({sandbox->sandbox_id(),
             sandbox->guest_connected() ? "connected" : "",
             count(sandbox->shares()), count(of.copies), count(of.stale),
             duration_cell(of.stale_ns), duration_cell(of.lag_ns),
             label_words(sandbox->labels())});
  }
  return out.text()
         + more_of("sandboxes",
                   rows.size() - shown + sandboxes.sandboxes_more());
}

std::string copy_table(const std::vector<copy_row>& rows, std::size_t most) {
  table out{
    {"VOLUME", "SANDBOX", "CONTAINER", "STATE", "STALE FOR", "LAG", "TROUBLE"}};
  const auto shown = std::min(most, rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [volume, at] = rows[i];
    out.add({volume->path(), at->sandbox_id(),
             container_cell(at->container_id(), at->container_name()),
             state_of(*at), duration_cell(at->stale_ns()),
             duration_cell(at->lag_ns()), trouble_of(*at)});
  }
  return out.text() + more_of("copies", rows.size() - shown);
}

/// Returns text with lines of so many characters at most.
std::string cut(const std::string& text, std::size_t columns) {
  std::string out;
  std::size_t at = 0;
  for (const auto c : text) {
    // UTF-8 goes on with 10xxxxxx.
    const bool is_begin = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    if (c == '\n')
      at = 0;
    else if (is_begin)
      ++at;
    if (at <= columns)
      out += c;
  }
  return out;
}

template <class Reply, class Request>
call_outcome ask(const invocation& asked, const surroundings& with,
                 const char* method, const Request& request, Reply& into) {
  call_command<Request, Reply> call{method, request, nullptr, nullptr};
  auto outcome = converse(call, with.call, asked.endpoint, asked.timeout);
  if (outcome.reply)
    into = std::move(static_cast<Reply&>(call.reply()));
  return outcome;
}

call_outcome look(const invocation& asked, const surroundings& with,
                  node_look& into) {
  auto outcome = ask(asked, with, "ListSandboxes", v1::ListSandboxesRequest{},
                     into.sandboxes);
  if (!outcome.reply)
    return outcome;
  return ask(asked, with, "ListVolumes", v1::ListVolumesRequest{},
             into.volumes);
}

int print_once(const node_look& seen, output_format format, std::ostream& out,
               std::ostream& err) {
  if (format != output_format::json) {
    out << top_text(seen, std::nullopt);
    return done;
  }
  const auto sandboxes = to_json(seen.sandboxes);
  if (!sandboxes)
    return complain(err, sandboxes.err(), refused);
  const auto volumes = to_json(seen.volumes);
  if (!volumes)
    return complain(err, volumes.err(), refused);
  out << "{\"sandboxes\": " << *sandboxes << ",\n\"volumes\": " << *volumes
      << "}\n";
  return done;
}

} // namespace

std::string top_text(const node_look& seen,
                     const std::optional<terminal_size>& size) {
  copy_sums all;
  std::map<std::string, copy_sums> sums;
  const auto rows = copies_of(seen.volumes);
  for (const auto& [volume, at] : rows) {
    all.add(*at);
    sums[at->sandbox_id()].add(*at);
  }
  // A summary, two empty lines, two titles, what is left out of both, and where
  // the cursor is.
  constexpr std::size_t other_lines = 8;
  std::size_t for_sandboxes
    = sums.size() + rows.size()
      + static_cast<std::size_t>(seen.sandboxes.sandboxes_size());
  auto for_copies = for_sandboxes;
  if (size) {
    const auto room = size->rows > other_lines ? size->rows - other_lines : 2;
    for_sandboxes = std::min<std::size_t>(
      std::max<std::size_t>(room / 3, 1),
      static_cast<std::size_t>(seen.sandboxes.sandboxes_size()));
    for_copies = room - for_sandboxes;
  }
  const auto text = summary(seen.sandboxes, all) + "\n"
                    + sandbox_table(seen.sandboxes, sums, for_sandboxes) + "\n"
                    + copy_table(rows, for_copies);
  return size ? cut(text, size->columns) : text;
}

int run_top(const invocation& asked, const surroundings& with,
            std::ostream& out, std::ostream& err) {
  for (;;) {
    const auto begun = std::chrono::steady_clock::now();
    node_look seen;
    const auto outcome = look(asked, with, seen);
    if (!outcome.reply)
      return complain(err, outcome.reply.err(), exit_code_of(outcome));
    const auto size = with.terminal && asked.format != output_format::json
                        ? with.terminal()
                        : std::nullopt;
    if (!size)
      return print_once(seen, asked.format, out, err);
    out << clear_screen << top_text(seen, size);
    out.flush();
    const auto took = std::chrono::steady_clock::now() - begun;
    if (!out
        || !with.pause(
          std::max<std::chrono::nanoseconds>(1s, took * least_rest)))
      return done;
  }
}

void add_top_command(command_set to) {
  to.shows_top(to.add("top", "Show sandboxes and copies, each second anew"));
}

} // namespace fsshare::ctl
