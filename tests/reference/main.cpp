// SPDX-License-Identifier: Apache-2.0
#include "tests/reference/api_reference.hpp"

#include <exception>
#include <iostream>
#include <iterator>
#include <string>

/// Reads descriptors and prints the reference; ./dev docs puts it into
/// docs/api.md.
int main() {
  try {
    const std::string descriptors{std::istreambuf_iterator<char>{std::cin}, {}};
    std::cout << fsshare::test::api_as_markdown(descriptors);
    return std::cout.flush() ? 0 : 1;
  } catch (const std::exception& why) {
    std::cerr << "fsshare-api-reference: " << why.what() << "\n";
    return 1;
  }
}
