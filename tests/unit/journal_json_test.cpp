// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal_line.hpp"
#include "json/journal_json.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

journal_head head_of() {
  journal_head head;
  head.boot_id = "b";
  head.sandbox_id = "sb";
  head.share_root = "/share";
  return head;
}

recorded_sandbox full_sandbox() {
  recorded_prepare prepare;
  auto& request = prepare.request;
  request.sandbox_id = "sb";
  request.mode = sharing_mode::shared_filesystem;
  request.guest_address = "unix:///g";
  request.guest_share_dir = "/asked";
  request.sandbox_binds = {{"/b1", true}, {"/b2", false}};
  request.kubelet_roots = {"/var/lib/kubelet"};
  request.no_watcher = true;
  request.nydusd_socket = "/n";
  request.force_guest_pull = true;
  request.guest_memory_bytes = 4096;
  request.policy = guest_policy::set;
  request.labels = {{"pod", "a \"b\""}, {"uid", ""}};
  request.no_watchable = true;
  request.local_dir = "/l";
  request.mount_namespace = {"/proc/12/ns/mnt", 4, 0xf000'0001, 1U << 31};
  prepare.guest_share_dir = "/asked";
  recorded_share share;
  share.share_id = "c1-0123456789abcdef-a \"b\"\n";
  share.container_id = "c1";
  share.mount
    = {"/source \xc3\xa9", "/etc/a \"b\"\n", "bind", {"rbind", "ro"}, true};
  share.watchable = true;
  share.container_name = "web";
  recorded_rootfs rootfs{
    "c2", "/target", "fuse.nydus-overlayfs", "rootfs", rootfs_kind::nydus, "/g",
    "/h", "/image",  "0123456789abcdef",     "db"};
  recorded_sandbox out;
  for (const auto& record : std::vector<journal_record>{
         prepare, recorded_progress{recorded_phase::made},
         recorded_watcher{true}, share,
         recorded_share_progress{share.share_id, recorded_phase::leaving},
         rootfs, recorded_rootfs_progress{"c2", recorded_phase::made}})
    REQUIRE(out.apply(record));
  return out;
}

guest_record full_guest() {
  using generation_state = guest_record::generation_state;
  using link_state = guest_record::link_state;
  guest_record out;
  out.may_exist = true;
  out.acknowledged = generation{"..1", 0xffffffffffffffffU};
  out.live_name = "..1.2";
  out.root = {0755, 1, 2, true};
  out.generations = {{"..1.2", {generation_state::whole, {"token"}, 4096}},
                     {"..0", {generation_state::kept, {}, 1}},
                     {"..2", {generation_state::doubtful, {}, 2}},
                     {"..3", {generation_state::partial, {}, 3}}};
  out.links = {{"a", {link_state::there, 3, 4}},
               {"b", {link_state::may_exist, 0, 0}},
               {"token", {link_state::unsealed, 5, 6}}};
  out.wanted_links = {"a", "token"};
  out.others = {"sub"};
  out.others_room = 5;
  out.attempts = {{"..1", 3}};
  out.keep_until
    = std::chrono::steady_clock::time_point{std::chrono::nanoseconds{77}};
  out.landmarks = {"/g/v/..1.2/a"};
  out.skipped = {{"p", "why"}};
  out.skipped.add_more(7);
  return out;
}

recorded_sandbox full_copying_sandbox() {
  recorded_prepare prepare;
  prepare.request.sandbox_id = "sb";
  prepare.request.mode = sharing_mode::copy;
  recorded_copy volume{"v", {}};
  volume.terms = {source_kind::volume,
                  copy_life::until_last_share,
                  "k",
                  "/src",
                  "/g/v",
                  "c1",
                  "/etc/v",
                  true};
  recorded_copy dir{"e", {}};
  dir.terms = {source_kind::tree,
               copy_life::until_sandbox_ends,
               "/dir",
               "/dir",
               "/g/e",
               "c1",
               "/e",
               false,
               true,
               true,
               2000};
  recorded_copied_share share;
  share.share_id = "s";
  share.container_id = "c1";
  share.mount = {"/src", "/etc/v", "bind", {"ro"}, true};
  share.copy_id = "v";
  share.is_volume = true;
  share.inside = "in";
  share.resolved = "/real";
  share.category = copy_category::downward_api;
  share.would_be_denied = true;
  share.ignored = true;
  share.reason = "why";
  share.guest_path = "/g/v";
  share.generation = "..1";
  share.skipped = {{"x", "y"}};
  share.notes = {"n"};
  share.container_name = "web";
  auto bare = share;
  bare.share_id = "s2";
  bare.category.reset();
  recorded_sandbox out;
  for (const auto& record : std::vector<journal_record>{
         prepare, volume, recorded_destination{"v", full_guest()}, dir,
         recorded_tree{
           "e", true, true, {{"p", "q"}}, {"n"}, {"", "a"}, 8, "/l"},
         recorded_part{"e", "b", part_step::begun, {}},
         recorded_part{"e", "b", part_step::whole, {"b", "b/c"}},
         recorded_part{"e", "d", part_step::begun, {}}, share, bare,
         recorded_share_progress{"s", recorded_phase::leaving},
         recorded_files{{"/g", {}, {}}},
         recorded_files{{"/g/v/..2", {{"a", 3}, {"d/b", 0}}, {"a"}}},
         recorded_files{{"/g/f", {{"", 7}}, {}}},
         recorded_leftover{"/g/old", "refused"}})
    REQUIRE(out.apply(record));
  return out;
}

std::string line(const std::string& json) {
  return journal_line(json);
}

std::string file_with(const std::string& json,
                      std::uint64_t minor = journal_head::known_minor) {
  auto head = head_of();
  head.minor = minor;
  return render_journal_head(head) + line(json);
}

error failure_of(const std::string& text) {
  const auto read = parse_journal(text);
  REQUIRE_MESSAGE(!read, text);
  return read.err();
}

} // namespace

