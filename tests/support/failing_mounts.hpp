#pragma once

#include "sys/mount_runner.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace fsshare::test {

/// Lets the step number `at` of each plan fail, or every step of one kind, and
/// carries out the others.
class failing_mounts final : public mount_executor {
public:
  using predicate = bool (*)(const mount_step&);

  failing_mounts(mount_executor& inner, std::size_t at)
    : inner_(inner), at_(at) {
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
    result<step_outcome> apply(const mount_step& step) override {
      const auto fails
        = owner_.fails_ != nullptr ? owner_.fails_(step) : at_++ == owner_.at_;
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
  predicate fails_ = nullptr;
};

} // namespace fsshare::test
