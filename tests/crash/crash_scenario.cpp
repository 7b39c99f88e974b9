// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/crash_scenario.hpp"

#include "tests/support/tree_text.hpp"
#include "json/journal_json.hpp"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>

namespace fsshare::test {

namespace {

constexpr const char* sandbox = "sb";

// Names of shares have a random part, tables numbers.
std::string normal(const std::string& text) {
  static const std::regex random_part{"-[0-9a-f]{16}-"};
  return std::regex_replace(text, random_part, "-R-");
}

// By names whose random part is left out.
std::string sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    lines.push_back(line + "\n");
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const auto& line : lines)
    out += line;
  return out;
}

template <class Reply>
status done(const result<Reply>& got) {
  return got ? status{unit{}} : status{got.err()};
}

std::string words_for(const mounted_entry& mount) {
  return normal(mount.mount_point) + " is " + normal(mount.root) + " of "
         + mount.fs_type + " (" + mount.options + ")"
         + (mount.peer_group != 0 ? " shared" : "")
         + (mount.master != 0 ? " slave" : "");
}

std::vector<std::string> describe_mounts() {
  std::vector<std::string> out;
  for (const auto& mount : mount_table())
    out.push_back(words_for(mount));
  std::sort(out.begin(), out.end());
  return out;
}

std::string describe_states(const std::string& dir) {
  std::string out;
  for (const auto& file : std::filesystem::directory_iterator{dir}) {
    out += file.path().filename().string() + ":\n";
    const auto read = parse_journal(read_file(file.path()));
    if (!read)
      out += read.err().message + "\n";
    else
      for (const auto& record : read->sandbox.records())
        out += render_journal_record(record);
  }
  // Checksums are of names with random parts.
  static const std::regex checksum{"\"crc\":\"[0-9a-f]{8}\""};
  return sorted_lines(normal(std::regex_replace(out, checksum, "\"crc\"")));
}

std::string describe_answers(killed_node& node) {
  auto client = node.connect();
  const auto list = client.list_sandboxes();
  std::string out = list ? list->DebugString() : list.err().message;
  v1::GetSandboxRequest request;
  request.set_sandbox_id(sandbox);
  auto got = client.call<v1::GetSandboxReply>("GetSandbox", request);
  if (!got)
    return out + got.err().message;
  // In the order of their random names.
  auto& shares = *got->mutable_shares();
  std::sort(shares.begin(), shares.end(), [](const auto& x, const auto& y) {
    return x.container_id() + x.mount().destination()
           < y.container_id() + y.mount().destination();
  });
  return normal(out + got->DebugString());
}

status unshare(control_client& client, const std::string& destination) {
  v1::UnshareFileRequest request;
  request.set_sandbox_id(sandbox);
  request.set_container_id("c1");
  request.set_destination(destination);
  return done(client.call<v1::UnshareFileReply>("UnshareFile", request));
}

status share_block_rootfs(control_client& client) {
  v1::ShareRootFilesystemRequest request;
  request.set_sandbox_id(sandbox);
  request.set_container_id("c3");
  request.mutable_rootfs()->set_suffix("rootfs");
  auto& block = *request.mutable_block();
  block.set_driver("virtio-blk");
  block.set_fstype("ext4");
  block.set_pci_path("02");
  return done(client.share_rootfs(request));
}

status share_following(control_client& client, const std::string& source) {
  v1::ShareFileRequest request;
  request.set_sandbox_id(sandbox);
  request.set_container_id("c2");
  auto& mount = *request.mutable_mount();
  mount.set_source(source);
  mount.set_destination("/etc/followed");
  mount.set_type("bind");
  mount.set_read_only(true);
  for (const auto* option : {"rbind", "rslave"})
    mount.add_options(option);
  return done(client.call<v1::ShareFileReply>("ShareFile", request));
}

status prepare(control_client& client, const std::string& bind) {
  v1::PrepareRequest request;
  request.set_sandbox_id(sandbox);
  request.set_mode(v1::SHARING_MODE_SHARED_FILESYSTEM);
  request.add_sandbox_binds()->set_source(bind);
  return done(client.call<v1::PrepareReply>("Prepare", request));
}

} // namespace

