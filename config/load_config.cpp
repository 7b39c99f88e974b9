// SPDX-License-Identifier: Apache-2.0
#include "config/load_config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace fsshare {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file_bytes = std::size_t{1} << 20;

error failed(const std::string& what, const std::string& path, int code) {
  return {code == ENOENT ? errc::not_found : errc::failed_precondition,
          what + " " + path + ": " + std::strerror(code)};
}

result<config_text> read_text(const std::string& path) {
  std::error_code ec;
  const auto type = fs::status(path, ec).type();
  if (type == fs::file_type::directory)
    return failed("read", path, EISDIR);
  // Opening a FIFO waits for a writer, and nothing interrupts that.
  if (fs::exists(fs::file_status{type}) && type != fs::file_type::regular)
    return error{errc::failed_precondition,
                 "read " + path + ": is no regular file"};
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return failed("open", path, errno);
  config_text out{path, std::string(max_file_bytes + 1, '\0')};
  in.read(out.text.data(), static_cast<std::streamsize>(out.text.size()));
  if (in.bad())
    return failed("read", path, EIO);
  out.text.resize(static_cast<std::size_t>(in.gcount()));
  if (out.text.size() > max_file_bytes)
    return error{errc::invalid_argument,
                 "read " + path + ": has more than 1 MiB"};
  return out;
}

/// Returns the drop-ins in the order of their names; none without a directory.
result<std::vector<std::string>> drop_ins(const fs::path& dir) {
  std::vector<std::string> found;
  std::error_code ec;
  fs::directory_iterator it{dir, ec};
  for (; !ec && it != fs::directory_iterator{}; it.increment(ec))
    if (it->path().extension() == ".json"
        && !it->path().filename().string().starts_with('.'))
      found.push_back(it->path().string());
  if (ec && ec != std::errc::no_such_file_or_directory)
    return failed("read directory", dir.string(), ec.value());
  std::sort(found.begin(), found.end());
  return found;
}

} // namespace

result<node_config> load_config(const std::string& file, config_file presence,
                                const node_config& defaults) {
  std::vector<config_text> texts;
  auto main_text = read_text(file);
  if (main_text)
    texts.push_back(*std::move(main_text));
  else if (presence == config_file::required
           || main_text.err().code != errc::not_found)
    return main_text.err();
  const auto extra = drop_ins(fs::path{file}.parent_path() / "config.d");
  if (!extra)
    return extra.err();
  for (const auto& path : *extra) {
    auto text = read_text(path);
    if (!text)
      return text.err();
    texts.push_back(*std::move(text));
  }
  return parse_config(texts, defaults);
}

} // namespace fsshare