TEST_SUITE_BEGIN("json/journal_json");

TEST_CASE("the checksum is CRC-32C") {
  // The check value of the catalogue of parametrised CRC algorithms.
  CHECK(crc32c("123456789") == 0xe3069283U);
  CHECK(crc32c("") == 0);
}

TEST_CASE("what is written is read back, and is a line of JSON each") {
  const auto sandbox = full_sandbox();
  const auto text = render_journal(head_of(), sandbox);
  const auto read = parse_journal(text);
  REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
  CHECK(read->head == head_of());
  CHECK(read->sandbox == sandbox);
  CHECK(read->is_whole);
}

TEST_CASE("what became known of a guest later is read back as if Prepare had "
          "told it") {
  auto sandbox = full_sandbox();
  auto text = render_journal(head_of(), sandbox);
  const recorded_guest later{"unix:///later", 8192, guest_policy::none};
  text += render_journal_record(later);
  const auto read = parse_journal(text);
  REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
  REQUIRE(sandbox.apply(later));
  CHECK(!sandbox.apply(later));
  CHECK(read->sandbox == sandbox);
  const auto& known = read->sandbox.prepare.request;
  CHECK(known.guest_address == "unix:///later");
  CHECK(known.guest_memory_bytes == 8192);
  CHECK(known.policy == guest_policy::none);
  // It needs no line of its own in a file that is written anew.
  const auto anew = render_journal(head_of(), sandbox);
  CHECK(anew.find(R"("kind":"guest")") == std::string::npos);
  CHECK(parse_journal(anew)->sandbox == sandbox);
}

// As an earlier process has written them, which knew neither labels nor names
// nor mount namespaces.
const std::string prepare_of_before
  = R"({"kind":"prepare","sandbox":"sb","mode":"copy","guest_address":"unix:///g",)"
    R"("asked_guest_share_dir":"","guest_share_dir":"/g","sandbox_binds":[],)"
    R"("kubelet_roots":[],"no_watcher":false,"nydusd_socket":"",)"
    R"("force_guest_pull":false})";
