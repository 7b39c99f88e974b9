// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_schedule.hpp"
#include "guest/file_store.hpp"
#include "guest/share_path.hpp"
#include "sys/tree/file_chunk.hpp"
#include "sys/tree/volume_tree.hpp"
#include "tests/support/guest_profiles.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_text.hpp"

#include <array>
#include <filesystem>
#include <map>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

// Plans and schedules, carried out by what behaves as the recorded guest agents
// do, in any order that the schedule leaves open.

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t chunk_bytes = 1000;

const std::string guest_path = std::string{guest::share_root} + "/ctr-0123-v";

struct guest_fixture {
  explicit guest_fixture(guest::profile which)
    : store(*guest::file_store::open(dir.path(), which)),
      profile(rules_of(which)) {
    umask(0022);
  }

  std::string copy_path() const {
    return dir / "ctr-0123-v";
  }

  // Sends one request of a step, whose contents come from `source_root` if the
  // step has none.
  status send(const copy_step& step, const copy_request& request,
              const std::string& source_root) const {
    guest::copy_file_request message;
    message.path = sent_path(step);
    message.file_mode = wire_mode(step);
    message.dir_mode = step.parent_mode;
    message.file_size = static_cast<std::int64_t>(step.announced_size);
    message.uid = static_cast<std::int32_t>(step.uid);
    message.gid = static_cast<std::int32_t>(step.gid);
    message.offset = static_cast<std::int64_t>(request.offset);
    blob data;
    if (step.type == entry_type::symlink) {
      message.data = as_bytes(step.target);
    } else if (step.content) {
      message.data
        = byte_view{*step.content}.subspan(request.offset, request.length);
    } else if (step.type == entry_type::file) {
      const auto source = open_chunk_source(source_root, step.source);
      REQUIRE(source);
      const auto chunk = load_chunk(**source, request.offset, request.length);
      REQUIRE(chunk);
      data = chunk->data;
      message.data = *data;
    }
    return store.copy_file(message);
  }

  // Carries a whole plan out; what is in flight together happens in an order
  // that depends on `seed`.
  void run(copy_plan plan, unsigned seed, const std::string& source_root = {}) {
    REQUIRE(check_plan(plan, profile));
    const auto shared = std::make_shared<const copy_plan>(std::move(plan));
    copy_schedule schedule{shared, chunk_bytes};
    std::mt19937 random{seed};
    std::map<std::uint64_t, copy_request> flying;
    while (!schedule.done()) {
      while (const auto request = schedule.next())
        flying.emplace(request->id, *request);
      REQUIRE_FALSE(flying.empty());
      auto chosen = flying.begin();
      std::advance(chosen, random() % flying.size());
      const auto& step = shared->steps[chosen->second.step];
      const auto sent = send(step, chosen->second, source_root);
      const bool is_last
        = chosen->second.offset + chosen->second.length == step.size;
      const auto why = sent ? error{errc::none, {}} : sent.err();
      REQUIRE_MESSAGE(was_done(step, is_last, why.code, why.message),
                      step.path << ": " << why.message);
      schedule.acknowledge(chosen->first);
      flying.erase(chosen);
    }
  }

  removal_result remove(const std::string& path) const {
    struct stat root {};
    REQUIRE(stat(copy_path().c_str(), &root) == 0);
    const auto sent = send(
      removal_step(guest_path + "/" + path, root.st_uid, root.st_gid), {}, {});
    return sent ? removal_result::failed
                : profile.classify_removal(sent.err().code, sent.err().message);
  }

  temp_dir dir;
  guest::file_store store;
  guest_profile profile;
};

tree_text_options comparison() {
  tree_text_options out;
  out.link_owners = false;
  out.owners = getuid() == 0;
  return out;
}

void own(const std::string& path, uid_t uid, gid_t gid) {
  if (getuid() == 0)
    REQUIRE(lchown(path.c_str(), uid, gid) == 0);
}

volume_snapshot_ptr load(const std::string& volume) {
  const auto read = load_generation(volume, default_volume_limits);
  REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
  return *read;
}

push_options push_of(const volume_snapshot& volume) {
  push_options out;
  out.guest_root = guest_path;
  out.attempt_name = volume.id.name;
  out.links = volume.links;
  return out;
}

} // namespace

