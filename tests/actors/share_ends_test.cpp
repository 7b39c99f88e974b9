// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "guest/share_path.hpp"
#include "tests/support/guest_profiles.hpp"
#include "tests/support/node_world.hpp"
#include "tests/support/tree_text.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <fstream>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

// What is in a guest's shared directory.
struct guest_rest {
  std::size_t names = 0;
  std::uintmax_t bytes = 0;
  /// Of names that are no empty files directly in it.
  std::size_t others = 0;
};

guest_rest rest_of(const node_world& w) {
  guest_rest rest;
  const fs::path root = w.dir / "guest-s1";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    ++rest.names;
    const bool is_file = entry.is_regular_file() && !entry.is_symlink();
    const auto size = is_file ? entry.file_size() : 0;
    rest.bytes += size;
    if (!is_file || size > 0 || entry.path().parent_path() != root)
      ++rest.others;
  }
  return rest;
}

std::string rest_text(const node_world& w) {
  return describe_tree(w.dir / "guest-s1");
}

// A share of anything but a volume, under a name that matters to guest agents.
share_file_request request_of(node_world& w, std::size_t shape,
                              const std::string& container = "c1") {
  constexpr std::array names{"key.p12", "plain", "x.tmp", "link", "tree"};
  auto request = w.volume_request("s1", container, "cm");
  const std::string name = names.at(shape);
  const auto source = w.dir / ("of-" + container + "/" + name);
  std::error_code ignored;
  fs::create_directories(fs::path{source}.parent_path(), ignored);
  if (name == "link") {
    fs::remove(source, ignored);
    w.dir.write("of-" + container + "/elsewhere", "text");
    fs::create_symlink("elsewhere", source, ignored);
  } else if (name == "tree") {
    w.dir.write("of-" + container + "/tree/a.conf",
                std::string(2'500'000, 'c'));
    w.dir.write("of-" + container + "/tree/a.tmp", std::string(1'500'000, 't'));
    w.dir.write("of-" + container + "/tree/d/e", "text");
    fs::create_symlink("d/e", w.dir / ("of-" + container + "/tree/l"), ignored);
  } else {
    w.dir.write("of-" + container + "/" + name, std::string(2'500'000, 's'));
  }
  request.mount.source = source;
  request.mount.destination = "/etc/" + name;
  return request;
}

unshare_container_request end_of(const std::string& container) {
  unshare_container_request request;
  request.sandbox_id = "s1";
  request.container_id = container;
  return request;
}

std::uint64_t held_bytes(node_world& w) {
  const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
  REQUIRE(got);
  return got->sandbox.held_bytes;
}

// As genpolicy writes it: no link directly in the shared directory, none that
// is absolute.
bool is_denied(const grpc::CopyFileRequest& request) {
  const bool is_link = (request.file_mode() & 0170000U) == 0120000U;
  return is_link
         && (parent_path(request.path()) == guest::share_root
             || request.data().starts_with("/"));
}

// Passes time until a request is answered; returns how much.
template <class Got>
std::chrono::milliseconds time_of(node_world& w, const Got& got,
                                  std::chrono::milliseconds most) {
  auto passed = 0ms;
  w.settle();
  for (; !*got && passed < most; passed += 100ms)
    w.pass(100ms);
  return passed;
}

} // namespace

TEST_SUITE_BEGIN("actors/guest_proxy");