const std::vector<std::string> records_of_before{
  R"({"kind":"sandbox-phase","phase":"made"})",
  R"({"kind":"watcher","runs":true})",
  (R"({"kind":"share","share":"s1","container":"c1","source":"/a",)"
   R"("destination":"/b","type":"bind","options":["ro"],"read_only":true,)"
   R"("watchable":true})"),
  (R"({"kind":"rootfs","container":"c1","target":"/t","type":"overlay",)"
   R"("suffix":"rootfs","rootfs_kind":"bind","guest_path":"/g/c1",)"
   R"("host_path":"/h/c1","image":"","digest":"0123456789abcdef"})"),
  (R"({"kind":"copy","copy":"v","source_kind":"volume","until":"last-share",)"
   R"("key":"k","source":"/src","guest_path":"/g/v","container":"c1",)"
   R"("destination":"/etc/v","becomes_volume":false})"),
  (R"({"kind":"copied-share","share":"s2","container":"c1","source":"/src",)"
   R"("destination":"/etc/v","type":"bind","options":[],"read_only":true,)"
   R"("copy":"v","is_volume":true,"inside":"","resolved":"/src",)"
   R"("would_be_denied":false,"ignored":false,"reason":"",)"
   R"("guest_path":"/g/v","generation":"..1",)"
   R"("skipped":{"listed":[],"more":0},"notes":[]})"),
};

std::string file_of_before(std::uint64_t minor) {
  auto text = file_with(prepare_of_before, minor);
  for (const auto& json : records_of_before)
    text += line(json);
  if (minor >= 2)
    text += line(R"({"kind":"owner","is":"process","pid":7,"start_time":8,)"
                 R"("pid_namespace":"pid:[4026531836]"})");
  return text;
}

TEST_CASE("what versions 1 to 5 have written is read, and nothing is told "
          "that they did not know") {
  for (const std::uint64_t minor : {1U, 2U, 3U, 4U, 5U}) {
    CAPTURE(minor);
    const auto read = parse_journal(file_of_before(minor));
    REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
    // It is written anew before anything is appended.
    CHECK(!read->is_whole);
    const auto& sandbox = read->sandbox;
    CHECK(sandbox.phase == recorded_phase::made);
    const auto& request = sandbox.prepare.request;
    CHECK(request.guest_address == "unix:///g");
    CHECK(request.labels.empty());
    CHECK(request.policy == guest_policy::unknown);
    CHECK(request.guest_memory_bytes == 0);
    CHECK(!request.no_watchable);
    CHECK(request.local_dir.empty());
    CHECK(request.mount_namespace.is_own());
    CHECK(sandbox.shares.at("s1").what.watchable);
    CHECK(sandbox.shares.at("s1").what.container_name.empty());
    CHECK(sandbox.rootfs.at("c1").what.container_name.empty());
    CHECK(sandbox.copied.at("s2").what.container_name.empty());
    REQUIRE(sandbox.copies.contains("v"));
    CHECK_FALSE(sandbox.copies.at("v").what.terms.is_local);
    CHECK(sandbox.owner.has_value() == (minor >= 2));
    const auto anew = parse_journal(render_journal(head_of(), sandbox));
    REQUIRE(anew);
    CHECK(anew->is_whole);
    CHECK(anew->sandbox == sandbox);
  }
}

TEST_CASE("so is what a guest was sent") {
  const auto sandbox = full_copying_sandbox();
  const auto text = render_journal(head_of(), sandbox);
  const auto read = parse_journal(text);
  REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
  CHECK(read->sandbox == sandbox);
  CHECK(read->sandbox.copies.at("v").guest == full_guest());
  CHECK(read->sandbox.copies.at("e").tree->parts
        == std::set<std::string, std::less<>>{"", "a", "b", "b/c"});
  CHECK(read->sandbox.copies.at("e").begun_parts == std::set<std::string>{"d"});
  const auto changed = parse_journal(
    text + render_journal_record(recorded_leftover{"/g/old", std::nullopt})
    + render_journal_record(recorded_emptying{"/g/v"})
    + render_journal_record(recorded_copy_end{"e"})
    + render_journal_record(
      recorded_share_progress{"s", recorded_phase::gone}));
  REQUIRE(changed);
  CHECK(changed->sandbox.leftovers.empty());
  CHECK(changed->sandbox.copies.size() == 1);
  CHECK(changed->sandbox.files.size() == 2);
  CHECK(changed->sandbox.copied.size() == 1);
}