TEST_SUITE_BEGIN("core/copy/copy_plan: into a guest");

TEST_CASE("a volume and its rotation arrive exactly, whatever the order") {
  for (const auto which : all_profiles) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
      temp_dir host;
      const auto path = host.make_dir("v");
      own(path, 0, 2000);
      rotator kubelet{path, kubelet_order::from_1_27};
      kubelet.rotate({{"tls.crt", {std::string(3500, 'c')}},
                      {"tls.key", {std::string(2500, 'k'), 0600}},
                      {"empty", {""}},
                      {"user/labels", {"l"}},
                      {"token", {"t", 0640, 1000}}});
      host.write("v/mnt/file", "other");
      const auto first = load(path);
      auto options = push_of(*first);
      options.send_root = true;
      options.send_others = true;
      guest_fixture guest{which};
      guest.run(plan_push(*first, options, guest.profile), seed);
      CHECK(describe_tree(guest.copy_path(), comparison())
            == describe_tree(path, comparison()));
      kubelet.rotate({{"tls.crt", {"new"}},
                      {"tls.key", {"new", 0600}},
                      {"user/labels", {"m"}},
                      {"added", {"a"}}});
      const auto second = load(path);
      guest.run(plan_push(*second, push_of(*second), guest.profile), seed);
      const auto outcome = guest.profile.removal ? removal_result::removed
                                                 : removal_result::failed;
      for (const auto& name :
           {first->id.name, std::string{"empty"}, std::string{"token"}})
        CHECK(guest.remove(name) == outcome);
      auto compared = comparison();
      if (!guest.profile.removal)
        compared.leave_out = [&](const std::string& name) {
          return name == first->id.name || name == "empty" || name == "token";
        };
      CHECK(describe_tree(guest.copy_path(), compared)
            == describe_tree(path, comparison()));
    }
  }
}

TEST_CASE("a tree with every kind of collision arrives exactly") {
  for (const auto which : all_profiles) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
      temp_dir host;
      host.write("t/app.yaml", std::string(4200, 'y'));
      host.write("t/app.conf", std::string(3000, 'c'));
      host.write("t/app.tmp", std::string(2700, 't'));
      fs::permissions(host / "t/app.tmp", fs::perms::owner_read);
      own(host / "t/app.tmp", 7, 8);
      host.write("t/none.tmp", "");
      fs::permissions(host / "t/none.tmp", fs::perms::none);
      host.write("t/.tmp", "dot");
      host.write("t/.tmp.tmp", "dot dot");
      host.write("t/dir.yaml", std::string(1500, 'd'));
      host.write("t/dir.tmp/below.tmp/deep.txt", "deep");
      host.write("t/link.a", std::string(2000, 'a'));
      host.write("t/link.b", std::string(1000, 'b'));
      host.write("t/victim", "untouched");
      fs::create_symlink("victim", host / "t/link.tmp");
      own(host / "t/dir.tmp", 1, 2);
      own(host / "t/dir.tmp/below.tmp", 3, 4);
      own(host / "t/dir.tmp/below.tmp/deep.txt", 5, 6);
      const auto tree = load_tree(host / "t", {});
      REQUIRE(tree);
      guest_fixture guest{which};
      guest.run(plan_tree(**tree, guest_path, guest.profile), seed, host / "t");
      CHECK(describe_tree(guest.copy_path(), comparison())
            == describe_tree(host / "t", comparison()));
    }
  }
}

TEST_CASE("single files and links arrive under the name of the share") {
  for (const auto which : all_profiles) {
    temp_dir host;
    host.write("hosts", std::string(2345, 'h'));
    fs::create_symlink("hosts", host / "link");
    for (const char* name : {"hosts", "link"}) {
      const auto tree = load_tree(host / name, {});
      REQUIRE(tree);
      guest_fixture guest{which};
      guest.run(plan_tree(**tree, guest_path, guest.profile), 1, host / name);
      if (std::string{name} == "hosts")
        CHECK(read_file(guest.copy_path()) == read_file(host / "hosts"));
      else
        CHECK(fs::read_symlink(guest.copy_path()) == "hosts");
    }
  }
}

TEST_SUITE_END();
