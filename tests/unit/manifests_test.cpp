// SPDX-License-Identifier: Apache-2.0

#include "config/parse_config.hpp"
#include "core/paths.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <map>
#include <sstream>
#include <string>
#include <vector>

// The plain manifests are written by `./dev chart --write`, one field a line,
// and
// `./dev chart` checks them with Kubernetes' own types. Here is what must hold
// where it cannot run.

TEST_SUITE_BEGIN("docs/manifests");

using namespace fsshare;

namespace {

const std::string daemon_set = "deploy/kubernetes/30-daemonset.yaml";
const std::string config_map = "deploy/kubernetes/20-configmap.yaml";

/// The fields of one entry of a list.
using fields = std::map<std::string, std::string>;

std::size_t indent_of(const std::string& line) {
  return line.find_first_not_of(' ');
}

/// Returns what is below the one line that is `key`, without its indentation.
std::vector<std::string> block(const std::string& text,
                               const std::string& key) {
  std::istringstream lines{text};
  std::vector<std::string> found;
  std::size_t outer = std::string::npos;
  for (std::string line; std::getline(lines, line);) {
    const auto indent = indent_of(line);
    if (indent == std::string::npos)
      continue;
    if (outer != std::string::npos && indent > outer)
      found.push_back(line.substr(outer + 2));
    else
      outer = line.substr(indent) == key ? indent : std::string::npos;
  }
  return found;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines)
    text += line + "\n";
  return text;
}

/// Returns the entries of a list whose entries are maps; deeper maps are flat.
std::vector<fields> entries(const std::vector<std::string>& lines) {
  std::vector<fields> found;
  for (auto line : lines) {
    if (line.starts_with("- ")) {
      found.emplace_back();
      line.replace(0, 1, " ");
    }
    const auto begin = indent_of(line);
    const auto colon = line.find(':');
    if (found.empty() || colon == std::string::npos)
      continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    found.back()[line.substr(begin, colon - begin)]
      = value == std::string::npos ? "" : line.substr(value);
  }
  return found;
}

/// What a DaemonSet mounts, by the path in the container.
struct mounts {
  std::map<std::string, fields> by_path;
  std::map<std::string, std::string> host_paths;
};

mounts mounts_of(const std::string& text) {
  mounts found;
  for (const auto& mount : entries(block(text, "volumeMounts:")))
    found.by_path[mount.at("mountPath")] = mount;
  for (const auto& volume : entries(block(text, "volumes:")))
    if (const auto path = volume.find("path"); path != volume.end())
      found.host_paths[volume.at("name")] = path->second;
  return found;
}

/// Returns why fsshared would not have `path` of the host, or nothing.
std::string trouble(const mounts& given, const std::string& path,
                    const std::string& propagation) {
  const auto at = given.by_path.find(path);
  if (at == given.by_path.end())
    return path + " is not mounted";
  const auto& mount = at->second;
  const auto host = given.host_paths.find(mount.at("name"));
  if (host == given.host_paths.end() || host->second != path)
    return path + " is not the host's";
  const auto flow = mount.find("mountPropagation");
  if ((flow == mount.end() ? "" : flow->second) != propagation)
    return path + " has another propagation";
  return mount.contains("readOnly") ? path + " is read-only" : "";
}

/// Returns what a DaemonSet lacks that fsshared needs.
std::string troubles(const std::string& text, const node_config& config) {
  const auto given = mounts_of(text);
  std::string all
    = trouble(given, std::string{parent_path(config.api.socket)}, "");
  all += trouble(given, config.share.root, "Bidirectional");
  for (const auto& root : config.volumes.kubelet_roots)
    all += trouble(given, root, "HostToContainer");
  for (const char* line : {"hostPID: true\n", "privileged: true\n"})
    if (text.find(line) == std::string::npos)
      all += std::string{"without "} + line;
  return all;
}

std::string replaced(std::string text, const std::string& from,
                     const std::string& to) {
  const auto at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

} // namespace

TEST_CASE(
  "the plain manifests configure what fsshared does by default, but serve "
  "probes where the kubelet reaches them") {
  const auto text
    = joined(block(test::read_file(config_map), "config.json: |"));
  const auto parsed = parse_config({{"config.json", text}}, {});
  REQUIRE_MESSAGE(parsed, parsed.err().message);
  // The kubelet does not reach the loopback address of a pod.
  node_config of_a_pod;
  CHECK(of_a_pod.http.listen == "127.0.0.1:10260");
  of_a_pod.http.listen = "0.0.0.0:10260";
  CHECK(*parsed == of_a_pod);
  const auto other = parse_config(
    {{"config.json", replaced(text, "/run/fsshare", "/run/other")}}, {});
  REQUIRE(other);
  CHECK(*other != of_a_pod);
}

TEST_CASE(
  "the plain manifests give fsshared the host's paths of its defaults") {
  const node_config config;
  const auto text = test::read_file(daemon_set);
  CHECK(troubles(text, config) == "");
  SUBCASE("a share root whose mounts stay in the container is noticed") {
    CHECK(troubles(
            replaced(text, "Propagation: Bidirectional", "Propagation: None"),
            config)
          == config.share.root + " has another propagation");
  }
  SUBCASE("a kubelet root that is read-only is noticed") {
    const std::string mount = "mountPath: /var/lib/kubelet\n";
    CHECK(
      troubles(replaced(text, mount, mount + "              readOnly: true\n"),
               config)
      == "/var/lib/kubelet is read-only");
  }
  SUBCASE("a socket's directory that is not the host's is noticed") {
    CHECK(troubles(replaced(text, "path: /run/fsshare", "path: /tmp"), config)
          == "/run/fsshare is not the host's");
  }
  SUBCASE("a path that is not mounted is noticed") {
    auto other = config;
    other.volumes.kubelet_roots.emplace_back("/srv/kubelet");
    CHECK(troubles(text, other) == "/srv/kubelet is not mounted");
  }
  SUBCASE("a container without the host's processes is noticed") {
    CHECK(troubles(replaced(text, "hostPID: true", "hostPID: false"), config)
          == "without hostPID: true\n");
  }
}
