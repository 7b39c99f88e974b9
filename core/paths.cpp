// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"

#include <algorithm>

namespace fsshare {

namespace {

// Returns why a component is refused, or nothing.
const char* flaw(std::string_view name) {
  if (name.empty())
    return "has an empty component or a trailing slash";
  if (name == "." || name == "..")
    return "has a '.' or '..' component";
  if (name.size() > max_name_bytes)
    return "has a component of more than 255 bytes";
  return nullptr;
}

const char* path_flaw(std::string_view path) {
  if (path.empty())
    return "is empty";
  if (path.front() != '/')
    return "is not absolute";
  if (path.find('\0') != std::string_view::npos)
    return "has a NUL byte";
  if (path.size() > max_path_bytes)
    return "has more than 4095 bytes";
  if (path == "/")
    return nullptr;
  for (size_t begin = 1; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    if (const auto* why = flaw(path.substr(begin, end - begin)))
      return why;
    begin = end + 1;
  }
  return path.back() == '/' ? flaw({}) : nullptr;
}

} // namespace

status check_path(std::string_view what, std::string_view path) {
  const auto* why = path_flaw(path);
  if (why == nullptr)
    return unit{};
  // A sentence, not a dump: what is too long is cut.
  auto shown = std::string{path.substr(0, 128)};
  for (auto& c : shown)
    if (static_cast<unsigned char>(c) < 0x20)
      c = '?';
  return error{errc::invalid_argument,
               std::string{what} + " '" + shown + "' " + why};
}

std::string normal_path(std::string_view path) {
  std::string out;
  for (size_t begin = 0; begin < path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto name = path.substr(begin, end - begin);
    if (!name.empty() && name != ".")
      out.append("/").append(name);
    begin = end + 1;
  }
  return out.empty() ? "/" : out;
}

std::string join(std::string_view dir, std::string_view name) {
  std::string out{dir};
  if (name.empty())
    return out;
  if (!out.empty() && out.back() != '/')
    out += '/';
  return out.append(name);
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string_view parent_path(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos)
    return {};
  return path.substr(0, slash == 0 ? 1 : slash);
}

std::string_view first_component(std::string_view path) {
  return path.substr(0, path.find('/'));
}

bool is_below(std::string_view path, std::string_view dir) {
  if (dir == "/")
    return path.size() > 1 && path.front() == '/';
  return path.size() > dir.size() + 1 && path.starts_with(dir)
         && path[dir.size()] == '/';
}

} // namespace fsshare
