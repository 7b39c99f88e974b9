// SPDX-License-Identifier: Apache-2.0
#include "core/copy/landmarks.hpp"
#include "core/copy/leftover_list.hpp"
#include "tests/unit/destination_table_fixture.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

// What lists cost, counted: entries that are looked at, and allocations, of
// which a copy of an entry takes some. No clock.

namespace {

std::uint64_t allocations = 0;

} // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* made = std::malloc(size))
    return made;
  throw std::bad_alloc{};
}

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++allocations;
  return std::malloc(size);
}

void operator delete(void* freed) noexcept {
  std::free(freed);
}

void operator delete(void* freed, std::size_t /*size*/) noexcept {
  std::free(freed);
}

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr std::size_t many = 10'000;
constexpr std::size_t most = 100;

// Longer than what a string holds without an allocation.
std::string path_of(std::size_t n) {
  return "/run/guest/shared/of/many/" + std::to_string(100'000 + n);
}

/// What something does not cost more of than a page has entries, by a factor
/// that does not depend on how many there are.
struct cost {
  std::uint64_t looked_at = 0;
  std::uint64_t allocations = 0;
};

template <class F>
auto counted(cost& of, const F& call) {
  const auto before = allocations;
  auto made = call();
  of.allocations = allocations - before;
  of.looked_at = made.looked_at;
  return made;
}

/// Lists all leftovers page by page, and checks what each costs.
template <class F>
void check_pages(const F& page_behind) {
  std::size_t seen = 0;
  cost all;
  std::string after;
  for (bool more = true; more;) {
    cost one;
    const auto page = counted(one, [&] {
      return page_behind(after);
    });
    REQUIRE(page.listed.size() == most);
    CHECK(one.looked_at <= most + 4);
    CHECK(one.allocations <= 10 * most);
    all.looked_at += one.looked_at;
    all.allocations += one.allocations;
    seen += page.listed.size();
    CHECK(page.more == many - seen);
    after = page.listed.back().path;
    more = page.more > 0;
  }
  CHECK(seen == many);
  CHECK(all.looked_at <= many + 4 * (many / most));
  CHECK(all.allocations <= 10 * many);
}

destination_table table_of(std::size_t volumes, std::size_t copies) {
  destination_table table{{}};
  for (std::size_t n = 0; n < volumes; ++n)
    for (std::size_t c = 0; c < copies; ++c)
      table.add({"s" + std::to_string(n % 2), "c", std::to_string(n),
                 "/var/lib/kubelet/pods/" + path_of(n), path_of(n)},
                t0);
  return table;
}

/// Copies of volumes to a guest that removes nothing.
struct guest_without_removal {
  guest_without_removal(std::size_t volumes, std::size_t keys) {
    for (std::size_t n = 0; n < volumes; ++n)
      table.add({"s1", "c", "share", "/v" + path_of(n), path_of(n)}, now);
    for (std::size_t n = 0; n < keys; ++n)
      snapshot.links.push_back("a-key-of-some-length-" + path_of(n).substr(26));
    publish("..1");
  }

  /// Every key goes, and each link of it stays.
  void rotate() {
    snapshot.links.clear();
    publish("..2");
  }

  void publish(const std::string& name) {
    snapshot.id = {name, 7};
    snapshot.tree.entries.resize(1);
    table.hint_all(volume_hint::compare, now);
    for (int quiet = 0; quiet < 5;) {
      auto actions = table.advance(now);
      quiet = actions.empty() ? quiet + 1 : 0;
      now += 1s;
      for (auto& action : actions) {
        if (auto* asked = std::get_if<ask_volume>(&action))
          answer(*asked);
        if (auto* swept = std::get_if<check_volumes>(&action))
          for (const auto& each : swept->volumes)
            if (each.generation != name)
              table.hint(each.path, volume_hint::compare, now);
        if (auto* asked = std::get_if<ask_guest>(&action))
          answer(*asked);
      }
    }
  }

  void answer(const ask_volume& asked) {
    switch (asked.request) {
    case volume_request::watch:
      table.watched(asked.ticket, directory_id{1, 2}, now);
      break;
    case volume_request::await: table.awaited(asked.ticket, unit{}); break;
    case volume_request::read:
      table.read(asked.ticket,
                 std::make_shared<const volume_snapshot>(snapshot), now);
      break;
    default:
      table.looked(asked.ticket,
                   volume_look{snapshot.id.name, snapshot.id.digest}, now);
    }
  }

  void answer(const ask_guest& asked) {
    const auto* removal = std::get_if<removal_order>(&asked.order);
    table.finished(asked.destination,
                   removal == nullptr ? done()
                                      : removed(removal->steps.size(),
                                                removal_result::impossible),
                   now);
  }

  destination_table table{{}};
  volume_snapshot snapshot{};
  time_point now = t0;
};

void check_volume_pages(const destination_table& table,
                        const std::string& sandbox_id, std::size_t copies) {
  std::size_t seen = 0;
  std::size_t pages = 0;
  cost all;
  volume_cursor after;
  for (bool more = true; more; ++pages) {
    cost one;
    const auto page = counted(one, [&] {
      return table.describe(sandbox_id, after, 20'000, t0);
    });
    std::size_t listed = 0;
    for (const auto& each : page.listed)
      listed += each.destinations.size();
    REQUIRE(listed > 0);
    CHECK(one.looked_at <= page.listed.size() + listed + 2);
    CHECK(one.allocations <= 20 * (page.listed.size() + listed));
    all.looked_at += one.looked_at;
    all.allocations += one.allocations;
    seen += listed;
    const auto& last = page.listed.back();
    after = {last.path, last.destinations.back().order};
    more = page.more > 0 || last.destinations_more > 0;
  }
  CHECK(seen == copies);
  CHECK(pages > copies / 200);
  CHECK(all.looked_at <= 2 * copies + 4 * pages);
  CHECK(all.allocations <= 40 * copies);
}

} // namespace

TEST_SUITE_BEGIN("what lists cost");

TEST_CASE("a page of leftovers costs a page, however many there are") {
  leftover_list leftovers{30s};
  for (std::size_t n = 0; n < many; ++n)
    leftovers.add(path_of(n), "the guest's policy does not allow it", t0);
  check_pages([&](const std::string& after) {
    return leftovers.page(after, most);
  });
}

TEST_CASE("a page of the leftovers of volumes costs a page, however many a "
          "volume has, and however many volumes") {
  for (const std::size_t volumes : {1, 100}) {
    CAPTURE(volumes);
    // Beside the links the generation itself.
    guest_without_removal guest{volumes, many / volumes - 1};
    guest.rotate();
    const auto& table = guest.table;
    check_pages([&](const std::string& after) {
      return table.leftovers("s1", after, most);
    });
    CHECK(table.leftovers("s2", {}, most).listed.empty());
    // What is logged of an outcome needs none of them.
    const auto before = allocations;
    CHECK(table.failures(1) == 0U);
    CHECK(allocations == before);
  }
}

TEST_CASE("a page of volumes costs a page, however many there are, of one "
          "sandbox too") {
  const auto table = table_of(many, 1);
  check_volume_pages(table, {}, many);
  check_volume_pages(table, "s0", many / 2);
}

TEST_CASE("a page of a volume's destinations costs a page, however many it "
          "has") {
  check_volume_pages(table_of(1, many), {}, many);
}

TEST_CASE("what goes of a guest's copies costs the same however many there "
          "are") {
  landmarks known;
  for (std::size_t n = 0; n < many; ++n)
    known.stands(path_of(n), {path_of(n) + "/..1/key"});
  for (std::size_t n = many; n < 2 * many; ++n)
    known.copied(path_of(n), path_of(n) + "/file");
  std::size_t looked_at = 0;
  for (std::size_t n = 0; n < 2 * many; ++n)
    looked_at += known.goes(path_of(n) + "/..0");
  // The copy that it lies in, and no neighbour but those that come behind it.
  CHECK(looked_at <= 6 * many);
  for (std::size_t n = 0; n < 2 * many; ++n)
    looked_at += known.goes(path_of(n));
  CHECK(looked_at <= 12 * many);
  CHECK_FALSE(known.has_volumes());
  CHECK_FALSE(known.doubt_of(path_of(many)));
}

TEST_CASE("what shows whether a guest has its copies is asked without going "
          "through all") {
  landmarks known;
  for (std::size_t n = 0; n < many; ++n)
    known.copied(path_of(n));
  guest_profile guest;
  guest.confined = true;
  guest.entries = true;
  const auto before = allocations;
  CHECK(known.to_ask(guest).size() == landmarks::most_asked);
  CHECK(allocations - before < 50);
}

TEST_SUITE_END();
