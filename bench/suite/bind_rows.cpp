// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/bind_rows.hpp"

#include "bench/must.hpp"
#include "bench/suite/bare_binds.hpp"
#include "bench/suite/process_cost.hpp"
#include "tests/support/control_client.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/private_mounts.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace fsshare::bench {

namespace {

constexpr const char* sandbox = "bench";
constexpr const char* container = "c";

std::string destination_of(std::size_t number) {
  return "/shared/" + std::to_string(number);
}

/// A node agent, files to bind, and a directory to bind them to with no node
/// agent, in a mount namespace of their own.
class bind_place {
public:
  explicit bind_place(std::size_t files) {
    if (!work_.unavailable().empty())
      throw std::runtime_error{"binds: " + work_.unavailable()};
    bare_dir_ = work_.make_dir("bare");
    for (std::size_t n = 0; n < files; ++n)
      files_.push_back(work_.write("files/" + std::to_string(n), "content"));
    node_.emplace();
    client_.emplace(node_->socket());
  }

  void prepare() {
    must(client_->prepare(sandbox));
  }
  void share_one_by_one() {
    for (std::size_t n = 0; n < files_.size(); ++n)
      must(
        client_->share(sandbox, container, files_[n], destination_of(n), true));
  }
  void share_together();
  void unshare_one_by_one();
  void unshare_container() {
    must(client_->unshare_container(sandbox, container));
  }
  void cleanup() {
    must(client_->cleanup(sandbox));
  }
  void bind() {
    bind_bare(files_, bare_dir_);
  }
  void unbind() {
    unbind_bare(files_, bare_dir_);
  }
  int pid() {
    return node_->program().pid();
  }

private:
  test::private_mounts work_;
  std::string bare_dir_;
  std::vector<std::string> files_;
  std::optional<test::node_process> node_;
  std::optional<test::control_client> client_;
};

void bind_place::share_together() {
  constexpr std::size_t most_at_once = 256;
  for (std::size_t from = 0; from < files_.size(); from += most_at_once) {
    v1::ShareFilesRequest request;
    request.set_sandbox_id(sandbox);
    request.set_container_id(container);
    request.set_all_or_nothing(true);
    const auto end = std::min(from + most_at_once, files_.size());
    for (auto n = from; n < end; ++n) {
      auto& mount = *request.add_mounts();
      mount.set_source(files_[n]);
      mount.set_destination(destination_of(n));
      mount.set_type("bind");
      mount.set_read_only(true);
    }
    must(client_->call<v1::ShareFilesReply>("ShareFiles", request));
  }
}

void bind_place::unshare_one_by_one() {
  for (std::size_t n = 0; n < files_.size(); ++n) {
    v1::UnshareFileRequest request;
    request.set_sandbox_id(sandbox);
    request.set_container_id(container);
    request.set_destination(destination_of(n));
    must(client_->call<v1::UnshareFileReply>("UnshareFile", request));
  }
}

using step = void (bind_place::*)();

/// Some steps, of which one is measured.
struct bind_work {
  std::vector<step> before;
  step measured;
  std::vector<step> after;
};

sample run(bind_place& at, const bind_work& work) {
  using clock = std::chrono::steady_clock;
  for (const auto each : work.before)
    std::invoke(each, at);
  const cpu_meter cpu{at.pid()};
  const auto begin = clock::now();
  std::invoke(work.measured, at);
  sample out;
  out.seconds = std::chrono::duration<double>(clock::now() - begin).count();
  out.cpu_seconds = cpu.seconds();
  for (const auto each : work.after)
    std::invoke(each, at);
  return out;
}

row bind_row(std::string id, std::string what, bind_work ours,
             const bind_work& bare, aim wanted, std::size_t files = 1000,
             extent when = extent::usual) {
  return {std::move(id),
          std::move(what),
          wanted,
          when,
          5,
          [files, ours = std::move(ours), bare] {
            const auto at = std::make_shared<bind_place>(files);
            return std::vector<side>{{"fsshare",
                                      [=] {
                                        return run(*at, ours);
                                      }},
                                     {"bare system calls", [=] {
                                        return run(*at, bare);
                                      }}};
          }};
}

} // namespace

std::vector<row> bind_rows() {
  using at = bind_place;
  const bind_work bare{{}, &at::bind, {&at::unbind}};
  const bind_work bare_end{{&at::bind}, &at::unbind, {}};
  return {
    bind_row("bind-share", "1,000 read-only binds, ShareFile one by one",
             {{&at::prepare}, &at::share_one_by_one, {&at::cleanup}}, bare,
             {0.4}),
    bind_row("bind-share-100", "100 read-only binds, ShareFile one by one",
             {{&at::prepare}, &at::share_one_by_one, {&at::cleanup}}, bare, {},
             100, extent::full),
    bind_row("bind-share-2000", "2,000 read-only binds, ShareFile one by one",
             {{&at::prepare}, &at::share_one_by_one, {&at::cleanup}}, bare, {},
             2000, extent::full),
    bind_row("bind-share-files", "1,000 read-only binds, by ShareFiles",
             {{&at::prepare}, &at::share_together, {&at::cleanup}}, bare,
             {0.77}),
    bind_row("bind-unshare", "1,000 binds ended, UnshareFile one by one",
             {{&at::prepare, &at::share_together},
              &at::unshare_one_by_one,
              {&at::cleanup}},
             bare_end, {}),
    bind_row("bind-unshare-container", "1,000 binds ended, by UnshareContainer",
             {{&at::prepare, &at::share_together},
              &at::unshare_container,
              {&at::cleanup}},
             bare_end, {}),
    bind_row("bind-cleanup", "1,000 binds ended, by Cleanup",
             {{&at::prepare, &at::share_together}, &at::cleanup, {}}, bare_end,
             {0, 5e-3}),
  };
}

} // namespace fsshare::bench
