// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <algorithm>
#include <filesystem>

#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 100;
/// What the guest's memory is counted in.
constexpr std::uint64_t page = 4096;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

share_file_request request_for(const std::string& source,
                               const std::string& destination) {
  share_file_request request;
  request.sandbox_id = "s1";
  request.container_id = "c1";
  request.mount = {source, destination, "bind", {}, false};
  return request;
}

get_sandbox_reply inspect(node_world& w) {
  auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
  REQUIRE(got);
  return *std::move(got);
}

std::string pages(std::size_t n) {
  std::string text;
  text.resize(n * page, 'x');
  return text;
}

bool is_empty(const node_world& w) {
  return std::filesystem::is_empty(w.dir / "guest-s1");
}

} // namespace

TEST_SUITE_BEGIN("actors/copy_policy");

TEST_CASE("a source that cannot be copied is listed as ignored, with its "
          "reason and without a guest path") {
  chooser choose{1};
  node_world w{choose};
  w.add_sandbox("s1");
  const auto pipe = w.dir / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const auto reply = w.ask<share_file_reply>(request_for(pipe, "/pipe"));
  REQUIRE(reply);
  REQUIRE(reply->ignored);
  const auto shown = inspect(w).shares.listed;
  REQUIRE(shown.size() == 1);
  CHECK(shown.front().ignored);
  CHECK(shown.front().reason == reply->reason);
  CHECK(contains(shown.front().reason, "is a FIFO"));
  CHECK_FALSE(shown.front().ready);
  CHECK(shown.front().guest_path.empty());
  CHECK_FALSE(shown.front().share_id.empty());
}

TEST_CASE("a tree beyond a limit is refused with the numbers, and nothing is "
          "sent") {
  for_each_seed(seeds, [](chooser& choose) {
    node_config config;
    config.copy.limits.entries = 5;
    config.copy.limits.file_bytes = 100;
    config.copy.limits.sandbox_bytes = 150;
    node_world w{choose, config};
    auto& guest = w.add_sandbox("s1");
    for (int n = 0; n < 5; ++n)
      w.dir.write("many/f" + std::to_string(n), "x");
    w.dir.write("long/f", std::string(101, 'x'));
    w.dir.write("sum/f", std::string(90, 'x'));
    w.dir.write("sum/g", std::string(90, 'x'));
    const auto refused = [&](const std::string& name) {
      const auto got
        = w.ask<share_file_reply>(request_for(w.dir / name, "/" + name));
      CHECK(code(got) == errc::resource_exhausted);
      return message(got);
    };
    CHECK(contains(refused("many"), "at least 6 entries, more than the limit "
                                    "of 5 (copy.limits.entries)"));
    CHECK(contains(refused("long"), "101 bytes, more than the limit of 100 "
                                    "for one file (copy.limits.file_bytes"));
    CHECK(contains(refused("sum"), "at least 180 bytes, more than the limit of "
                                   "150 (copy.limits.sandbox_bytes"));
    w.settle();
    CHECK(guest.carried_out.empty());
    CHECK(inspect(w).shares.listed.empty());
  });
}

TEST_CASE("a volume beyond a limit is refused, and one that grows beyond it "
          "stays stale with the old generation whole") {
  for_each_seed(seeds, [](chooser& choose) {
    node_config config;
    config.copy.limits.entries = 10;
    config.copy.limits.file_bytes = 50;
    config.copy.limits.volume_bytes = 60;
    node_world w{choose, config};
    auto& kubelet = w.add_volume("cm");
    const auto of_size = [](std::size_t n) {
      return payload{{"a", {std::string(n, 'a')}}, {"b", {"b"}}};
    };
    kubelet.rotate(of_size(51));
    auto& guest = w.add_sandbox("s1");
    const auto request = w.volume_request("s1", "c1", "cm");
    const auto refused = w.ask_over_time<share_file_reply>(request);
    CHECK(code(refused) == errc::resource_exhausted);
    CHECK(contains(message(refused), "51 bytes, more than the limit of 50"));
    CHECK(guest.carried_out.empty());

    kubelet.rotate(of_size(10));
    const auto shared = w.share("s1", "c1", "cm");
    w.check_equal("cm", "s1", shared.share_id);
    const auto whole = kubelet.current();
    const auto sent = guest.carried_out.size();
    kubelet.rotate(of_size(51));
    w.pass(5s);
    const auto stale = w.status_of("cm");
    CHECK(contains(stale.reason, "51 bytes, more than the limit of 50"));
    CHECK_FALSE(stale.destinations.at(0).current);
    CHECK(stale.destinations.at(0).stale_for > 0s);
    CHECK(stale.destinations.at(0).reason == stale.reason);
    CHECK(guest.carried_out.size() == sent);
    const auto data = w.guest_dir("s1", shared.share_id) + "/..data";
    CHECK(std::filesystem::read_symlink(data).string() == whole);
    CHECK(read_file(data + "/a") == std::string(10, 'a'));

    kubelet.rotate(of_size(20));
    w.pass(35s);
    w.check_equal("cm", "s1", shared.share_id);
    CHECK(w.status_of("cm").destinations.at(0).reason.empty());
  });
}

