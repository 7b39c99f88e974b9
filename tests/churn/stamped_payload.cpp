// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/stamped_payload.hpp"

#include <sstream>
#include <utility>

namespace fsshare::churn {

namespace {

std::string stamped_text(std::uint64_t number, std::uint64_t files,
                         const std::string& path) {
  // Some of each generation are longer than those before, some shorter.
  const auto filler = (number * 7919 + path.size() * 104729) % 4096;
  auto text = std::to_string(number) + " " + std::to_string(files) + " "
              + std::to_string(filler) + " " + path + "\n"
              + std::string(filler, 'x');
  return std::move(text) + "\n" + std::to_string(number) + "\n";
}

} // namespace

const std::vector<std::string>& steady_keys() {
  static const std::vector<std::string> keys{
    "a",
    "b.conf",
    "deep/er/c",
    // Guest agents collect the two under the same temporary name.
    "tls.crt",
    "tls.key",
    "z",
  };
  return keys;
}

test::payload stamped_payload(std::uint64_t number) {
  auto paths = steady_keys();
  if (number % 2 == 0)
    paths.emplace_back("even");
  if (number % 3 == 0)
    paths.emplace_back("deep/third");
  paths.push_back("only-" + std::to_string(number % 5));
  test::payload files;
  for (const auto& path : paths)
    files[path] = {stamped_text(number, paths.size(), path)};
  return files;
}

std::optional<stamp> read_stamp(const std::string& path,
                                const std::string& content) {
  std::istringstream in{content};
  stamp out;
  std::uint64_t filler = 0;
  if (!(in >> out.number >> out.files >> filler)
      || content != stamped_text(out.number, out.files, path))
    return std::nullopt;
  return out;
}

} // namespace fsshare::churn
