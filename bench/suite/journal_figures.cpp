// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/journal_figures.hpp"

#include "bench/suite/node_in_process.hpp"
#include "bench/suite/sample.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/temp_dir.hpp"

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace fsshare::bench {

namespace {

/// A node agent that writes down what it does, and one that does not.
struct two_nodes {
  two_nodes(const std::string& dir, int destinations)
    : with(dir + "/with", {journaling::on, 10, destinations}),
      without(dir + "/without", {journaling::off, 10, destinations}) {
  }

  node_in_process with;
  node_in_process without;
};

/// Does something in both by turns; the figures are medians.
void add_comparison(std::vector<figure>& out, const std::string& what,
                    two_nodes& nodes, int times,
                    const std::function<double(node_in_process&)>& work) {
  std::vector<double> with;
  std::vector<double> without;
  for (int n = 0; n < times; ++n) {
    // None is always the first after another.
    if (n % 2 == 0)
      with.push_back(work(nodes.with));
    without.push_back(work(nodes.without));
    if (n % 2 != 0)
      with.push_back(work(nodes.with));
  }
  constexpr double ms = 1e3;
  out.push_back({what + ", with a journal", median(with) * ms, "ms", 0});
  out.push_back({what + ", without one", median(without) * ms, "ms", 0});
  out.push_back({what + ": what the journal adds",
                 (median(with) / median(without) - 1) * 100, "%", 0});
}

void add_rotation(std::vector<figure>& out, int destinations) {
  constexpr int times = 100;
  const test::temp_dir dir;
  two_nodes nodes{dir.path(), destinations};
  add_comparison(
    out, "rotation (1, " + std::to_string(destinations) + ", 10), one process",
    nodes, times, [](node_in_process& node) {
      const auto lag = node.rotate();
      // What comes after the flip is over.
      std::this_thread::sleep_for(std::chrono::milliseconds{15});
      return lag;
    });
}

void add_binds(std::vector<figure>& out) {
  constexpr int binds = 1000;
  constexpr int times = 7;
  const test::private_mounts work;
  if (!work.unavailable().empty())
    throw std::runtime_error{"binds: " + work.unavailable()};
  std::vector<std::string> files;
  files.reserve(binds);
  for (int n = 0; n < binds; ++n)
    files.push_back(work.write("files/" + std::to_string(n), "content"));
  two_nodes nodes{work.path(), 1};
  add_comparison(out, "1,000 binds by ShareFiles, one process", nodes, times,
                 [&files](node_in_process& node) {
                   return node.share_binds(files);
                 });
}

std::vector<figure> measure_journal() {
  std::vector<figure> out;
  for (const int destinations : {1, 10})
    add_rotation(out, destinations);
  add_binds(out);
  return out;
}

} // namespace

std::vector<figure_group> journal_figures() {
  return {{"journal", extent::usual, measure_journal}};
}

} // namespace fsshare::bench