TEST_CASE("copies of a sandbox take no more of the guest's memory than they "
          "may, and give it back when they end") {
  for_each_seed(seeds, [](chooser& choose) {
    node_config config;
    config.copy.limits.sandbox_bytes = 5 * page;
    node_world w{choose, config};
    auto& guest = w.add_sandbox("s1");
    w.dir.write("three/f", pages(2) + "x");
    w.dir.write("two/f", pages(2));
    w.dir.write("one/f", "x");
    const auto share = [&w](const std::string& name) {
      return w.ask<share_file_reply>(request_for(w.dir / name, "/" + name));
    };
    const auto three = share("three");
    REQUIRE_MESSAGE(three, message(three));
    REQUIRE(share("two"));
    CHECK(inspect(w).sandbox.held_bytes == 5 * page);
    CHECK(inspect(w).sandbox.held_limit_bytes == 5 * page);
    const auto sent = guest.carried_out.size();
    const auto refused = share("one");
    CHECK(code(refused) == errc::resource_exhausted);
    CHECK(contains(message(refused), "it takes 4096 bytes of the guest's "
                                     "memory, the sandbox's copies have 20480 "
                                     "of at most 20480"));
    CHECK(guest.carried_out.size() == sent);
    unshare_file_request end;
    end.sandbox_id = "s1";
    end.share_id = three->share_id;
    REQUIRE(w.ask<unshare_file_reply>(end));
    CHECK(inspect(w).sandbox.held_bytes == 2 * page);
    CHECK(share("one"));
  });
}

TEST_CASE("what cannot be removed from the guest goes on counting") {
  chooser choose{1};
  node_config config;
  config.copy.limits.sandbox_bytes = page;
  node_world w{choose, config};
  auto& guest = w.add_sandbox("s1");
  w.dir.write("a/f", "x");
  const auto shared = w.ask<share_file_reply>(request_for(w.dir / "a", "/a"));
  REQUIRE(shared);
  guest.refuses = true;
  guest.drop();
  unshare_file_request end;
  end.sandbox_id = "s1";
  end.share_id = shared->share_id;
  const auto left = w.ask_over_time<unshare_file_reply>(end);
  w.pass(31s);
  CHECK(inspect(w).sandbox.held_bytes == page);
  guest.refuses = false;
  w.pass(62s);
  CHECK(inspect(w).sandbox.leftovers.listed.empty());
  CHECK(inspect(w).sandbox.held_bytes == 0);
}

TEST_CASE("a failed copy gives back its room, whether something of it was sent "
          "or not") {
  for_each_seed(seeds, [](chooser& choose) {
    node_config config;
    config.copy.limits.sandbox_bytes = 1 << 20;
    node_world w{choose, config};
    auto& guest = w.add_sandbox("s1");
    w.dir.write("a/f", pages(3));
    const bool is_away = choose.one_in(2);
    guest.refuses = is_away;
    w.fail_one_in = 1;
    auto pending = w.actors.request(w.node, request_for(w.dir / "a", "/a"));
    for (int n = 0; n < 4 && guest.carried_out.empty(); ++n)
      w.pass(100ms);
    w.fail_one_in = 0;
    std::optional<result<share_file_reply>> got;
    for (int n = 0; n < 700 && !got; ++n) {
      w.pass(100ms);
      got = w.actors.answer<share_file_reply>(pending);
    }
    REQUIRE(got);
    CHECK_FALSE((is_away && *got));
    guest.refuses = false;
    w.pass(62s);
    CHECK(inspect(w).sandbox.held_bytes == (*got ? 3 * page : 0));
    CHECK(is_empty(w) == !*got);
  });
}