std::string difference(const observation& x, const observation& y) {
  std::string out;
  if (x.mounts != y.mounts) {
    out += "mounts:\n";
    for (const auto& each : x.mounts)
      if (std::count(y.mounts.begin(), y.mounts.end(), each)
          != std::count(x.mounts.begin(), x.mounts.end(), each))
        out += "- " + each + "\n";
    for (const auto& each : y.mounts)
      if (std::count(x.mounts.begin(), x.mounts.end(), each)
          != std::count(y.mounts.begin(), y.mounts.end(), each))
        out += "+ " + each + "\n";
  }
  if (x.files != y.files)
    out += "files:\n" + x.files + "=====\n" + y.files;
  if (x.states != y.states)
    out += "states:\n" + x.states + "=====\n" + y.states;
  if (x.answers != y.answers)
    out += "answers:\n" + x.answers + "=====\n" + y.answers;
  return out;
}

void make_crash_sources(const private_mounts& work) {
  work.write("source/key", "value");
  work.mount_tmpfs("source/inner");
  work.write("source/inner/key", "inner");
  work.write("volumes/kubernetes.io~configmap/small/a", "1");
  work.make_dir("rootfs/bin");
  work.write("binds/common/file", "common");
}

std::vector<operation> crash_operations(const private_mounts& work) {
  const auto share = [](const std::string& container, const std::string& source,
                        const std::string& destination, bool read_only) {
    return [=](control_client& client) {
      return done(
        client.share(sandbox, container, source, destination, read_only));
    };
  };
  return {
    {"Prepare",
     [bind = work / "binds/common"](control_client& client) {
       return prepare(client, bind);
     },
     false, true},
    {"ShareFile of a directory", share("c1", work / "source", "/etc/ro", true)},
    {"ShareFile of a file",
     share("c1", work / "source/key", "/etc/key", false)},
    {"ShareFile of a volume",
     share("c2", work / "volumes/kubernetes.io~configmap/small", "/etc/cm",
           true)},
    {"ShareRootFilesystem",
     [source = work / "rootfs"](control_client& client) {
       return done(client.share_rootfs(sandbox, "c1", source));
     }},
    {"ShareRootFilesystem of a block device", share_block_rootfs},
    {"ShareFile of what follows the host",
     [source = work / "source"](control_client& client) {
       return share_following(client, source);
     }},
    {"StartFileEventWatcher",
     [](control_client& client) {
       return client.run_watcher(sandbox, true);
     }},
    {"UnshareFile",
     [](control_client& client) {
       return unshare(client, "/etc/ro");
     }},
    {"ShareFile of the same again",
     share("c1", work / "source", "/etc/ro", true)},
    {"UnshareRootFilesystem",
     [](control_client& client) {
       return done(client.unshare_rootfs(sandbox, "c3"));
     }},
    {"UnshareContainer",
     [](control_client& client) {
       return done(client.unshare_container(sandbox, "c1"));
     },
     true},
    {"Cleanup",
     [](control_client& client) {
       return done(client.cleanup(sandbox));
     }},
  };
}

observation observe(const private_mounts& work, killed_node& node) {
  // First, since it waits for what is still to be recorded.
  auto answers = describe_answers(node);
  // Where a reader outlives its process a little, a file takes the place of
  // the lock on the share root.
  tree_text_options options;
  options.leave_out = [](const std::string& path) {
    return path.starts_with(".share.lock-");
  };
  return {describe_mounts(),
          sorted_lines(normal(describe_tree(work.path(), options))),
          describe_states(node.state_dir()), std::move(answers)};
}

std::map<std::string, std::uint64_t> mount_ids() {
  std::map<std::string, std::uint64_t> out;
  for (const auto& mount : mount_table())
    out[normal(mount.mount_point)] = mount.id;
  return out;
}

} // namespace fsshare::test