TEST_CASE("after any share that failed, was stopped or ended the guest's "
          "directory is as before, on every guest agent") {
  for_each_seed(150, [](chooser& choose) {
    const auto which = any_profile(choose);
    const auto shape = choose.pick(5);
    node_world w{choose};
    auto& guest = w.add_sandbox("s1", which);
    auto pending = w.actors.request(w.node, request_of(w, shape));
    switch (choose.pick(4)) {
    case 0: w.fail_one_in = 3; break;
    case 1: w.drop_one_in = 4; break;
    case 2:
      for (auto steps = choose.pick(60); steps > 0; --steps)
        w.step();
      break;
    default: w.settle();
    }
    for (auto steps = choose.pick(60); steps > 0; --steps)
      w.step();
    w.fail_one_in = 0;
    const auto ended
      = w.actors.call<unshare_container_reply>(w.node, end_of("c1"));
    for (auto steps = choose.pick(20); steps > 0; --steps)
      w.step();
    w.drop_one_in = 0;
    w.pass(150s);
    CHECK(w.actors.answer<share_file_reply>(pending));
    REQUIRE(*ended);
    const auto rest = rest_of(w);
    CHECK_MESSAGE(rest.bytes == 0, rest_text(w));
    CHECK(held_bytes(w) == 0);
    if (which != guest::profile::v3_3)
      CHECK_MESSAGE(rest.names == 0, rest_text(w));
    (void)guest;
  });
}

TEST_CASE(
  "after 200 rotations and the end of all shares the guest has "
  "nothing, or no byte of contents where nothing can be removed, and under "
  "a policy as genpolicy writes it empty files stay") {
  for (const bool has_policy : {false, true}) {
    for (const auto which : all_profiles) {
      chooser choose{1};
      node_world w{choose};
      auto& kubelet = w.add_volume("cm");
      kubelet.rotate({{"a", {"first"}}});
      auto& guest = w.add_sandbox("s1", which);
      if (has_policy)
        guest.denies = is_denied;
      w.share("s1", "c1", "cm");
      for (std::size_t shape = 0; shape < 5; ++shape) {
        const bool is_link = shape == 3;
        // No policy of that kind lets a link be a share.
        if (!(is_link && has_policy))
          REQUIRE(w.ask_over_time<share_file_reply>(
            request_of(w, shape, "c" + std::to_string(shape + 2))));
      }
      for (int n = 0; n < 200; ++n) {
        kubelet.rotate({{"a", {"text"}}, {"k" + std::to_string(n % 7), {"x"}}});
        w.pass(300ms);
      }
      for (int n = 1; n < 8; ++n)
        CHECK(w.ask_over_time<unshare_container_reply>(
          end_of("c" + std::to_string(n))));
      w.pass(130s);
      const auto rest = rest_of(w);
      CHECK_MESSAGE(rest.bytes == 0, rest_text(w));
      CHECK(held_bytes(w) == 0);
      if (which != guest::profile::v3_3)
        CHECK_MESSAGE((has_policy ? rest.others : rest.names) == 0,
                      rest_text(w));
    }
  }
}

TEST_CASE("the end of a share does not wait for a guest that is gone, and what "
          "is left is removed when it comes back") {
  for_each_seed(30, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate({{"a", {"text"}}});
    auto& guest = w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    REQUIRE(w.ask_over_time<share_file_reply>(request_of(w, 4)));
    guest.refuses = true;
    guest.drop();
    w.settle();
    const auto ended
      = w.actors.call<unshare_container_reply>(w.node, end_of("c1"));
    CHECK(time_of(w, ended, 5s) < 1s);
    REQUIRE(*ended);
    REQUIRE(**ended);
    CHECK((**ended)->leftovers.size() == 2);
    guest.refuses = false;
    w.pass(62s);
    CHECK(rest_of(w).names == 0);
  });
}

TEST_CASE(
  "the end of a share waits two seconds for a guest that is silent, and "
  "Cleanup not at all") {
  for_each_seed(30, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate({{"a", {"text"}}});
    w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    REQUIRE(w.ask_over_time<share_file_reply>(request_of(w, 4)));
    w.settle();
    w.hang("s1");
    const auto ended
      = w.actors.call<unshare_container_reply>(w.node, end_of("c1"));
    const auto took = time_of(w, ended, 10s);
    CHECK(took >= 1900ms);
    CHECK(took <= 2200ms);
    REQUIRE(*ended);
    REQUIRE(**ended);
    CHECK((**ended)->leftovers.size() == 2);
    const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(got);
    CHECK(got->sandbox.leftovers.listed.size() == 2);
    if (choose.one_in(2)) {
      cleanup_request request;
      request.sandbox_id = "s1";
      CHECK(w.ask<cleanup_reply>(request));
      return;
    }
    w.unhang("s1");
    w.pass(70s);
    CHECK(rest_of(w).names == 0);
  });
}

