// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/mount/mount_runner.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace fsshare::test {

/// Lets the step number `at` of each plan fail, or every step of one kind, or
/// every one of a description; carries out the others.
class failing_mounts final : public mount_executor {
public:
  using predicate = bool (*)(const mount_step&);

  failing_mounts(mount_executor& inner, std::size_t at)
    : inner_(inner), at_(at) {
  }
  /// Lets every step fail too whose describe() is `also`.
  failing_mounts(mount_executor& inner, std::size_t at, std::string also)
    : inner_(inner), at_(at), described_(std::move(also)) {
  }
  failing_mounts(mount_executor& inner, std::string described)
    : failing_mounts(inner, SIZE_MAX, std::move(described)) {
  }
  failing_mounts(mount_executor& inner, predicate fails)
    : inner_(inner), at_(SIZE_MAX), fails_(fails) {
  }

  result<std::unique_ptr<mount_session>>
  begin(const mount_plan& plan) override {
    auto session = inner_.begin(plan);
    if (!session)
      return session;
    return std::unique_ptr<mount_session>{
      std::make_unique<failing_session>(*std::move(session), *this)};
  }

private:
  class failing_session final : public mount_session {
  public:
    failing_session(std::unique_ptr<mount_session> inner, failing_mounts& owner)
      : inner_(std::move(inner)), owner_(owner) {
    }
    void give(opened_sources sources) override {
      inner_->give(std::move(sources));
    }
    result<step_outcome> apply(const mount_step& step) override {
      const bool fails = at_++ == owner_.at_
                         || describe(step) == owner_.described_
                         || (owner_.fails_ != nullptr && owner_.fails_(step));
      if (fails)
        return error{errc::internal, "made to fail"};
      return inner_->apply(step);
    }

  private:
    std::unique_ptr<mount_session> inner_;
    failing_mounts& owner_;
    std::size_t at_ = 0;
  };

  mount_executor& inner_;
  std::size_t at_;
  std::string described_;
  predicate fails_ = nullptr;
};

} // namespace fsshare::test
