// SPDX-License-Identifier: Apache-2.0
#include "ctl/doctor_command.hpp"
#include "ctl/program.hpp"
#include "ctl/table.hpp"
#include "proto/fsshare.pb.h"
#include "tests/unit/ctl_run.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("ctl/program");

namespace {

printed answered(std::vector<std::string> args,
                 const google::protobuf::Message& reply) {
  return run(std::move(args), [&](auto&&...) {
    return ctl::call_outcome{reply.SerializeAsString()};
  });
}

printed failed(errc code, ctl::call_end end = ctl::call_end::answered) {
  return run({"version"}, [&](auto&&...) {
    return ctl::call_outcome{error{code, "why\x1b[31m\nso"}, end};
  });
}

v1::ListVolumesReply some_volumes() {
  v1::ListVolumesReply reply;
  auto* volume = reply.add_volumes();
  volume->set_path("/pods/u/cm");
  volume->set_host_generation("..2");
  volume->set_watched(true);
  auto* good = volume->add_destinations();
  good->set_sandbox_id("sb");
  good->set_container_id("c1");
  good->set_guest_generation("..2");
  good->set_current(true);
  good->set_lag_ns(1'250'000);
  auto* stale = volume->add_destinations();
  stale->set_sandbox_id("sb");
  stale->set_container_id("c2");
  stale->set_guest_generation("..1");
  stale->set_stale_ns(90'000'000'000);
  stale->set_reason("guest is gone");
  stale->add_not_removable("/g/..0");
  auto* alone = reply.add_volumes();
  alone->set_path("/pods/u/secret");
  alone->set_reason("no watch left");
  return reply;
}

} // namespace

TEST_CASE("the call is what the command line says") {
  const auto got
    = run({"--endpoint", "/s", "--timeout", "7s", "sandbox", "cleanup", "sb"},
          [](const std::string& endpoint, const std::string& method,
             const std::string& payload, std::chrono::nanoseconds timeout) {
            CHECK(endpoint == "/s");
            CHECK(method == "Cleanup");
            CHECK(timeout == 7s);
            v1::CleanupRequest request;
            CHECK(request.ParseFromString(payload));
            CHECK(request.sandbox_id() == "sb");
            return ctl::call_outcome{std::string{}};
          });
  CHECK(got.code == 0);
  CHECK(got.out.empty());
  CHECK(got.err.empty());
}

TEST_CASE("exit codes tell who is to blame") {
  CHECK(failed(errc::not_found).code == 1);
  CHECK(failed(errc::unavailable).code == 1);
  CHECK(failed(errc::unavailable, ctl::call_end::unreachable).code == 69);
  CHECK(failed(errc::deadline_exceeded, ctl::call_end::timed_out).code == 75);
  // Of a source or a guest, as the node agent says.
  CHECK(failed(errc::deadline_exceeded).code == 1);
  CHECK(run({"nonsense"}, {}).code == 64);
  CHECK(run({"--help"}, {}).code == 0);
}

TEST_CASE("a failure is its code and sentence, harmless to a terminal") {
  const auto got = failed(errc::not_found);
  CHECK(got.out.empty());
  CHECK(got.err == "fssharectl: NOT_FOUND: why?[31m?so\n");
}

TEST_CASE("a share that is being made shows progress where something is "
          "copied") {
  v1::GetSandboxReply reply;
  auto* bind = reply.add_shares();
  bind->set_share_id("a-bind");
  auto* copy = reply.add_shares();
  copy->set_share_id("a-copy");
  copy->mutable_progress()->set_entries_total(4);
  copy->mutable_progress()->set_entries_done(1);
  const auto shown = answered({"share", "ls", "sb"}, reply).out;
  CHECK_MESSAGE(shown.find("0/0") == std::string::npos, shown);
  CHECK_MESSAGE(shown.find("in progress") != std::string::npos, shown);
  CHECK_MESSAGE(shown.find("copying 1/4") != std::string::npos, shown);
}

TEST_CASE("sealed secrets are told beside what else is to know of a copy") {
  v1::ListVolumesReply reply;
  auto* at = reply.add_volumes()->add_destinations();
  at->set_current(true);
  at->add_kept_generations("..1");
  const auto shown = answered({"volume", "ls"}, reply).out;
  CHECK_MESSAGE(shown.find("1 kept for sealed secrets") != std::string::npos,
                shown);
}

TEST_CASE("an answer that is none is a failure") {
  const auto got = run({"version"}, [](auto&&...) {
    return ctl::call_outcome{std::string{"\xff\xff"}};
  });
  CHECK(got.code == 1);
  CHECK(got.err.find("INTERNAL: the answer to Version") != std::string::npos);
}

TEST_CASE("JSON has proto field names and default values") {
  auto reply = some_volumes();
  const auto got = answered({"volume", "ls", "-o", "json"}, reply);
  REQUIRE(got.code == 0);
  const auto json = nlohmann::json::parse(got.out);
  const auto& volume = json.at("volumes").at(0);
  CHECK(volume.at("host_generation") == "..2");
  CHECK(volume.at("watched") == true);
  // 64-bit numbers are strings in protobuf's JSON mapping.
  CHECK(volume.at("snapshots") == "0");
  CHECK(volume.at("destinations").at(0).at("lag_ns") == "1250000");
  CHECK(volume.at("destinations").at(0).at("reason") == "");
  const auto empty
    = answered({"sandbox", "ls", "-o", "json"}, v1::ListSandboxesReply{});
  CHECK(nlohmann::json::parse(empty.out).at("sandboxes").empty());
}

TEST_CASE("volumes are a table with a row for each guest copy") {
  const auto got = answered({"volume", "ls"}, some_volumes());
  CHECK(got.out
        == "VOLUME          SANDBOX  CONTAINER  STATE        LAG    TROUBLE\n"
           "/pods/u/cm      sb       c1         current      1.2ms  -\n"
           "/pods/u/cm      sb       c2         stale        -      "
           "guest is gone; 1 not removable by this guest agent\n"
           "/pods/u/secret  -        -          not watched  -      "
           "no watch left\n");
}

TEST_CASE("on request the table of volumes has all columns") {
  const auto first_line = [](const std::string& text) {
    return text.substr(0, text.find('\n'));
  };
  const auto got = answered({"volume", "ls", "-o", "wide"}, some_volumes()).out;
  CHECK(first_line(got).ends_with(
    "  HOST GENERATION  GUEST GENERATION  STALE FOR  PUSHES  FAILURES"));
  CHECK(got.find("..2              ..1               1.5m       0       0\n")
        != std::string::npos);
  CHECK(got.find("no watch left") != std::string::npos);
  CHECK(answered({"version", "-o", "wide"}, v1::VersionReply{}).out
        == answered({"version"}, v1::VersionReply{}).out);
}

TEST_CASE("sandboxes are a table") {
  v1::ListSandboxesReply reply;
  auto* sandbox = reply.add_sandboxes();
  sandbox->set_sandbox_id("sb");
  sandbox->set_mode(v1::SHARING_MODE_COPY);
  sandbox->set_guest_address("unix:///g");
  sandbox->set_shares(12);
  CHECK(answered({"sandbox", "ls"}, reply).out
        == "SANDBOX  MODE  CONTAINERS  SHARES  WATCHER  GUEST      CONNECTED  "
           "OWNER  NOT REMOVED\n"
           "sb       copy  0           12      stopped  unix:///g  no         "
           "-      0\n");
}

TEST_CASE("the owner of a sandbox is shown in a cell, and in a sentence") {
  const auto shown = [](const v1::Owner& owner) {
    v1::ListSandboxesReply list;
    v1::GetSandboxReply one;
    list.add_sandboxes()->set_sandbox_id("sb");
    *list.mutable_sandboxes(0)->mutable_owner() = owner;
    *one.mutable_sandbox() = list.sandboxes(0);
    const auto sentence = answered({"sandbox", "inspect", "sb"}, one).out;
    const auto at = sentence.find("owner: ");
    REQUIRE(at != std::string::npos);
    const auto end = sentence.find('\n', at);
    const auto begin = sentence.find_first_not_of(' ', at + 6);
    return std::pair{answered({"sandbox", "ls"}, list).out,
                     sentence.substr(begin, end - begin)};
  };
  const auto check = [&](const v1::Owner& owner, const std::string& cell,
                         const std::string& sentence) {
    const auto [table, line] = shown(owner);
    CHECK_MESSAGE(table.find("  " + cell + "  ") != std::string::npos, table);
    CHECK(line == sentence);
  };
  constexpr std::int64_t minute = 60'000'000'000;
  v1::Owner owner;
  check(owner, "unknown", "unknown");
  owner.set_reason("why");
  check(owner, "unknown", "unknown: why");
  owner.set_state(v1::OWNER_STATE_NOBODY);
  check(owner, "nobody", "nobody: it lives until cleanup");
  owner.set_state(v1::OWNER_STATE_ALIVE);
  owner.set_pid(47);
  check(owner, "47", "process 47");
  owner.set_state(v1::OWNER_STATE_GONE);
  owner.set_gone_ns(5 * minute);
  owner.clear_reason();
  check(owner, "47 gone 5m", "process 47, gone for 5m; the sandbox is kept");
  owner.set_will_end(true);
  owner.set_ends_in_ns(2 * minute);
  check(owner, "47 gone 5m",
        "process 47, gone for 5m; the sandbox is ended in 2m");
  owner.set_reason("in use");
  check(owner, "47 gone 5m",
        "process 47, gone for 5m; the sandbox is ended in 2m; it was not yet: "
        "in use");
}

TEST_CASE("one sandbox is shown with its shares and volumes") {
  v1::GetSandboxReply reply;
  reply.mutable_sandbox()->set_sandbox_id("sb");
  reply.mutable_sandbox()->set_mode(v1::SHARING_MODE_COPY);
  reply.mutable_sandbox()->set_held_bytes(8192);
  reply.mutable_sandbox()->set_held_limit_bytes(65536);
  auto* pending = reply.mutable_sandbox()->add_pending();
  pending->set_path("/g/old");
  pending->set_reason("refused");
  auto* hung = reply.mutable_sandbox()->add_hung_reads();
  hung->set_path("open /mnt/gone");
  hung->set_reason("no answer for 12s");
  auto* share = reply.add_shares();
  share->set_share_id("s1");
  share->mutable_mount()->set_source("/a");
  share->mutable_progress()->set_done_bytes(1);
  share->mutable_progress()->set_total_bytes(4);
  *reply.mutable_volumes() = some_volumes().volumes();
  const auto all = answered({"sandbox", "inspect", "sb"}, reply).out;
  for (const char* part :
       {"sandbox:       sb\n", "copying 25%", "..2", "NOT YET REMOVED",
        "/g/old", "DO NOT ANSWER", "open /mnt/gone", "no answer for 12s",
        "guest memory:  8192 bytes of at most 65536\n"})
    CHECK_MESSAGE(all.find(part) != std::string::npos, all);
  const auto shares = answered({"share", "ls", "sb"}, reply).out;
  CHECK(shares.find("copying 25%") != std::string::npos);
  CHECK(shares.find("..2") == std::string::npos);
}

TEST_CASE("all shares, volumes and sandboxes are asked for, page by page") {
  std::vector<std::string> asked;
  const auto add_volume
    = [](auto& reply, const char* path, int first, int last) {
        auto* volume = reply.add_volumes();
        volume->set_path(path);
        volume->set_destinations_more(first == 1 ? 2 : 0);
        for (int n = first; n <= last; ++n)
          volume->add_destinations()->set_share_id(std::to_string(n));
      };
  const auto page_of
    = [&](const std::string& method, const std::string& payload) {
        if (method == "ListSandboxes") {
          v1::ListSandboxesRequest request;
          REQUIRE(request.ParseFromString(payload));
          asked.push_back(request.sandboxes_after());
          v1::ListSandboxesReply reply;
          const bool is_first = asked.back().empty();
          reply.add_sandboxes()->set_sandbox_id(is_first ? "a" : "b");
          reply.set_sandboxes_more(is_first ? 1 : 0);
          return reply.SerializeAsString();
        }
        if (method == "ListVolumes") {
          v1::ListVolumesRequest request;
          REQUIRE(request.ParseFromString(payload));
          asked.push_back(request.volumes_after());
          v1::ListVolumesReply reply;
          if (asked.back().empty()) {
            add_volume(reply, "/v", 1, 3);
            reply.set_volumes_next("3 v");
            reply.set_volumes_more(1);
          } else {
            add_volume(reply, "/v", 4, 5);
            add_volume(reply, "/w", 6, 6);
          }
          return reply.SerializeAsString();
        }
        v1::GetSandboxRequest request;
        REQUIRE(request.ParseFromString(payload));
        asked.push_back(request.pending_after() + "," + request.shares_after()
                        + "," + request.volumes_after());
        v1::GetSandboxReply reply;
        reply.mutable_sandbox()->set_sandbox_id("sb");
        if (asked.back() == ",,") {
          reply.mutable_sandbox()->add_pending()->set_path("/g/1");
          reply.mutable_sandbox()->set_pending_more(1);
          reply.add_shares()->set_share_id("s1");
          reply.set_shares_more(2);
          reply.set_shares_next("s1");
          add_volume(reply, "/v", 1, 3);
          reply.set_volumes_next("3 v");
        } else if (!request.pending_after().empty()) {
          reply.mutable_sandbox()->add_pending()->set_path("/g/2");
        } else if (request.shares_after() == "s1") {
          reply.add_shares()->set_share_id("s2");
          reply.set_shares_more(1);
          reply.set_shares_next("s2");
        } else if (request.shares_after() == "s2") {
          reply.add_shares()->set_share_id("s3");
        } else {
          add_volume(reply, "/v", 4, 5);
        }
        return reply.SerializeAsString();
      };
  const auto shown = [&](std::vector<std::string> words) {
    asked.clear();
    words.insert(words.begin(), {"-o", "json"});
    const auto got
      = run(std::move(words), [&](const auto&, const auto& method,
                                  const std::string& payload, auto) {
          return ctl::call_outcome{page_of(std::string{method}, payload)};
        });
    CHECK(got.code == 0);
    return nlohmann::json::parse(got.out);
  };
  using strings = std::vector<std::string>;
  CHECK(shown({"sandbox", "ls"}).at("sandboxes").size() == 2);
  CHECK(asked == strings{"", "a"});
  const auto volumes = shown({"volume", "ls"}).at("volumes");
  CHECK(asked == strings{"", "3 v"});
  REQUIRE(volumes.size() == 2);
  CHECK(volumes.at(0).at("destinations").size() == 5);
  const auto sandbox = shown({"sandbox", "inspect", "sb"});
  CHECK(asked == strings{",,", "/g/1,,", ",s1,", ",s2,", ",,3 v"});
  CHECK(sandbox.at("shares").size() == 3);
  CHECK(sandbox.at("sandbox").at("pending").size() == 2);
  REQUIRE(sandbox.at("volumes").size() == 1);
  CHECK(sandbox.at("volumes").at(0).at("destinations").size() == 5);
}

TEST_CASE("all leftovers of a sandbox are asked for, page by page") {
  constexpr int many = 2500;
  constexpr int most = 1000;
  const auto name = [](int n) {
    return "/g/" + std::to_string(10000 + n);
  };
  std::vector<std::string> asked;
  const auto page_behind = [&](const v1::GetSandboxRequest& request) {
    asked.push_back(request.pending_after());
    v1::GetSandboxReply reply;
    reply.mutable_sandbox()->set_sandbox_id("sb");
    if (request.pending_after().empty())
      reply.add_shares()->set_share_id("s1");
    int n = 0;
    while (n < many && name(n) <= request.pending_after())
      ++n;
    for (int i = 0; i < most && n < many; ++i, ++n) {
      auto* one = reply.mutable_sandbox()->add_pending();
      one->set_path(name(n));
      one->set_reason("busy");
    }
    reply.mutable_sandbox()->set_pending_more(many - n);
    return reply;
  };
  const auto got
    = run({"-o", "json", "sandbox", "inspect", "sb"},
          [&](const auto&, const auto&, const std::string& payload, auto) {
            v1::GetSandboxRequest request;
            REQUIRE(request.ParseFromString(payload));
            CHECK(request.sandbox_id() == "sb");
            return ctl::call_outcome{page_behind(request).SerializeAsString()};
          });
  CHECK(got.code == 0);
  CHECK(asked == std::vector<std::string>{"", name(999), name(1999)});
  const auto shown = nlohmann::json::parse(got.out);
  CHECK(shown.at("shares").size() == 1);
  const auto& sandbox = shown.at("sandbox");
  CHECK(sandbox.at("pending_more") == "0");
  REQUIRE(sandbox.at("pending").size() == many);
  for (int n = 0; n < many; ++n)
    CHECK(sandbox.at("pending")[static_cast<std::size_t>(n)].at("path")
          == name(n));
}

TEST_CASE("a node agent that knows no pages is asked for one more at most, and "
          "what is not shown is counted") {
  v1::GetSandboxReply reply;
  reply.mutable_sandbox()->add_pending()->set_path("/g/a");
  reply.mutable_sandbox()->add_pending()->set_path("/g/b");
  reply.mutable_sandbox()->set_pending_more(7);
  int calls = 0;
  const auto got = run({"sandbox", "inspect", "sb"}, [&](auto&&...) {
    if (++calls > 5)
      return ctl::call_outcome{error{errc::internal, "asked too often"}};
    return ctl::call_outcome{reply.SerializeAsString()};
  });
  CHECK(got.code == 0);
  CHECK(calls == 2);
  CHECK(got.out.find("and 7 more paths") != std::string::npos);
  CHECK(got.out.find("/g/b") == got.out.rfind("/g/b"));
}

TEST_CASE("a share that is ignored is listed with its reason, one that is "
          "audited with its category") {
  v1::GetSandboxReply reply;
  auto* ignored = reply.add_shares();
  ignored->set_share_id("s1");
  ignored->set_ignored(true);
  ignored->set_reason("/a: is a FIFO");
  auto* audited = reply.add_shares();
  audited->set_share_id("s2");
  audited->set_ready(true);
  audited->set_category("secret");
  audited->set_would_be_denied(true);
  auto* lost = reply.add_shares();
  lost->set_share_id("s3");
  lost->set_reason("the guest came back without it");
  const auto shares = answered({"share", "ls", "sb"}, reply).out;
  for (const char* part :
       {"ignored: /a: is a FIFO", "ready", "secret (would be denied)",
        "not known to be there: the guest came back without it"})
    CHECK_MESSAGE(shares.find(part) != std::string::npos, shares);
}

TEST_CASE("a share is shown with what was left out, or why it was ignored") {
  v1::ShareFileReply reply;
  reply.set_share_id("s1");
  reply.set_guest_path("/g/s1");
  auto* skipped = reply.add_skipped();
  skipped->set_path("dev/\nnull");
  skipped->set_reason("is a device");
  const auto got = answered({"share", "add", "sb", "c", "/a", "/b"}, reply);
  CHECK(got.out
        == "share id:   s1\n"
           "host path:  -\n"
           "guest path: /g/s1\n"
           "generation: -\n"
           "SKIPPED    REASON\n"
           "dev/?null  is a device\n");
  reply.set_ignored(true);
  reply.set_reason("is a socket");
  CHECK(answered({"share", "add", "sb", "c", "/a", "/b"}, reply).out
        == "ignored: is a socket\n");
}

TEST_CASE("text for terminals has no control characters") {
  CHECK(ctl::for_terminal("a\tb\x7f\x1b[0m") == "a?b??[0m");
  CHECK(ctl::for_terminal("\xc2\x9bx") == "?x");
  CHECK(ctl::for_terminal("\xc3\xa4\xe2\x82\xac") == "\xc3\xa4\xe2\x82\xac");
}

TEST_CASE("columns are counted in characters") {
  ctl::table aut{{"A", "B"}};
  aut.add({"\xc3\xa4", "x"});
  aut.add({"longer", "y"});
  CHECK(aut.text() == "A       B\n\xc3\xa4       x\nlonger  y\n");
}

TEST_CASE("durations are short") {
  CHECK(ctl::short_duration(0ns) == "0s");
  CHECK(ctl::short_duration(999ns) == "999ns");
  CHECK(ctl::short_duration(1500ns) == "1.5us");
  CHECK(ctl::short_duration(12'340us) == "12.3ms");
  CHECK(ctl::short_duration(40s) == "40s");
  CHECK(ctl::short_duration(90s) == "1.5m");
  CHECK(ctl::short_duration(2h) == "2h");
}

TEST_CASE("doctor says how the node agent answered, asks it at the socket that "
          "is named, and does not go on asking one that is silent") {
  struct how {
    ctl::call_outcome outcome;
    const char* level;
    int calls;
  };
  for (const auto& each :
       {how{{error{errc::unavailable, "nobody"}, ctl::call_end::unreachable},
            "warn",
            1},
        how{{error{errc::permission_denied, "no"}, ctl::call_end::unreachable},
            "fail",
            1},
        how{{error{errc::deadline_exceeded, "late"}, ctl::call_end::timed_out},
            "fail",
            1},
        how{{std::string{}}, "ok", 3}}) {
    int calls = 0;
    const auto call = [&](const std::string& endpoint, auto&&...) {
      CHECK(endpoint == "/named");
      ++calls;
      return each.outcome;
    };
    const auto look = [](const node_config&, const doctor_subject& subject) {
      CHECK(subject.socket == "/named");
      return host_facts{};
    };
    std::ostringstream out;
    std::ostringstream err;
    ctl::run({"doctor", "-o", "json", "--endpoint", "/named"}, "v",
             {call, look, {}, "", 0}, out, err);
    CHECK(calls == each.calls);
    CHECK(err.str().empty());
    const auto told = nlohmann::json::parse(out.str());
    for (const auto& found : told.at("findings"))
      if (found.at("check") == "node-agent")
        CHECK(found.at("level") == each.level);
  }
}

TEST_CASE("doctor's lines have the cure below what it is for, and no control "
          "characters") {
  const findings all{{finding_level::ok, "a", "well", {}},
                     {finding_level::fail, "longer", "b\x1b[31m", "c\nd"}};
  CHECK(ctl::to_text(all)
        == "ok    a       well\n"
           "fail  longer  b?[31m\n"
           "              cure: c?d\n"
           "1 ok, 0 warn, 1 fail\n");
}

namespace {

/// Runs gc; what it does by itself is answered with one orphan.
printed run_gc(const std::vector<std::string>& args, const ctl::caller& call,
               const result<collect_orphans_reply>& local, int& collected) {
  std::ostringstream out;
  std::ostringstream err;
  const auto collect
    = [&](const node_config&, const collect_orphans_request& request) {
        ++collected;
        CHECK(request.remove == (args.back() == "--yes"));
        return local;
      };
  printed got;
  got.code = ctl::run(args, "v", {call, {}, collect, "v", 0}, out, err);
  got.out = out.str();
  got.err = err.str();
  return got;
}

} // namespace

TEST_CASE("gc asks the node agent page by page, and does it itself only where "
          "none listens") {
  std::vector<std::string> after;
  const auto paged = [&after](const std::string&, const char* method,
                              const std::string& payload, auto&&...) {
    CHECK(std::string{method} == "CollectOrphans");
    v1::CollectOrphansRequest request;
    REQUIRE(request.ParseFromString(payload));
    CHECK(request.remove());
    after.push_back(request.orphans_after());
    v1::CollectOrphansReply reply;
    auto* one = reply.add_orphans();
    one->set_sandbox_id(after.size() == 1 ? "a" : "b");
    one->set_removed(true);
    if (after.size() == 1)
      reply.add_foreign()->set_path("/s/shim");
    reply.set_orphans_more(after.size() == 1 ? 1 : 0);
    return ctl::call_outcome{reply.SerializeAsString()};
  };
  int collected = 0;
  const collect_orphans_reply none;
  auto got = run_gc({"gc", "--yes"}, paged, none, collected);
  CHECK(after == std::vector<std::string>{"", "a"});
  CHECK(collected == 0);
  CHECK(got.code == 0);
  CHECK(got.out
        == "SANDBOX  STATE\n"
           "a        removed\n"
           "b        removed\n"
           "NOT OURS  REASON\n"
           "/s/shim   -\n");
  const auto ends = [](errc code, ctl::call_end end) {
    return [code, end](auto&&...) {
      return ctl::call_outcome{error{code, "why"}, end};
    };
  };
  got = run_gc({"gc", "--yes"},
               ends(errc::unavailable, ctl::call_end::unreachable), none,
               collected);
  CHECK(collected == 1);
  CHECK(got.out == "no orphans\n");
  for (const auto& [end, code] :
       {std::pair{ends(errc::deadline_exceeded, ctl::call_end::timed_out), 75},
        std::pair{ends(errc::permission_denied, ctl::call_end::unreachable),
                  69},
        std::pair{ends(errc::unimplemented, ctl::call_end::answered), 1}}) {
    CHECK(run_gc({"gc", "--yes"}, end, none, collected).code == code);
    CHECK(collected == 1);
  }
}

TEST_CASE("gc tells what stays by its exit code, and needs to be told what to "
          "do") {
  const ctl::caller nobody = [](auto&&...) {
    return ctl::call_outcome{error{errc::unavailable, "nobody"},
                             ctl::call_end::unreachable};
  };
  int collected = 0;
  collect_orphans_reply found;
  found.orphans = {{"a", false, {}, {}}};
  auto got = run_gc({"gc", "--dry-run"}, nobody, found, collected);
  CHECK(got.code == 0);
  CHECK(got.out == "SANDBOX  STATE\na        orphan\n");
  found.orphans[0].reason = "process 7 (x) has it open";
  found.orphans[0].foreign = {{"/s/a/b", "a link"}};
  got = run_gc({"gc", "-o", "json", "--yes"}, nobody, found, collected);
  CHECK(got.code == 1);
  const auto json = nlohmann::json::parse(got.out);
  CHECK(json.at("orphans").at(0).at("reason") == found.orphans[0].reason);
  CHECK(json.at("orphans").at(0).at("foreign").at(0).at("path") == "/s/a/b");
  got = run_gc({"gc", "--yes"}, nobody,
               error{errc::already_exists, "in use by process 7"}, collected);
  CHECK(got.code == 1);
  CHECK(got.err == "fssharectl: ALREADY_EXISTS: in use by process 7\n");
  const auto before = collected;
  CHECK(run_gc({"gc"}, nobody, found, collected).code == 64);
  CHECK(run_gc({"gc", "--dry-run", "--yes"}, nobody, found, collected).code
        == 64);
  CHECK(
    run_gc({"gc", "--config", "/not/there", "--yes"}, nobody, found, collected)
      .code
    == 78);
  CHECK(collected == before);
}

TEST_SUITE_END();
