// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp_dir.hpp"

#include "core/paths.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace fsshare::test {

namespace fs = std::filesystem;

namespace {

// Memory, where there is some: thousands of scenarios make and remove thousands
// of files each.
fs::path parent() {
  const char* wanted = std::getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe)
  if (wanted == nullptr && fs::is_directory("/dev/shm"))
    return "/dev/shm";
  return fs::temp_directory_path();
}

} // namespace

temp_dir::temp_dir() {
  auto name = (parent() / "fsshare-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("mkdtemp " + name);
  path_ = std::move(name);
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string temp_dir::operator/(std::string_view name) const {
  return join(path_, name);
}

std::string temp_dir::write(std::string_view name,
                            std::string_view text) const {
  auto file = *this / name;
  fs::create_directories(fs::path{file}.parent_path());
  std::ofstream out{file, std::ios::binary};
  out << text;
  if (!out.flush())
    throw std::runtime_error("write " + file);
  return file;
}

std::string temp_dir::make_dir(std::string_view name) const {
  auto dir = *this / name;
  fs::create_directories(dir);
  return dir;
}

std::string read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    throw std::runtime_error("open " + path);
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace fsshare::test
