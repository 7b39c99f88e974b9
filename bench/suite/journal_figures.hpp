// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/figure.hpp"

namespace fsshare::bench {

/// What it costs that all is written down. fsshared cannot do without it: these
/// are its actors and a guest in this process, with and without the journal.
std::vector<figure_group> journal_figures();

} // namespace fsshare::bench
