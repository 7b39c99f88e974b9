#pragma once

#include "core/mount_options.hpp"
#include "sys/mount_api.hpp"
#include "sys/mount_runner.hpp"

#include <memory>

namespace fsshare {

/// Carries out plans in the mount namespace of the calling thread.
class kernel_mount final : public mount_executor {
public:
  /// @param api How to mount; not null.
  explicit kernel_mount(std::unique_ptr<mount_api> api);

  result<std::unique_ptr<mount_session>> begin(const mount_plan& plan) override;

private:
  std::unique_ptr<mount_api> api_;
};

/// Makes what the MOUNTER actor of a node runs plans with.
/// @returns `errc::unimplemented` where the chosen API cannot work.
result<std::unique_ptr<mount_executor>>
make_kernel_mount(mount_api_choice choice);

} // namespace fsshare
