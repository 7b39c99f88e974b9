// SPDX-License-Identifier: Apache-2.0
#include "core/volume/sealed_secret.hpp"
#include "tests/unit/guest_copy_fixture.hpp"

#include <map>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

using contents = std::map<std::string, std::string>;
using names = std::vector<std::string>;

volume_snapshot_ptr secret(const std::string& name, const contents& files,
                           std::uint32_t root_gid = 0) {
  names keys;
  for (const auto& file : files)
    keys.push_back(file.first);
  auto made = std::make_shared<volume_snapshot>(*host(name, keys, root_gid));
  for (auto& entry : made->tree.entries) {
    if (entry.type != entry_type::file)
      continue;
    const auto text = as_bytes(files.at(entry.path));
    entry.content = std::make_shared<const bytes>(text.begin(), text.end());
    entry.size = text.size();
  }
  return made;
}

const contents sealed_token{{"plain", "p"}, {"token", "sealed.jws"}};

// Pushes `snapshot` and takes away what is old after its grace.
void rotate(guest_copy& copy, const volume_snapshot_ptr& snapshot,
            guest_copy::time_point now, const std::string& push) {
  REQUIRE(words(copy.next(snapshot, now)) == push);
  copy.finished(done(), now);
}

// Takes away what is to be removed 2 s later; returns that in words.
std::string removals(guest_copy& copy, const volume_snapshot_ptr& snapshot,
                     guest_copy::time_point now) {
  const auto order = copy.next(snapshot, now + 2s);
  if (order)
    copy.finished(removed(std::get<removal_order>(*order).steps.size()),
                  now + 2s);
  return words(order);
}

} // namespace

TEST_SUITE_BEGIN("core/volume/guest_copy sealed secrets");

TEST_CASE("sealed files are those that begin with the prefix, at any depth") {
  CHECK(sealed_files(*secret("..1", {{"a", "sealed."},
                                     {"b", "sealed"},
                                     {"c", " sealed.x"},
                                     {"d", ""},
                                     {"e", "sealed.x.y"}}))
        == std::set<std::string>{"a", "e"});
}

TEST_CASE("a generation with sealed secrets that a container was given stays "
          "until the end, and their links are not sent again") {
  auto copy = make();
  settle_at(copy, secret("..1", sealed_token), t0);
  copy.keep_sealed(t0);
  CHECK(copy.kept(10).listed == names{"..1"});
  // The window in which a container may still be created is over.
  const auto later = t0 + 120s;
  // With another owner every link would be sent again.
  rotate(copy, secret("..2", sealed_token, 5), later, "push ..2 +root plain");
  CHECK(removals(copy, secret("..2", sealed_token, 5), later) == "nothing");
  CHECK(copy.converged(generation{"..2", 12}));
  rotate(copy, secret("..3", sealed_token, 5), later + 10s, "push ..3");
  CHECK(removals(copy, secret("..3", sealed_token, 5), later + 10s)
        == "remove /g/v/..2;");
  copy.retry_now(later + 10s);
  CHECK(words(copy.next(secret("..3", sealed_token, 5), later + 60s))
        == "nothing");
  CHECK(copy.kept(10).listed == names{"..1"});
  copy.leave();
  CHECK(words(copy.next(nullptr, later + 60s)) == "remove /g/v;");
}

TEST_CASE("what goes live while a container may still be created is kept, too, "
          "if it has sealed secrets") {
  auto copy = make();
  settle_at(copy, secret("..1", {{"plain", "p"}}), t0);
  copy.keep_sealed(t0);
  CHECK(copy.kept(10).listed.empty());
  rotate(copy, secret("..2", sealed_token), t0 + 10s, "push ..2 token");
  CHECK(removals(copy, secret("..2", sealed_token), t0 + 10s)
        == "remove /g/v/..1;");
  CHECK(copy.kept(10).listed == names{"..2"});
  rotate(copy, secret("..3", sealed_token), t0 + 70s, "push ..3");
  CHECK(removals(copy, secret("..3", sealed_token), t0 + 70s) == "nothing");
  CHECK(copy.kept(10).listed == names{"..2"});
}

TEST_CASE("a container that joins later keeps the generation of its moment") {
  auto copy = make();
  settle_at(copy, secret("..1", sealed_token), t0);
  copy.keep_sealed(t0);
  const contents two{{"token", "sealed.1"}, {"tower", "sealed.2"}};
  rotate(copy, secret("..2", two), t0 + 70s, "push ..2 tower");
  removals(copy, secret("..2", two), t0 + 70s);
  CHECK(copy.kept(10).listed == names{"..1"});
  copy.keep_sealed(t0 + 80s);
  CHECK(copy.kept(10).listed == names{"..1", "..2"});
  rotate(copy, secret("..3", two, 5), t0 + 200s, "push ..3 +root");
  CHECK(removals(copy, secret("..3", two, 5), t0 + 200s) == "nothing");
}

TEST_CASE("a new key whose link was not made yet gets it, sealed or not") {
  auto copy = make();
  settle_at(copy, secret("..1", {{"plain", "p"}}), t0);
  copy.keep_sealed(t0);
  REQUIRE(words(copy.next(secret("..2", sealed_token), t0 + 1s))
          == "push ..2 token");
  auto outcome = broken(flip_state::acknowledged);
  copy.finished(outcome, t0 + 1s);
  CHECK(words(copy.next(nullptr, t0 + 2s)) == "link /g/v/token=..data/token;");
  copy.finished(done(), t0 + 2s);
  rotate(copy, secret("..3", sealed_token, 5), t0 + 100s,
         "push ..3 +root plain");
}

TEST_CASE("the link of a deleted key goes, and unless that is known the key's "
          "return does not send it again") {
  auto copy = make();
  settle_at(copy, secret("..1", sealed_token), t0);
  copy.keep_sealed(t0);
  const auto without = secret("..2", {{"plain", "p"}});
  rotate(copy, without, t0 + 100s, "push ..2");
  const auto order = copy.next(without, t0 + 100s);
  REQUIRE(words(order) == "remove /g/v/token;");
  SUBCASE("not known") {
    copy.finished(removed(1, removal_result::failed), t0 + 100s);
    rotate(copy, secret("..3", sealed_token), t0 + 101s, "push ..3");
    CHECK(copy.whole());
  }
  SUBCASE("known") {
    copy.finished(removed(1), t0 + 100s);
    rotate(copy, secret("..3", sealed_token), t0 + 101s, "push ..3 token");
  }
}

TEST_SUITE_END();