TEST_CASE("a rotation needs room beside the old generation, and is made as "
          "soon as there is some") {
  for_each_seed(seeds, [](chooser& choose) {
    node_config config;
    config.copy.limits.sandbox_bytes = 4 * page;
    node_world w{choose, config};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate({{"a", {pages(1)}}});
    auto& guest = w.add_sandbox("s1");
    const auto shared = w.share("s1", "c1", "cm");
    w.dir.write("other/f", pages(1) + "x");
    const auto other
      = w.ask<share_file_reply>(request_for(w.dir / "other", "/other"));
    REQUIRE(other);
    CHECK(inspect(w).sandbox.held_bytes == 3 * page);
    const auto whole = kubelet.current();
    const auto sent = guest.carried_out.size();

    kubelet.rotate({{"a", {pages(2)}}});
    w.pass(10s);
    const auto stale = w.status_of("cm").destinations.at(0);
    CHECK_FALSE(stale.current);
    CHECK(contains(stale.reason, "it takes 8192 bytes of the guest's memory, "
                                 "the sandbox's copies have 12288 of at most "
                                 "16384"));
    CHECK(guest.carried_out.size() == sent);
    const auto data = w.guest_dir("s1", shared.share_id) + "/..data";
    CHECK(std::filesystem::read_symlink(data).string() == whole);

    unshare_file_request end;
    end.sandbox_id = "s1";
    end.share_id = other->share_id;
    REQUIRE(w.ask<unshare_file_reply>(end));
    w.settle();
    CHECK(w.status_of("cm").destinations.at(0).current);
    // Both generations, until the grace is over.
    CHECK(inspect(w).sandbox.held_bytes == 3 * page);
    w.pass(2100ms);
    CHECK(inspect(w).sandbox.held_bytes == 2 * page);
    w.check_equal("cm", "s1", shared.share_id);
  });
}

TEST_CASE("a category that is denied is refused before anything is sent, "
          "naming source, category and key") {
  for_each_seed(20, [](chooser& choose) {
    node_config config;
    config.copy.categories.configmap = copy_rule::deny;
    config.copy.categories.network_files = copy_rule::deny;
    config.copy.categories.other_directories = copy_rule::deny;
    node_world w{choose, config};
    w.add_volume("cm").rotate({{"a", {"text"}}});
    auto& guest = w.add_sandbox("s1");
    const auto file = w.dir.write("hosts", "text");
    const auto check_denied = [&](const share_file_request& request,
                                  const std::string& category) {
      const auto refused = w.ask<share_file_reply>(request);
      CHECK(code(refused) == errc::permission_denied);
      CHECK(message(refused)
            == "copy " + request.mount.source + ": its category is " + category
                 + ", and copy.categories." + category + " is deny");
    };
    check_denied(w.volume_request("s1", "c1", "cm"), "configmap");
    check_denied(request_for(w.volume_path("cm") + "/..data/a", "/a"),
                 "configmap");
    check_denied(request_for(file, "/etc/hosts"), "network-files");
    check_denied(request_for(w.dir.make_dir("data"), "/data"),
                 "other-directories");
    CHECK(guest.waiting() == 0);
    CHECK(guest.carried_out.empty());
    CHECK(is_empty(w));
    CHECK(inspect(w).shares.listed.empty());
    CHECK(w.ask<share_file_reply>(request_for(file, "/etc/motd")));
  });
}

