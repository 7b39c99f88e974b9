// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/node_of_many.hpp"

#include "bench/must.hpp"
#include "core/paths.hpp"

namespace fsshare::bench {

std::string node_of_many::id_of(int sandbox) {
  return "sb" + std::to_string(sandbox);
}

node_of_many::node_of_many(int sandboxes, int guests,
                           const std::vector<std::string>& guest_options)
  : client_(node_.socket()) {
  for (int n = 0; n < guests; ++n)
    guests_.push_back(std::make_unique<test::guest_process>(guest_options));
  for (int n = 0; n < sandboxes; ++n)
    must(client_.prepare_copy(id_of(n), to_string(guest_of(n).address())));
}

std::string node_of_many::share(const std::string& source, int sandbox) {
  const auto reply
    = must(client_.share(id_of(sandbox), id_of(sandbox), source,
                         "/s/" + std::to_string(++shares_), true));
  return join(guest_of(sandbox).root(), base_name(reply.guest_path()));
}

} // namespace fsshare::bench
