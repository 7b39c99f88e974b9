// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_plan.hpp"

#include "tests/support/guest_profiles.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace fsshare;
using fsshare::test::rules_of_release;

namespace {

struct owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

tree_entry make_dir(const char* path, std::uint32_t mode = 0755,
                    owner who = {}) {
  tree_entry entry;
  entry.path = path;
  entry.mode = mode;
  entry.uid = who.uid;
  entry.gid = who.gid;
  return entry;
}

tree_entry make_file(const std::string& path, std::string_view text = "x",
                     owner who = {}, std::uint32_t mode = 0644) {
  auto entry = make_dir(path.c_str(), mode, who);
  entry.type = entry_type::file;
  entry.size = text.size();
  const auto data = as_bytes(text);
  entry.content = make_secret_blob({data.begin(), data.end()});
  return entry;
}

tree_entry make_link(const char* path, const char* target) {
  auto entry = make_dir(path, 0777);
  entry.type = entry_type::symlink;
  entry.target = target;
  return entry;
}

tree_snapshot make_tree(std::vector<tree_entry> entries) {
  tree_snapshot tree;
  tree.entries = std::move(entries);
  return tree;
}

volume_snapshot make_volume(std::vector<tree_entry> entries, owner root = {}) {
  volume_snapshot volume;
  volume.id.name = "..1";
  volume.root = make_dir("", 0755, root);
  volume.tree = make_tree(std::move(entries));
  return volume;
}

push_options push_of(std::vector<std::string> links) {
  push_options out;
  out.guest_root = "/g/v";
  out.attempt_name = "..1";
  out.links = std::move(links);
  return out;
}

// Every step as "STAGE TYPE PATH", in order.
std::vector<std::string> words(const copy_plan& plan) {
  std::vector<std::string> out;
  for (const auto& step : plan.steps)
    out.push_back(std::to_string(step.stage) + " "
                  + "dfl"[static_cast<int>(step.type)] + " " + step.path);
  return out;
}

const copy_step& step_at(const copy_plan& plan, std::string_view path) {
  const auto found = std::find_if(plan.steps.begin(), plan.steps.end(),
                                  [&](const copy_step& step) {
                                    return step.path == path;
                                  });
  REQUIRE(found != plan.steps.end());
  return *found;
}

bool is_before(const copy_plan& plan, std::string_view first,
               std::string_view second) {
  return std::any_of(plan.order.begin(), plan.order.end(),
                     [&](const step_order& pair) {
                       return plan.steps[pair.before].path == first
                              && plan.steps[pair.after].path == second;
                     });
}

// What has to be acknowledged before a path is sent, in order.
std::vector<std::string> waits_for(const copy_plan& plan,
                                   std::string_view path) {
  std::vector<std::string> out;
  for (const auto& pair : plan.order)
    if (plan.steps[pair.after].path == path)
      out.push_back(plan.steps[pair.before].path);
  return out;
}

const auto v3_3 = profile_of("3.16.0");
const auto v3_18 = profile_of("3.30.0");
const auto v4_0 = profile_of("4.1.0");

using strings = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("core/copy/copy_plan");

TEST_CASE("a tree is planned below its guest path, parents before children") {
  const auto plan
    = plan_tree(make_tree({make_dir(""), make_file("a", "abc"), make_dir("d"),
                           make_link("d/l", "../a")}),
                "/g/t", v3_18);
  CHECK(words(plan)
        == strings{"0 d /g/t", "0 f /g/t/a", "0 d /g/t/d", "0 l /g/t/d/l"});
  CHECK(plan.total_bytes == 3);
  CHECK(is_before(plan, "/g/t", "/g/t/a"));
  CHECK(is_before(plan, "/g/t/d", "/g/t/d/l"));
  CHECK_FALSE(is_before(plan, "/g/t/a", "/g/t/d"));
  CHECK(step_at(plan, "/g/t/d/l").target == "../a");
}

TEST_CASE("the root of a tree may be a file or a symlink") {
  auto file = make_file("", "abc");
  file.content = nullptr;
  const auto plan = plan_tree(make_tree({file}), "/g/hosts", v4_0);
  REQUIRE(words(plan) == strings{"0 f /g/hosts"});
  CHECK(plan.steps[0].source.empty());
  CHECK(plan.steps[0].size == 3);
  CHECK(words(plan_tree(make_tree({make_link("", "/x")}), "/g/l", v4_0))
        == strings{"0 l /g/l"});
}

TEST_CASE("a file without content names its source") {
  auto file = make_file("d/f", "abc");
  file.content = nullptr;
  const auto plan
    = plan_tree(make_tree({make_dir(""), make_dir("d"), file}), "/g/t", v4_0);
  CHECK(step_at(plan, "/g/t/d/f").source == "d/f");
  CHECK(step_at(plan, "/g/t/d/f").announced_size == 3);
}

TEST_CASE("files that share a temp name go one after the other") {
  const auto plan
    = plan_tree(make_tree({make_dir(""), make_file("ca.crt"),
                           make_file("tls.crt"), make_file("tls.key")}),
                "/g", v4_0);
  CHECK(is_before(plan, "/g/tls.crt", "/g/tls.key"));
  CHECK_FALSE(is_before(plan, "/g/ca.crt", "/g/tls.crt"));
}

TEST_CASE("equal temp names in different directories do not collide") {
  const auto plan
    = plan_tree(make_tree({make_dir(""), make_dir("d"), make_file("d/tls.key"),
                           make_file("tls.crt")}),
                "/g", v4_0);
  CHECK(plan.order.size() == 3);
  CHECK_FALSE(is_before(plan, "/g/d/tls.key", "/g/tls.crt"));
}

TEST_CASE("what bears the temp name of a file goes after it, of any type") {
  for (const auto& real : {make_file("app.tmp"), make_dir("app.tmp"),
                           make_link("app.tmp", "elsewhere")}) {
    const auto plan = plan_tree(make_tree({make_dir(""), make_file("app.conf"),
                                           real, make_file("app.yaml")}),
                                "/g", v4_0);
    CHECK(is_before(plan, "/g/app.conf", "/g/app.yaml"));
    CHECK(is_before(plan, "/g/app.yaml", "/g/app.tmp"));
    CHECK_FALSE(is_before(plan, "/g/app.tmp", "/g/app.tmp"));
  }
}

TEST_CASE("guest agents 3.18 to 3.32 get .tmp names by one that is too long, "
          "whatever their size, mode and owner") {
  auto large = make_file("d/a.b.tmp", "", {5, 6}, 0400);
  large.size = 3 * default_chunk_bytes;
  const auto tree = make_tree(
    {make_dir(""), make_file("a.tmp", "four"), make_dir("d"), large});
  const auto plan = plan_tree(tree, "/g", v3_18);
  const auto& small = step_at(plan, "/g/a.tmp");
  CHECK(sent_path(small) == "/g/a." + std::string(254, 'x'));
  CHECK(small.announced_size == 4);
  CHECK(small.size == 4);
  const auto& step = step_at(plan, "/g/d/a.b.tmp");
  CHECK(sent_path(step) == "/g/d/a.b." + std::string(252, 'x'));
  CHECK(step.mode == 0400);
  CHECK(step.uid == 5);
  CHECK(plan.notes.empty());
  CHECK(plan.skipped.empty());
  for (const auto& guest : {v3_3, v4_0})
    CHECK(sent_path(step_at(plan_tree(tree, "/g", guest), "/g/a.tmp"))
          == "/g/a.tmp");
}

TEST_CASE(
  "a .tmp name is skipped where the one that is too long would make the "
  "path too long") {
  const auto at = [](std::size_t length) {
    std::string path = "/g";
    while (path.size() < length)
      path
        += "/"
           + std::string(std::min<std::size_t>(200, length - path.size()), 'd');
    path.resize(length, 'd');
    return path;
  };
  const auto tree = make_tree({make_dir(""), make_file("a.tmp")});
  CHECK(plan_tree(tree, at(4095 - 257), v3_18).skipped.empty());
  const auto plan = plan_tree(tree, at(4095 - 256), v3_18);
  REQUIRE(plan.skipped.size() == 1);
  CHECK(plan.skipped[0].path == "a.tmp");
  CHECK(plan.steps.size() == 1);
  CHECK(plan_tree(tree, at(4095 - 256), v4_0).skipped.empty());
}

TEST_CASE("what was sent to a name that is too long is there when the guest "
          "agent says so, at its end") {
  const auto plan
    = plan_tree(make_tree({make_dir(""), make_file("a.tmp")}), "/g", v3_18);
  const auto& step = step_at(plan, "/g/a.tmp");
  const auto* words = "File name too long (os error 36)";
  CHECK(was_done(step, true, errc::internal, words));
  CHECK(was_done(step, false, errc::none, ""));
  CHECK_FALSE(was_done(step, false, errc::internal, words));
  CHECK_FALSE(was_done(step, true, errc::none, ""));
  CHECK_FALSE(was_done(step, true, errc::internal, "No space left on device"));
  CHECK_FALSE(was_done(step, true, errc::permission_denied, words));
  CHECK_FALSE(was_done(step_at(plan, "/g"), true, errc::internal, words));
}

TEST_CASE("names that no guest agent takes are skipped with the reason") {
  const auto tree = make_tree({make_dir(""), make_file(std::string(252, 'x')),
                               make_dir("\xff"), make_file("\xff/below"),
                               make_dir("\xff/deep"), make_file("\xff/deep/er"),
                               make_link("z", "")});
  const auto plan = plan_tree(tree, "/g", v4_0);
  CHECK(words(plan) == strings{"0 d /g"});
  REQUIRE(plan.skipped.size() == 3);
  CHECK(plan.skipped[0].reason.find("too long") != std::string::npos);
  CHECK(plan.skipped[1] == path_reason{"\xff", "its name is not UTF-8"});
  CHECK(plan.skipped[2].path == "z");
}

TEST_CASE("a directory or link may have the longest name") {
  const std::string name(255, 'x');
  const auto tree = make_tree({make_dir(""), make_dir(name.c_str())});
  CHECK(plan_tree(tree, "/g", v4_0).steps.size() == 2);
}

TEST_CASE("a path of more than 4095 bytes in the guest is skipped") {
  const std::string name(200, 'd');
  std::vector<tree_entry> entries{make_dir("")};
  for (auto path = name; path.size() < 4300; path += "/" + name)
    entries.push_back(make_dir(path.c_str()));
  const auto plan = plan_tree(make_tree(std::move(entries)), "/g", v4_0);
  CHECK(plan.skipped.size() == 1);
  for (const auto& step : plan.steps)
    CHECK(step.path.size() <= 4095);
}

TEST_CASE("what the snapshot skipped stays known") {
  auto tree = make_tree({make_dir("")});
  tree.skipped.push_back({"s", "is a socket"});
  CHECK(plan_tree(tree, "/g", v4_0).skipped == tree.skipped);
}

TEST_CASE("set-user-ID bits of files are reported as lost, of others not") {
  const auto plan
    = plan_tree(make_tree({make_dir("", 02770), make_file("f", "x", {}, 04755),
                           make_file("g", "x", {}, 01755)}),
                "/g", v4_0);
  REQUIRE(plan.notes.size() == 1);
  CHECK(plan.notes[0].path == "f");
}

TEST_CASE("directories that a child took over are sent again, deepest first") {
  const auto tree = make_tree(
    {make_dir(""), make_dir("d"), make_dir("d/e", 0755, {7, 7}),
     make_file("d/e/f", "x", {8, 8}), make_dir("same"), make_file("same/f")});
  CHECK(words(plan_tree(tree, "/g", v4_0))
        == strings{"0 d /g", "0 d /g/d", "0 d /g/d/e", "0 f /g/d/e/f",
                   "0 d /g/same", "0 f /g/same/f", "1 d /g/d/e", "2 d /g/d"});
  CHECK(plan_tree(tree, "/g", v3_18).steps.size() == 6);
}

TEST_CASE("a push is the tree, then the flip, then the visible links") {
  auto volume = make_volume(
    {make_dir("", 0750), make_file("a"), make_dir("b"), make_file("b/c")},
    {0, 2000});
  volume.others = make_tree({make_dir("mnt"), make_file("plain")});
  auto options = push_of({"a", "b"});
  options.attempt_name = "..1.2";
  const auto plan = plan_push(volume, options, v3_18);
  CHECK(words(plan)
        == strings{"0 d /g/v/..1.2", "0 f /g/v/..1.2/a", "0 d /g/v/..1.2/b",
                   "0 f /g/v/..1.2/b/c", "1 l /g/v/..data", "2 l /g/v/a",
                   "2 l /g/v/b"});
  const auto& flip = step_at(plan, "/g/v/..data");
  CHECK(flip.is_flip);
  CHECK(flip.target == "..1.2");
  CHECK(flip.gid == 2000);
  const auto& link = step_at(plan, "/g/v/b");
  CHECK_FALSE(link.is_flip);
  CHECK(link.target == "..data/b");
  CHECK(link.gid == 2000);
}

TEST_CASE(
  "entries of a generation go together with their directory, whose mode "
  "they name, and wait for what that lies in") {
  auto volume
    = make_volume({make_dir("", 02775), make_file("a"), make_dir("b", 0711),
                   make_file("b/c"), make_dir("b/d"), make_file("b/d/e")});
  volume.others = make_tree({make_dir("mnt"), make_file("mnt/x")});
  for (const auto& guest : {v3_3, v3_18, v4_0}) {
    const auto update = plan_push(volume, push_of({}), guest);
    CHECK(waits_for(update, "/g/v/..1") == strings{});
    CHECK(waits_for(update, "/g/v/..1/a") == strings{});
    CHECK(waits_for(update, "/g/v/..1/b") == strings{});
    CHECK(waits_for(update, "/g/v/..1/b/c") == strings{"/g/v/..1"});
    CHECK(waits_for(update, "/g/v/..1/b/d") == strings{"/g/v/..1"});
    CHECK(waits_for(update, "/g/v/..1/b/d/e") == strings{"/g/v/..1/b"});
    CHECK(step_at(update, "/g/v/..1").parent_mode == implicit_parent_mode);
    CHECK(step_at(update, "/g/v/..1/a").parent_mode == 02775);
    CHECK(step_at(update, "/g/v/..1/b/c").parent_mode == 0711);

    auto options = push_of({});
    options.send_root = true;
    options.send_others = true;
    const auto first = plan_push(volume, options, guest);
    CHECK(waits_for(first, "/g/v/..1") == strings{"/g/v"});
    CHECK(waits_for(first, "/g/v/..1/a") == strings{"/g/v"});
    CHECK(waits_for(first, "/g/v/mnt/x") == strings{"/g/v/mnt"});
  }
}

TEST_CASE("an entry waits for its directory where making that may go wrong") {
  const auto tree = {make_dir(""), make_file("a")};
  for (const auto& guest :
       {rules_of_release("4.2"), profile_of("4.2.0"), profile_of("")})
    CHECK(
      waits_for(plan_push(make_volume(tree), push_of({}), guest), "/g/v/..1/a")
      == strings{"/g/v/..1"});

  const auto theirs
    = {make_dir("", 0755, {1, 1}), make_file("a", "x", {2, 2}),
       make_file("b", "x", {1, 2}), make_file("c", "x", {1, 1})};
  const auto owned = plan_push(make_volume(theirs), push_of({}), v3_18);
  CHECK(waits_for(owned, "/g/v/..1/a") == strings{"/g/v/..1"});
  CHECK(waits_for(owned, "/g/v/..1/b") == strings{"/g/v/..1"});
  CHECK(waits_for(owned, "/g/v/..1/c") == strings{});

  const auto held = {make_dir(""), make_file("app.conf"), make_dir("app.tmp"),
                     make_file("app.tmp/f")};
  const auto plan = plan_push(make_volume(held), push_of({}), v4_0);
  CHECK(waits_for(plan, "/g/v/..1/app.tmp") == strings{"/g/v/..1/app.conf"});
  CHECK(waits_for(plan, "/g/v/..1/app.tmp/f") == strings{"/g/v/..1/app.tmp"});
}

TEST_CASE("a first push sends the root and the other entries too") {
  auto volume = make_volume({make_dir(""), make_file("a")});
  volume.others
    = make_tree({make_dir("mnt"), make_dir("mnt/in"), make_file("plain")});
  auto options = push_of({"a"});
  options.send_root = true;
  options.send_others = true;
  const auto plan = plan_push(volume, options, v4_0);
  CHECK(words(plan)
        == strings{"0 d /g/v", "0 d /g/v/mnt", "0 d /g/v/mnt/in",
                   "0 f /g/v/plain", "0 d /g/v/..1", "0 f /g/v/..1/a",
                   "1 l /g/v/..data", "2 l /g/v/a"});
  CHECK(is_before(plan, "/g/v", "/g/v/..1"));
  CHECK(is_before(plan, "/g/v", "/g/v/mnt"));
}

TEST_CASE("the flip restores the root's owner, the second pass the others'") {
  auto volume = make_volume(
    {make_dir("", 0750, {1, 1}), make_file("a", "x", {2, 2})}, {3, 3});
  auto options = push_of({});
  options.send_root = true;
  CHECK(words(plan_push(volume, options, v4_0))
        == strings{"0 d /g/v/..1", "0 f /g/v/..1/a", "1 d /g/v/..1", "2 d /g/v",
                   "3 l /g/v/..data"});
}

TEST_CASE("a root that changed is sent last before the flip, at first it comes "
          "first") {
  const auto volume = make_volume({make_dir(""), make_file("a")});
  auto options = push_of({});
  options.send_root = true;
  CHECK(words(plan_push(volume, options, v3_18))
        == strings{"0 d /g/v/..1", "0 f /g/v/..1/a", "1 d /g/v",
                   "2 l /g/v/..data"});
  options.send_others = true;
  CHECK(words(plan_push(volume, options, v3_18))
        == strings{"0 d /g/v", "0 d /g/v/..1", "0 f /g/v/..1/a",
                   "1 l /g/v/..data"});
}

TEST_CASE("links of deleted keys are removed before the flip where they cannot "
          "be afterwards") {
  const auto volume = make_volume({make_dir(""), make_file("a")});
  auto options = push_of({"a"});
  options.links_to_remove = {"gone"};
  CHECK(words(plan_push(volume, options, v3_3))
        == strings{"0 d /g/v/..1", "0 f /g/v/..1/a", "1 l /g/v/gone",
                   "2 l /g/v/..data", "3 l /g/v/a"});
  CHECK(words(plan_push(volume, options, v3_18))
        == strings{"0 d /g/v/..1", "0 f /g/v/..1/a", "1 l /g/v/..data",
                   "2 l /g/v/a"});
}

TEST_CASE("links that are there are judged and not sent, and those left out "
          "are listed") {
  auto volume = make_volume(
    {make_dir(""), make_file("a"), make_file("b"), make_file("c")});
  auto options = push_of({"a", "b", "c", "gone"});
  options.links_made = {"a", "b", "gone"};
  options.taken = {"b", "c"};
  const auto plan = plan_push(volume, options, v3_18);
  CHECK(words(plan).back() == "1 l /g/v/..data");
  CHECK(plan.links_left_out == strings{"c", "gone"});
}

TEST_CASE("no visible link hides something else or leads nowhere") {
  auto volume = make_volume({make_dir(""), make_file("a"), make_file("mnt"),
                             make_file("sock"), make_file("..data")});
  volume.others = make_tree({make_dir("mnt"), make_dir("mnt/a")});
  volume.others.skipped.push_back({"sock", "is a socket"});
  const auto plan = plan_push(
    volume, push_of({"mnt", "sock", "..data", "", "a/b", "gone", "a"}), v4_0);
  CHECK(words(plan).back() == "2 l /g/v/a");
  CHECK(plan.steps.size() == 7);
  CHECK(plan.skipped.size() == 6);
}

TEST_CASE("a removal is a link without a target, owned like its directory") {
  const auto step = removal_step("/g/v/..1", 5, 6);
  CHECK(step.type == entry_type::symlink);
  CHECK(step.path == "/g/v/..1");
  CHECK(step.target.empty());
  CHECK(step.uid == 5);
  CHECK(step.gid == 6);
  CHECK_FALSE(step.is_flip);
}

TEST_CASE("the mode on the wire has the type bits of st_mode") {
  copy_step step;
  step.mode = 02755;
  CHECK(wire_mode(step) == 0042755);
  step.type = entry_type::file;
  CHECK(wire_mode(step) == 0102755);
  CHECK(wire_mode(removal_step("/a", 0, 0)) == 0120777);
}

TEST_CASE("guest agents up to 3.2 get single files only") {
  const auto v3_2 = profile_of("3.2.0");
  const auto file = plan_tree(make_tree({make_file("")}), "/g/f", v3_2);
  CHECK(check_plan(file, v3_2));
  const auto dir = plan_tree(make_tree({make_dir("")}), "/g/d", v3_2);
  const auto refused = check_plan(dir, v3_2);
  REQUIRE_FALSE(refused);
  CHECK(refused.err().code == errc::failed_precondition);
  CHECK(check_plan(dir, v3_3));
}

TEST_SUITE_END();