TEST_CASE("an image volume has a category of its own, with all its parts") {
  const auto image = "state/image-volumes/" + std::string(64, 'a') + "/"
                     + std::string(64, '1');
  for (const auto rule : {copy_rule::allow, copy_rule::audit, copy_rule::empty,
                          copy_rule::deny}) {
    CAPTURE(to_string(rule));
    chooser choose{1};
    node_config config;
    config.copy.categories.image_volumes = rule;
    // That of others does not matter.
    config.copy.categories.other_directories
      = rule == copy_rule::deny ? copy_rule::allow : copy_rule::deny;
    node_world w{choose, config};
    w.add_sandbox("s1");
    w.dir.write(image + "/lib/model", "weights");
    for (const std::string part : {"", "/lib"}) {
      auto request = request_for(w.dir / (image + part), "/model" + part);
      request.mount.read_only = true;
      const auto reply = w.ask<share_file_reply>(request);
      if (rule == copy_rule::deny) {
        CHECK(code(reply) == errc::permission_denied);
        CHECK(message(reply).find("copy.categories.image-volumes is deny")
              != std::string::npos);
        continue;
      }
      REQUIRE_MESSAGE(reply, message(reply));
      const auto copy = w.guest_dir("s1", reply->share_id)
                        + (part.empty() ? "/lib/model" : "/model");
      CHECK(std::filesystem::exists(copy) == lets_pass(rule));
    }
    for (const auto& shown : inspect(w).shares.listed) {
      CHECK(shown.category == "image-volumes");
      CHECK(shown.would_be_denied == (rule == copy_rule::audit));
    }
    CHECK(inspect(w).shares.listed.size() == (rule == copy_rule::deny ? 0 : 2));
  }
}

TEST_CASE("a category that is emptied is an empty file or directory in the "
          "guest, also after rotations and a restart") {
  for_each_seed(20, [](chooser& choose) {
    node_config config;
    config.copy.categories.configmap = copy_rule::empty;
    config.copy.categories.network_files = copy_rule::empty;
    config.copy.categories.other_directories = copy_rule::empty;
    node_world w{choose, config, journaling::on};
    auto& volume = w.add_volume("cm");
    volume.rotate({{"a", {"text"}}});
    w.add_sandbox("s1");
    const auto hosts = w.dir.write("hosts", "text");
    w.dir.write("data/sub/file", "text");
    const std::vector<share_file_request> requests{
      w.volume_request("s1", "c1", "cm"), request_for(hosts, "/etc/hosts"),
      request_for(w.dir / "data", "/data"),
      // It joins none that somebody else may fill.
      w.volume_request("s1", "c2", "cm")};
    std::vector<share_file_reply> shared;
    for (const auto& request : requests) {
      const auto reply = w.ask_over_time<share_file_reply>(request);
      REQUIRE_MESSAGE(reply, message(reply));
      CHECK_FALSE(reply->ignored);
      CHECK(reply->generation.empty());
      CHECK(std::any_of(reply->notes.begin(), reply->notes.end(),
                        [](const std::string& note) {
                          return note.starts_with("it is empty in the guest");
                        }));
      shared.push_back(*reply);
    }
    const auto check_emptied = [&] {
      for (const auto& each : shared) {
        const auto copy = w.guest_dir("s1", each.share_id);
        CHECK(std::filesystem::exists(copy));
        CHECK(std::filesystem::is_empty(copy));
        CHECK(std::filesystem::is_directory(copy)
              == (each.share_id != shared[1].share_id));
      }
      CHECK(w.ask<list_volumes_reply>(list_volumes_request{})
              ->volumes.listed.empty());
    };
    check_emptied();
    volume.rotate({{"a", {"newer"}}});
    w.pass(1min);
    check_emptied();
    w.kill();
    w.start();
    w.pass(1min);
    check_emptied();
    CHECK(inspect(w).shares.listed.size() == shared.size());
    for (std::size_t i = 0; i < requests.size(); ++i)
      CHECK(w.ask_over_time<share_file_reply>(requests[i])->guest_path
            == shared[i].guest_path);
  });
}

TEST_CASE("a category that is audited is copied, and listed as what would be "
          "denied") {
  chooser choose{1};
  node_config config;
  config.copy.categories.other_files = copy_rule::audit;
  node_world w{choose, config};
  w.add_volume("cm").rotate({{"a", {"text"}}});
  w.add_sandbox("s1");
  const auto file
    = w.ask<share_file_reply>(request_for(w.dir.write("f", "text"), "/f"));
  REQUIRE(file);
  const auto volume = w.share("s1", "c1", "cm");
  CHECK(read_file(w.guest_dir("s1", file->share_id)) == "text");
  for (const auto& share : inspect(w).shares.listed) {
    const bool audited = share.share_id == file->share_id;
    CHECK(share.would_be_denied == audited);
    CHECK(share.category == (audited ? "other-files" : "configmap"));
  }
}

TEST_SUITE_END();