TEST_CASE("a request has its own time to reach the guest, whoever has waited "
          "before it") {
  chooser choose{1};
  node_world w{choose};
  auto& guest = w.add_sandbox("s1");
  guest.refuses = true;
  const auto first
    = w.actors.call<share_file_reply>(w.node, request_of(w, 1, "c1"));
  w.pass(28s);
  const auto second
    = w.actors.call<share_file_reply>(w.node, request_of(w, 1, "c2"));
  w.pass(4s);
  REQUIRE(*first);
  CHECK_FALSE(**first);
  CHECK_FALSE(*second);
  guest.refuses = false;
  w.pass(3s);
  REQUIRE(*second);
  CHECK(**second);
}

TEST_CASE("a request later than any silence changes no finished file, and what "
          "it makes anew is removed") {
  for_each_seed(120, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate(
      {{"blob", {std::string(2'500'000, 'b')}}, {"small", {"text"}}});
    const auto which = any_profile(choose);
    w.add_sandbox("s1", which);
    w.set_lateness("s1", 3500ms);
    w.drop_one_in = 10;
    const auto volume = w.actors.call<share_file_reply>(
      w.node, w.volume_request("s1", "c1", "cm"));
    const auto shape = choose.pick(3);
    const auto file
      = w.actors.call<share_file_reply>(w.node, request_of(w, shape, "c2"));
    // Some are held again and again, for five minutes at last, after what they
    // left in the guest.
    for (int n = 0; n < 12000 && !(*volume && *file); ++n)
      w.pass(100ms);
    w.drop_one_in = 0;
    REQUIRE(*volume);
    REQUIRE(*file);
    // Some are unlucky too often.
    w.pass(80s);
    std::size_t roots = 0;
    if (**volume) {
      ++roots;
      const auto data = w.guest_dir("s1", (**volume)->share_id) + "/..data/";
      CHECK(read_file(data + "blob") == std::string(2'500'000, 'b'));
      CHECK(read_file(data + "small") == "text");
      if (which != guest::profile::v3_3)
        w.check_equal("cm", "s1", (**volume)->share_id);
    }
    if (**file) {
      ++roots;
      const std::string name{base_name((**file)->guest_path)};
      CHECK(read_file(w.guest_dir("s1", name)) == std::string(2'500'000, 's'));
    }
    if (which != guest::profile::v3_3)
      CHECK_MESSAGE(static_cast<std::size_t>(std::distance(
                      fs::directory_iterator{w.dir / "guest-s1"}, {}))
                      == roots,
                    rest_text(w));
  });
}

TEST_CASE("a volume goes to another guest path where a large file beside its "
          "generations is in doubt") {
  int moved = 0;
  for_each_seed(60, [&moved](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate({{"small", {"text"}}});
    const auto request = w.volume_request("s1", "c1", "cm");
    const std::string large(2'500'000, 'b');
    std::ofstream{request.mount.source + "/beside"} << large;
    const auto which = any_profile(choose);
    w.add_sandbox("s1", which);
    w.set_lateness("s1", 3500ms);
    w.drop_one_in = 5;
    const auto made = w.actors.call<share_file_reply>(w.node, request);
    for (int n = 0; n < 50 && !*made; ++n)
      w.pass(100ms);
    w.drop_one_in = 0;
    for (int n = 0; n < 600 && !*made; ++n)
      w.pass(100ms);
    w.pass(80s);
    REQUIRE(*made);
    REQUIRE(**made);
    const std::string name{base_name((**made)->guest_path)};
    const auto root = w.guest_dir("s1", name);
    CHECK(read_file(root + "/beside") == large);
    CHECK(read_file(root + "/small") == "text");
    if (name == (**made)->share_id)
      return;
    ++moved;
    if (which != guest::profile::v3_3)
      CHECK_FALSE(fs::exists(w.guest_dir("s1", (**made)->share_id)));
  });
  CHECK(moved > 5);
}

TEST_SUITE_END();