TEST_CASE(
  "a push is read as what it may change, under a name that leads nowhere "
  "else") {
  const auto text = render_journal(head_of(), full_copying_sandbox());
  const auto read_with = [&text](const push_record& push) {
    return parse_journal(text
                         + render_journal_record(recorded_push{"v", push}));
  };
  const push_record push{"..g.1", 4096, "..g", 2, {"a", "new"}, true};
  const auto read = read_with(push);
  REQUIRE(read);
  CHECK(read->is_whole);
  CHECK(read->sandbox.copies.at("v").guest == with_push(full_guest(), push));
  CHECK(with_push(full_guest(), push) != full_guest());
  CHECK_FALSE(read_with({"../g", 0, "..g"}));
  CHECK_FALSE(read_with({"..g", 0, "a/..g"}));
}

TEST_CASE("a push of what was never written down changes nothing") {
  recorded_sandbox sandbox;
  sandbox.apply(recorded_prepare{});
  CHECK_FALSE(sandbox.apply(recorded_push{"v", {"..g", 0, "..g"}}));
  recorded_copy copy;
  copy.copy_id = "v";
  sandbox.apply(copy);
  CHECK_FALSE(sandbox.apply(recorded_push{"v", {"..g", 0, "..g"}}));
  sandbox.apply(recorded_destination{"v", {}});
  CHECK(sandbox.apply(recorded_push{"v", {"..g", 0, "..g"}}));
  CHECK_FALSE(sandbox.apply(recorded_push{"v", {"..g", 0, "..g"}}));
}

TEST_CASE("the form is the documented one") {
  CHECK(render_journal_head(head_of())
        == line(R"({"boot_id":"b","format":1,"kind":"head","minor":6,)"
                R"("sandbox":"sb","share_root":"/share"})"));
  CHECK(
    render_journal_record(recorded_share_progress{"s", recorded_phase::gone})
    == line(R"({"kind":"share-phase","phase":"gone","share":"s"})"));
  CHECK(line("{}") == "{\"crc\":\"297bd0aa\",\"record\":{}}\n");
}

TEST_CASE("the owner is read back, and the last one counts") {
  const process_identity process{7, 1234567890123, "4026531836:1"};
  const gone_owner gone{process,
                        gone_owner::time_point{std::chrono::nanoseconds{99}}};
  auto text = render_journal(head_of(), full_sandbox());
  for (const auto& owner : std::vector<recorded_owner_state>{
         process, gone, no_owner{}, unknown_owner{"why"}, process}) {
    text += render_journal_record(recorded_owner{owner});
    const auto read = parse_journal(text);
    REQUIRE(read);
    CHECK(read->is_whole);
    CHECK(read->sandbox.owner == owner);
    // The same when the file is written anew.
    const auto again = parse_journal(render_journal(head_of(), read->sandbox));
    REQUIRE(again);
    CHECK(again->sandbox == read->sandbox);
  }
  CHECK(render_journal_record(recorded_owner{gone})
        == line(R"({"gone_since":99,"is":"process","kind":"owner","pid":7,)"
                R"("pid_namespace":"4026531836:1",)"
                R"("start_time":1234567890123})"));
}

TEST_CASE("every cut of a file is a torn line or an end, never damage") {
  const auto text = render_journal(head_of(), full_sandbox());
  const auto first = text.find('\n') + 1;
  for (std::size_t size = 0; size < text.size(); ++size) {
    INFO(size);
    const auto read = parse_journal(std::string_view{text}.substr(0, size));
    if (size < first) {
      CHECK(!read);
      continue;
    }
    REQUIRE(read);
    CHECK(read->is_whole == (text[size - 1] == '\n'));
  }
}

TEST_CASE("every changed byte is damage, and named by its line") {
  const auto text = render_journal(head_of(), full_sandbox());
  std::size_t number = 1;
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    INFO(at);
    auto changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto why = failure_of(changed);
    CHECK(why.code == errc::data_loss);
    CHECK(why.message == "line " + std::to_string(number) + " is damaged");
    if (text[at] == '\n')
      ++number;
  }
}

