// SPDX-License-Identifier: Apache-2.0
#include "tests/support/hanging_fuse.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace fsshare::test {

namespace {

constexpr std::size_t largest_request = std::size_t{1} << 17;
constexpr int poll_ms = 20;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error{errno, std::generic_category(), what};
}

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

template <class T>
T body_of(const std::vector<char>& request) {
  T out{};
  std::memcpy(&out, request.data() + sizeof(fuse_in_header), sizeof out);
  return out;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::uint32_t mode_of(const fuse_node& node) {
  switch (node.type) {
  case fuse_node::kind::directory: return S_IFDIR | 0755;
  case fuse_node::kind::symlink: return S_IFLNK | 0777;
  case fuse_node::kind::file: break;
  }
  return S_IFREG | 0644;
}

} // namespace

hanging_fuse::hanging_fuse(std::string mount_point,
                           const std::map<std::string, fuse_node>& tree)
  : mount_point_(std::move(mount_point)) {
  entries_[1] = {"", {}};
  for (const auto& [path, node] : tree)
    entries_[entries_.size() + 1] = {path, node};
  // A request whose caller dies after poll announced it is taken back by the
  // kernel: a read that waits would then wait for the next, for ever.
  device_ = unique_fd{::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK)};
  if (!device_)
    fail("open /dev/fuse");
  const auto options = "fd=" + std::to_string(device_.get())
                       + ",rootmode=40000,user_id=0,group_id=0,allow_other";
  if (::mount("hanging", mount_point_.c_str(), "fuse", 0, options.c_str()) != 0)
    fail("mount " + mount_point_);
  thread_ = std::thread{[this] {
    serve();
  }};
}

hanging_fuse::~hanging_fuse() {
  is_ending_ = true;
  thread_.join();
  // What waits fails with ECONNABORTED.
  device_ = {};
  ::umount2(mount_point_.c_str(), MNT_DETACH);
}

void hanging_fuse::set_silence(silence what) {
  std::deque<request> held;
  {
    const std::lock_guard lock{mutex_};
    silence_ = what;
    held = std::exchange(held_, {});
  }
  for (auto& one : held)
    take(std::move(one));
}

std::size_t hanging_fuse::waiting() {
  const std::lock_guard lock{mutex_};
  return held_.size();
}

std::size_t hanging_fuse::asked_in_silence() {
  const std::lock_guard lock{mutex_};
  return asked_;
}

void hanging_fuse::serve() {
  std::vector<char> buffer(largest_request);
  while (!is_ending_) {
    pollfd ready{device_.get(), POLLIN, 0};
    if (::poll(&ready, 1, poll_ms) <= 0)
      continue;
    const auto got = ::read(device_.get(), buffer.data(), buffer.size());
    if (got > 0)
      take({buffer.begin(), buffer.begin() + got});
    else if (errno == ENODEV)
      return;
  }
}

void hanging_fuse::take(request one) {
  fuse_in_header head{};
  std::memcpy(&head, one.data(), sizeof head);
  if (head.opcode == FUSE_FORGET || head.opcode == FUSE_BATCH_FORGET
      || head.opcode == FUSE_INTERRUPT)
    return;
  {
    const std::lock_guard lock{mutex_};
    const bool is_silent
      = head.opcode != FUSE_INIT
        && (silence_ == silence::all
            || (silence_ == silence::reads && head.opcode == FUSE_READ));
    if (is_silent) {
      held_.push_back(std::move(one));
      ++asked_;
      return;
    }
  }
  answer(one);
}

void hanging_fuse::answer(const request& one) {
  fuse_in_header head{};
  std::memcpy(&head, one.data(), sizeof head);
  const auto& node = entries_.at(head.nodeid == 0 ? 1 : head.nodeid);
  switch (head.opcode) {
  case FUSE_INIT: {
    fuse_init_out out{};
    out.major = FUSE_KERNEL_VERSION;
    out.minor = 31;
    out.max_write = 65536;
    out.time_gran = 1;
    reply(head.unique, 0, bytes_of(out));
    return;
  }
  case FUSE_GETATTR: {
    const fuse_attr_out out{};
    reply(head.unique, 0,
          bytes_of(out).substr(0, sizeof out - sizeof out.attr)
            + attributes_of(head.nodeid));
    return;
  }
  case FUSE_LOOKUP: {
    const std::string name{one.data() + sizeof head};
    const auto id = find(node.path.empty() ? name : node.path + "/" + name);
    if (id == 0) {
      reply(head.unique, ENOENT, {});
      return;
    }
    fuse_entry_out out{};
    out.nodeid = id;
    reply(head.unique, 0,
          bytes_of(out).substr(0, sizeof out - sizeof out.attr)
            + attributes_of(id));
    return;
  }
  case FUSE_READLINK: reply(head.unique, 0, node.node.text); return;
  case FUSE_OPEN: {
    fuse_open_out out{};
    // Without it the kernel reads no further than the size that was told.
    out.open_flags = node.node.told_size ? FOPEN_DIRECT_IO : 0;
    reply(head.unique, 0, bytes_of(out));
    return;
  }
  case FUSE_OPENDIR: reply(head.unique, 0, bytes_of(fuse_open_out{})); return;
  case FUSE_READDIR:
    reply(head.unique, 0,
          body_of<fuse_read_in>(one).offset == 0 ? list(head.nodeid) : "");
    return;
  case FUSE_READ: {
    const auto asked = body_of<fuse_read_in>(one);
    const auto& text = node.node.text;
    reply(head.unique, 0,
          asked.offset < text.size() ? text.substr(asked.offset, asked.size)
                                     : "");
    return;
  }
  case FUSE_STATFS: reply(head.unique, 0, bytes_of(fuse_statfs_out{})); return;
  case FUSE_FLUSH:
  case FUSE_RELEASE:
  case FUSE_RELEASEDIR:
  case FUSE_ACCESS: reply(head.unique, 0, {}); return;
  default: reply(head.unique, ENOSYS, {}); return;
  }
}

void hanging_fuse::reply(std::uint64_t unique, int failure,
                         const std::string& data) {
  fuse_out_header head{};
  head.len = static_cast<std::uint32_t>(sizeof head + data.size());
  head.error = -failure;
  head.unique = unique;
  const auto whole = bytes_of(head) + data;
  // Who asked may have been killed meanwhile.
  static_cast<void>(!::write(device_.get(), whole.data(), whole.size()));
}

std::string hanging_fuse::attributes_of(std::uint64_t id) const {
  const auto& node = entries_.at(id).node;
  fuse_attr out{};
  out.ino = id;
  out.size = node.told_size.value_or(node.text.size());
  out.mode = mode_of(node);
  out.nlink = 1;
  out.blksize = 4096;
  return bytes_of(out);
}

std::string hanging_fuse::list(std::uint64_t id) const {
  std::string out;
  for (const auto& [number, one] : entries_) {
    if (number == 1 || parent_of(one.path) != entries_.at(id).path)
      continue;
    const auto name = one.path.substr(one.path.rfind('/') + 1);
    fuse_dirent head{};
    head.ino = number;
    head.off = number;
    head.namelen = static_cast<std::uint32_t>(name.size());
    head.type = mode_of(one.node) >> 12;
    auto line
      = std::string{reinterpret_cast<const char*>(&head), FUSE_NAME_OFFSET}
        + name;
    line.resize(FUSE_DIRENT_ALIGN(line.size()));
    out += line;
  }
  return out;
}

std::uint64_t hanging_fuse::find(const std::string& path) const {
  for (const auto& [number, one] : entries_)
    if (one.path == path)
      return number;
  return 0;
}

} // namespace fsshare::test
