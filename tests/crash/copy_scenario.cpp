// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/copy_scenario.hpp"

#include "tests/support/tree_text.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <regex>
#include <thread>
#include <utility>

namespace fsshare::test {

namespace fs = std::filesystem;

namespace {

constexpr const char* sandbox = "sb";
constexpr const char* pod
  = "pods/0f6a7c1e-1111-2222-3333-444455556666/volumes/";
constexpr std::chrono::milliseconds unanswered{150};

std::string normal(const std::string& text) {
  static const std::regex random_part{"-[0-9a-f]{16}-"};
  return std::regex_replace(text, random_part, "-R-");
}

// A generation has the host's name, perhaps with the number of its try.
std::string host_name(const std::string& generation) {
  static const std::regex attempt{"\\.[0-9]{1,2}$"};
  return std::regex_replace(generation, attempt, "");
}

std::string joined(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const auto& line : lines)
    out += line + "\n";
  return out;
}

// What is found by the links of a volume.
std::string volume_text(const fs::path& root) {
  const auto live = fs::read_symlink(root / "..data").string();
  std::string out
    = "generation " + host_name(live) + "\n" + describe_tree(root / live);
  std::vector<std::string> others;
  for (const auto& entry : fs::directory_iterator{root}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(".."))
      continue;
    others.push_back(entry.is_symlink()
                       ? name + " -> " + fs::read_symlink(entry).string()
                       : name);
  }
  return out + joined(std::move(others));
}

std::string share_text(const fs::path& path) {
  if (fs::is_symlink(path / "..data"))
    return volume_text(path);
  if (fs::is_directory(path))
    return describe_tree(path);
  return read_file(path);
}

std::string status_text(const v1::GetSandboxReply& reply) {
  std::vector<std::string> lines;
  for (const auto& share : reply.shares())
    lines.push_back("share " + share.container_id() + " "
                    + share.mount().destination() + " "
                    + normal(share.guest_path()) + " " + share.category()
                    + (share.ready() ? " ready" : " not ready"));
  for (const auto& volume : reply.volumes())
    for (const auto& at : volume.destinations())
      lines.push_back("volume " + normal(at.guest_path()) + " "
                      + host_name(at.guest_generation()) + " "
                      + std::to_string(at.kept_generations_size())
                      + (at.current() ? " current" : " not current"));
  const auto& shown = reply.sandbox();
  lines.push_back(std::to_string(shown.pending_size()) + " leftovers");
  lines.emplace_back(shown.watcher_running() ? "followed" : "not followed");
  return joined(std::move(lines));
}

template <class Reply>
status done(const result<Reply>& got) {
  return got ? status{unit{}} : status{got.err()};
}

result<v1::GetSandboxReply> look(control_client& client) {
  v1::GetSandboxRequest request;
  request.set_sandbox_id(sandbox);
  return client.call<v1::GetSandboxReply>("GetSandbox", request);
}

} // namespace

