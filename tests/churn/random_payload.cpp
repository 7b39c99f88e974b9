// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/random_payload.hpp"

#include <array>
#include <iterator>
#include <string>
#include <string_view>

namespace fsshare::churn {

namespace {

constexpr std::array<std::string_view, 14> ordinary_keys{
  "log.level",
  "motd",
  "empty",
  "server/listen",
  "server/tls/ca.crt",
  "server/tls/ca.key",
  // Guest agents collect the two under the same temporary name.
  "tls.crt",
  "tls.key",
  "deep/er/and/deeper.yaml",
  // A file at one time, a directory at another.
  "extra",
  "extra/flags/beta",
  ".hidden",
  "-dash and space",
  "\xc3\xbcmlaut.conf",
};

constexpr std::string_view tmp_key = "tls.tmp";
constexpr std::string_view large_key = "large.bin";
constexpr std::size_t large_size = std::size_t{1} << 20;

/// Text that no other rotation has, so that a copy of an old one shows.
std::string random_text(random_source& from, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(size + 16);
  while (out.size() < size) {
    auto word = from();
    for (int i = 0; i < 16; ++i, word >>= 4)
      out += digits[word & 15U];
  }
  out.resize(size);
  return out;
}

test::payload_file random_file(random_source& from, std::string_view key,
                               const payload_rules& rules) {
  constexpr std::array<mode_t, 6> modes{0644, 0644, 0600, 0400, 0440, 0755};
  constexpr std::array<std::size_t, 4> sizes{1, 40, 300, 5000};
  test::payload_file out;
  if (key == large_key)
    out.content = random_text(from, large_size);
  else if (key != "empty")
    out.content = random_text(from, sizes.at(pick(from, sizes.size()))) + "\n";
  if (key == tmp_key)
    return out;
  out.mode = modes.at(pick(from, modes.size()));
  if (rules.with_users && once_in(from, 2))
    out.user = static_cast<uid_t>(1000 + pick(from, 2));
  return out;
}

/// A key cannot be below another, nor above it.
void erase_in_the_way(test::payload& files, std::string_view key) {
  const auto is_parent = [](std::string_view dir, std::string_view path) {
    return path.size() > dir.size() && path.starts_with(dir)
           && path[dir.size()] == '/';
  };
  std::erase_if(files, [&](const auto& entry) {
    return is_parent(entry.first, key) || is_parent(key, entry.first);
  });
}

void put_random_key(test::payload& files, random_source& from,
                    const payload_rules& rules) {
  auto key = ordinary_keys.at(pick(from, ordinary_keys.size()));
  if (rules.with_tmp && once_in(from, 6))
    key = tmp_key;
  erase_in_the_way(files, key);
  files[std::string{key}] = random_file(from, key, rules);
}

void delete_random_key(test::payload& files, random_source& from) {
  const auto at = std::next(
    files.begin(), static_cast<std::ptrdiff_t>(pick(from, files.size())));
  if (at->first != "log.level" && at->first != large_key)
    files.erase(at);
}

} // namespace

std::uint64_t pick(random_source& from, std::uint64_t count) {
  // Not a distribution of the library: those differ from one to the next.
  return from() % count;
}

bool once_in(random_source& from, std::uint64_t count) {
  return pick(from, count) == 0;
}

test::payload first_payload(random_source& from, const payload_rules& rules) {
  test::payload files;
  files["log.level"] = random_file(from, "log.level", rules);
  if (rules.with_large)
    files[std::string{large_key}] = random_file(from, large_key, rules);
  for (auto more = pick(from, ordinary_keys.size()); more != 0; --more)
    put_random_key(files, from, rules);
  return files;
}

void change_payload(test::payload& files, random_source& from,
                    const payload_rules& rules) {
  files["log.level"] = random_file(from, "log.level", rules);
  for (auto more = pick(from, 4); more != 0; --more)
    put_random_key(files, from, rules);
  if (once_in(from, 2))
    delete_random_key(files, from);
  if (const auto large = files.find(std::string{large_key});
      large != files.end() && once_in(from, 2))
    large->second = random_file(from, large_key, rules);
}

} // namespace fsshare::churn
