// SPDX-License-Identifier: Apache-2.0
#include "tests/vectors/share_tree.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace fsshare::test {

namespace fs = std::filesystem;

namespace {

// Longer ones were recorded as their hash.
constexpr std::size_t longest_listed = 4096;

void must(int returned, const std::string& what) {
  if (returned < 0)
    throw std::runtime_error(what);
}

void give(const std::string& path, const share_entry& entry) {
  if (::geteuid() == 0)
    must(::lchown(path.c_str(), entry.uid, entry.gid), "lchown " + path);
}

void build(const std::string& path, const share_entry& entry) {
  switch (entry.mode & static_cast<unsigned>(S_IFMT)) {
  case S_IFLNK:
    fs::create_symlink(entry.target, path);
    give(path, entry);
    return;
  case S_IFIFO: must(::mkfifo(path.c_str(), 0600), "mkfifo " + path); break;
  case S_IFREG: std::ofstream{path, std::ios::binary} << entry.data; break;
  default: fs::create_directory(path); break;
  }
  give(path, entry);
  must(::chmod(path.c_str(), entry.mode & 07777U), "chmod " + path);
}

std::string read_whole(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

// By coreutils: nothing else in the project needs a hash.
std::string sha256_of(const std::string& file) {
  const auto command = "sha256sum '" + file + "'";
  auto* pipe = ::popen(command.c_str(), "r"); // NOLINT(cert-env33-c)
  std::array<char, 65> text{};
  const auto got = std::fread(text.data(), 1, 64, pipe);
  ::pclose(pipe);
  return {text.data(), got};
}

share_entry look_at(const fs::path& path, const std::string& name) {
  struct stat found {};
  must(::lstat(path.c_str(), &found), "lstat " + path.string());
  share_entry out;
  out.path = name;
  out.mode = found.st_mode;
  out.uid = found.st_uid;
  out.gid = found.st_gid;
  if (S_ISLNK(found.st_mode))
    out.target = fs::read_symlink(path).string();
  else if (S_ISREG(found.st_mode) && fs::file_size(path) > longest_listed)
    out.sha256 = sha256_of(path);
  else if (S_ISREG(found.st_mode))
    out.data = read_whole(path);
  return out;
}

// Bytes that a terminal would swallow are shown as `\00`.
std::string printable(const std::string& text) {
  std::string out;
  for (const auto c : text)
    if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 4> code{};
      static_cast<void>(std::snprintf(code.data(), code.size(), "\\%02x",
                                      static_cast<unsigned char>(c)));
      out += code.data();
    } else {
      out += c;
    }
  return out;
}

std::string describe(const share_entry& entry, owners how) {
  std::array<char, 64> head{};
  const auto owner = how == owners::compared;
  static_cast<void>(std::snprintf(head.data(), head.size(), "%06o %u:%u ",
                                  entry.mode, owner ? entry.uid : 0,
                                  owner ? entry.gid : 0));
  auto out = head.data() + entry.path;
  if (!entry.target.empty())
    return out + " -> " + printable(entry.target);
  if (!entry.sha256.empty())
    return out + " sha256 " + entry.sha256;
  return out + " '" + printable(entry.data) + "'";
}

} // namespace

void reset_share(const std::string& root) {
  for (const auto& entry : fs::directory_iterator{root})
    fs::remove_all(entry.path());
  must(::chmod(root.c_str(), 0755), "chmod " + root);
  if (::geteuid() == 0)
    must(::chown(root.c_str(), 0, 0), "chown " + root);
}

void build_share(const std::string& root,
                 const std::vector<share_entry>& entries) {
  for (const auto& entry : entries)
    build(root + "/" + entry.path, entry);
}

std::vector<share_entry> list_share(const std::string& root) {
  std::vector<share_entry> out;
  for (const auto& entry : fs::recursive_directory_iterator{root})
    out.push_back(
      look_at(entry.path(), entry.path().string().substr(root.size() + 1)));
  return out;
}

share_entry look_at_root(const std::string& root) {
  return look_at(root, "");
}

std::string describe(const std::vector<share_entry>& entries, owners how) {
  auto sorted = entries;
  std::sort(sorted.begin(), sorted.end(), [](const auto& x, const auto& y) {
    return x.path < y.path;
  });
  std::string out;
  for (const auto& entry : sorted)
    out += describe(entry, how) + "\n";
  return out;
}

} // namespace fsshare::test