copy_scenario::copy_scenario(guest_process& guest) : guest_(guest) {
  dir_.make_dir("share");
  add_volume("configmap/cm", {{"a", {"1"}}, {"gone", {"1"}}});
  add_volume("projected/nested", {{"d/e/f", {"1"}}, {"d/g", {"1"}}});
  add_volume("secret/sealed", {{"token", {"sealed.jws.1"}}});
  dir_.write("tree/file", "text");
  dir_.write("tree/sub/file", "text");
  dir_.write("hosts", "127.0.0.1 localhost\n");
  dir_.write(std::string{pod} + "kubernetes.io~empty-dir/cache/seed", "seed");
  const auto volume = [this](const std::string& name) {
    const auto slash = name.find('/');
    return dir_
           / (std::string{pod} + "kubernetes.io~" + name.substr(0, slash)
              + name.substr(slash));
  };
  const auto share = [](const std::string& container, const std::string& source,
                        const std::string& destination, bool read_only) {
    return [=](control_client& client) {
      return done(
        client.share(sandbox, container, source, destination, read_only));
    };
  };
  const auto scratch
    = dir_.make_dir(std::string{pod} + "kubernetes.io~empty-dir/scratch");
  const auto cache
    = dir_ / (std::string{pod} + "kubernetes.io~empty-dir/cache");
  operations_ = {
    {"Prepare",
     [address = to_string(guest.address())](control_client& client) {
       return done(client.prepare_copy(sandbox, address, "/local"));
     }},
    {"ShareFile of a ConfigMap",
     share("c1", volume("configmap/cm"), "/etc/cm", true)},
    {"ShareFile of a nested volume",
     share("c1", volume("projected/nested"), "/etc/nested", true)},
    {"ShareFile of a sealed secret",
     share("c1", volume("secret/sealed"), "/etc/sealed", true)},
    {"ShareFile of a directory", share("c1", dir_ / "tree", "/tree", true)},
    {"ShareFile of a file", share("c1", dir_ / "hosts", "/etc/hosts", false)},
    {"ShareFile of an emptyDir", share("c1", cache, "/cache", false)},
    {"ShareFile of it with another container",
     share("c2", cache, "/cache", false)},
    {"ShareFile of an emptyDir without contents",
     share("c1", scratch, "/scratch", false)},
    {"ShareFile of it with another container, when it has some",
     [=, this](control_client& client) {
       dir_.write(std::string{pod} + "kubernetes.io~empty-dir/scratch/late",
                  "x");
       return share("c2", scratch, "/scratch", false)(client);
     }},
    {"a rotation",
     [this](control_client&) {
       return rotate("configmap/cm", {{"a", {"2"}}, {"new", {"2"}}});
     }},
    {"a rotation of a nested volume",
     [this](control_client&) {
       return rotate("projected/nested", {{"d/e/f", {"2"}}, {"h", {"2"}}});
     }},
    {"a rotation of a sealed secret",
     [this](control_client&) {
       return rotate("secret/sealed", {{"token", {"sealed.jws.2"}}});
     }},
    {"StopFileEventWatcher",
     [](control_client& client) {
       return client.run_watcher(sandbox, false);
     }},
    {"StartFileEventWatcher",
     [](control_client& client) {
       return client.run_watcher(sandbox, true);
     }},
    {"UnshareFile",
     [](control_client& client) {
       v1::UnshareFileRequest request;
       request.set_sandbox_id(sandbox);
       request.set_container_id("c1");
       request.set_destination("/etc/cm");
       return done(client.call<v1::UnshareFileReply>("UnshareFile", request));
     }},
    {"ShareFile of the same again",
     share("c1", volume("configmap/cm"), "/etc/cm", true)},
    {"UnshareContainer",
     [](control_client& client) {
       return done(client.unshare_container(sandbox, "c1"));
     }},
    {"UnshareContainer of the other",
     [](control_client& client) {
       return done(client.unshare_container(sandbox, "c2"));
     }},
    {"Cleanup",
     [](control_client& client) {
       return done(client.cleanup(sandbox));
     }},
  };
}

void copy_scenario::add_volume(const std::string& name, const payload& files) {
  const auto made = dir_.make_dir(std::string{pod} + "kubernetes.io~" + name);
  kubelets_.try_emplace(name, made, kubelet_order::from_1_27)
    .first->second.rotate(files);
}

// Once, however often it is asked for.
status copy_scenario::rotate(const std::string& name, const payload& files) {
  kubelets_.at(name).rotate(files);
  return unit{};
}

std::string copy_scenario::guest_text() const {
  try {
    std::vector<std::string> shares;
    for (const auto& entry : fs::directory_iterator{guest_.root()})
      shares.push_back(normal(entry.path().filename().string()) + ":\n"
                       + share_text(entry.path()));
    return joined(std::move(shares));
  } catch (const std::exception& changing) {
    return std::string{"it is changing: "} + changing.what();
  }
}

std::string copy_scenario::observe(killed_node& node) const {
  try {
    auto client = node.connect();
    const auto shown = look(client);
    return guest_text()
           + (shown ? status_text(*shown) : normal(shown.err().message));
  } catch (const std::runtime_error&) {
    return {};
  }
}

void copy_scenario::await_rest(killed_node& node) const {
  std::string last;
  // As long as it changes, or something is not as it is to be.
  static_cast<void>(eventually([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{60});
    auto now = observe(node);
    const bool rests = now == last
                       && now.find("not current") == std::string::npos
                       && now.find("it is changing") == std::string::npos;
    last = std::move(now);
    return rests;
  }));
}

void copy_scenario::begin_unanswered(const operation& what, killed_node& node) {
  // It fails when the node agent is killed.
  std::thread caller{[&what, socket = node.socket()] {
    try {
      control_client client{socket};
      static_cast<void>(what.call(client));
    } catch (const std::runtime_error&) {
      // That is so.
    }
  }};
  std::this_thread::sleep_for(unanswered);
  node.program().signal(SIGKILL);
  caller.join();
}

void copy_scenario::forget_empty_dirs() const {
  for (const auto& entry : fs::directory_iterator{guest_.root()})
    if (fs::exists(entry.path() / "seed"))
      fs::remove_all(entry.path());
}

std::vector<std::string> copy_scenario::names_in(const std::string& dir) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{dir})
    names.push_back(entry.path().filename().string());
  return names;
}

} // namespace fsshare::test
