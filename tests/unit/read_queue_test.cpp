#include "core/read_queue.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace fsshare;

namespace {

std::vector<std::uint64_t> begin_all(read_queue& queue) {
  std::vector<std::uint64_t> begun;
  while (const auto next = queue.next())
    begun.push_back(next->read);
  return begun;
}

using reads = std::vector<std::uint64_t>;

} // namespace

TEST_SUITE_BEGIN("core/read_queue");

TEST_CASE("reads begin in their order while there are readers") {
  read_queue queue{2};
  CHECK_FALSE(queue.next());
  for (std::uint64_t read = 1; read <= 3; ++read)
    queue.add(read, read_class::volume, "");
  CHECK(begin_all(queue) == reads{1, 2});
  queue.done(0);
  CHECK(begin_all(queue) == reads{3});
}

TEST_CASE("slow trees leave readers for entries and volumes, and slow entries "
          "leave one for volumes") {
  read_queue queue{4};
  std::uint64_t read = 0;
  for (int n = 0; n < 5; ++n)
    queue.add(++read, read_class::tree, "");
  CHECK(begin_all(queue) == reads{1, 2});
  for (int n = 0; n < 3; ++n)
    queue.add(++read, read_class::entry, "");
  CHECK(begin_all(queue) == reads{6});
  for (int n = 0; n < 3; ++n)
    queue.add(++read, read_class::volume, "");
  CHECK(begin_all(queue) == reads{9});
  // The reader of the first tree takes what came first and may begin.
  queue.done(0);
  CHECK(begin_all(queue) == reads{3});
}

TEST_CASE("few readers serve every class") {
  for (const std::size_t readers : {1U, 2U}) {
    CAPTURE(readers);
    read_queue queue{readers};
    queue.add(1, read_class::tree, "");
    queue.add(2, read_class::tree, "");
    CHECK(begin_all(queue) == reads{1});
    queue.done(0);
    CHECK(begin_all(queue) == reads{2});
  }
}

TEST_CASE("reads of one key are done one after the other, others overtake") {
  read_queue queue{3};
  queue.add(1, read_class::volume, "a");
  queue.add(2, read_class::volume, "a");
  queue.add(3, read_class::volume, "b");
  queue.add(4, read_class::volume, "a");
  CHECK(begin_all(queue) == reads{1, 3});
  queue.done(0);
  CHECK(begin_all(queue) == reads{2});
  queue.done(0);
  CHECK(begin_all(queue) == reads{4});
}

TEST_CASE("a reader that is lost gets nothing more, its key goes on") {
  read_queue queue{2};
  queue.add(1, read_class::volume, "a");
  queue.add(2, read_class::volume, "a");
  CHECK(begin_all(queue) == reads{1});
  queue.lost(0);
  const auto next = queue.next();
  REQUIRE(next);
  CHECK(next->read == 2);
  CHECK(next->reader == 1);
  CHECK(queue.has_readers());
  queue.lost(1);
  queue.lost(1);
  CHECK_FALSE(queue.has_readers());
  queue.add(3, read_class::volume, "");
  CHECK_FALSE(queue.next());
}

TEST_CASE("every read is done once, and no key by two readers") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto pick = [&random](std::size_t n) {
      return random() % n;
    };
    const auto readers = 1 + pick(4);
    read_queue queue{readers};
    std::map<std::uint64_t, std::string> keys;
    std::map<std::size_t, std::uint64_t> running;
    std::map<std::string, std::uint64_t> last_of_key;
    std::set<std::uint64_t> seen;
    std::uint64_t read = 0;
    for (int n = 0; n < 300 || seen.size() < keys.size();) {
      if (n < 300 && pick(2) == 0) {
        ++n;
        const auto key
          = pick(2) == 0 ? "" : std::string{"abc"}.substr(pick(3), 1);
        keys[++read] = key;
        queue.add(read, static_cast<read_class>(pick(3)), key);
      } else if (const auto next = queue.next()) {
        CHECK_FALSE(running.contains(next->reader));
        CHECK(seen.insert(next->read).second);
        const auto& key = keys[next->read];
        for (const auto& [reader, other] : running)
          CHECK((key.empty() || keys[other] != key));
        if (!key.empty())
          CHECK(last_of_key[key] < next->read);
        last_of_key[key] = next->read;
        running[next->reader] = next->read;
      } else if (!running.empty()) {
        const auto ended = running.begin()->first;
        running.erase(ended);
        queue.done(ended);
      }
    }
    CHECK(seen.size() == keys.size());
  }
}

TEST_SUITE_END();