TEST_CASE("another format is refused, a later minor version is read as far as "
          "it is known") {
  auto other = head_of();
  other.format = 2;
  CHECK(failure_of(render_journal_head(other)).code == errc::unimplemented);
  const std::string later = R"({"kind":"later","x":{"y":[1]}})";
  CHECK(failure_of(file_with(later)).message
        == "line 2 has a kind that is not known");
  const auto read
    = parse_journal(file_with(later, journal_head::known_minor + 1)
                    + render_journal_record(full_sandbox().records().front()));
  REQUIRE(read);
  CHECK(read->sandbox.phase == recorded_phase::intended);
  // What it does not know it must not append to.
  CHECK(!read->is_whole);
}

TEST_CASE("a file of an earlier minor version is written anew before anything "
          "is appended") {
  auto earlier = head_of();
  for (earlier.minor = 0; earlier.minor < journal_head::known_minor;
       ++earlier.minor) {
    const auto read = parse_journal(render_journal(earlier, full_sandbox()));
    REQUIRE(read);
    CHECK(read->sandbox == full_sandbox());
    CHECK(!read->is_whole);
  }
}

TEST_CASE("a mount namespace is read back, and none where there was none to be "
          "written down") {
  const auto read_of = [](const std::string& rest) {
    return parse_journal(file_with(
      R"({"kind":"prepare","sandbox":"sb","mode":"shared-filesystem",)"
      R"("guest_address":"","asked_guest_share_dir":"","guest_share_dir":"/g",)"
      R"("sandbox_binds":[],"kubelet_roots":[],"no_watcher":false,)"
      R"("nydusd_socket":"","force_guest_pull":false)"
      + rest + "}"));
  };
  for (const auto* none : {"", R"(,"mount_namespace":{})"}) {
    const auto read = read_of(none);
    REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
    CHECK(read->sandbox.prepare.request.mount_namespace == mount_namespace{});
  }
  const auto one = read_of(R"(,"mount_namespace":{"path":"/proc/12/ns/mnt",)"
                           R"("device":4,"inode":5,"id":6})");
  REQUIRE_MESSAGE(one, (one ? "" : one.err().message));
  CHECK(one->sandbox.prepare.request.mount_namespace
        == mount_namespace{"/proc/12/ns/mnt", 4, 5, 6});
  // Not one that could be anywhere.
  for (const auto* bad :
       {R"(,"mount_namespace":{"path":"/proc/12/ns/mnt"})",
        R"(,"mount_namespace":{"path":"/x","device":4,"inode":5,"id":6})",
        R"(,"mount_namespace":"/proc/12/ns/mnt")"})
    CHECK_MESSAGE(!read_of(bad), bad);
}

TEST_CASE("records that lack something are damage") {
  for (const std::string json :
       {R"({"kind":"share-phase","share":"s","phase":"elsewhere"})",
        R"({"kind":"watcher","runs":1})", R"({"kind":"watcher"})",
        R"({"kind":"owner","is":"process","pid":7,"start_time":1})",
        R"({"kind":"owner","is":"somebody"})",
        R"({"kind":"rootfs","container":"../x"})",
        R"({"kind":"share","share":"../x","container":"c","read_only":true,)"
        R"("watchable":false})",
        R"({"kind":"share","share":1,"container":"c","read_only":true,)"
        R"("watchable":false})",
        R"({"kind":"prepare","sandbox":"sb","mode":"copy","no_watcher":false,)"
        R"("force_guest_pull":false,"sandbox_binds":[1]})"})
    CHECK_MESSAGE(
      failure_of(file_with(json)).message == "line 2 lacks something", json);
  CHECK(failure_of(file_with("[1]")).message == "line 2 is no JSON object");
  CHECK(failure_of(file_with("{")).message == "line 2 is no JSON object");
  CHECK(failure_of(file_with(std::string(100, '['))).message
        == "line 2 is nested too deeply");
  CHECK(failure_of(line(R"({"kind":"watcher","runs":true})")).message
        == "line 1 is no head");
  CHECK(failure_of("").message == "line 1 is missing");
}

TEST_CASE("text that is no UTF-8 is written all the same") {
  recorded_share share;
  share.share_id = "s";
  share.container_id = "c";
  share.mount.source = "/\xff";
  const auto text = render_journal_record(share);
  CHECK(text.find("\xef\xbf\xbd") != std::string::npos);
}

TEST_SUITE_END();
