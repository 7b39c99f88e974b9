// SPDX-License-Identifier: Apache-2.0
#include "tests/vectors/case_player.hpp"

#include "tests/vectors/share_tree.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

namespace fsshare::test {

namespace {

bool is_confined(const recorded_agent& agent) {
  return agent.profile == "4.0";
}

bool is_root() {
  return ::geteuid() == 0;
}

// Modes without any permission stop everybody but root.
bool needs_root(const recorded_case& which) {
  return which.name == "directory/child-of-sealed"
         || which.name == "regular/mode-100000";
}

owners comparison() {
  return is_root() ? owners::compared : owners::ignored;
}

void play(const recorded_case& which, const recorded_agent& agent,
          const std::string& root, const send_request& send) {
  CAPTURE(which.name);
  CAPTURE(agent.version);
  const auto& expected = which.expect.at(agent.version);
  reset_share(root);
  build_share(root, which.before);
  std::vector<int> codes;
  codes.reserve(which.requests.size());
  for (const auto& request : which.requests)
    codes.push_back(send(request));
  CHECK(codes == expected.codes);
  const auto how = comparison();
  CHECK(describe(list_share(root), how) == describe(expected.after, how));
  CHECK(describe({look_at_root(root)}, how) == describe({expected.root}, how));
}

} // namespace

const std::vector<recorded_agent>& recorded_agents() {
  static const std::vector<recorded_agent> agents{
    {"4.1.0", "4.0"}, {"3.30.0", "3.18"}, {"3.16.0", "3.3"}};
  return agents;
}

bool is_left_out(const recorded_case& which, const recorded_agent& agent) {
  return which.expect.at(agent.version).wrote_outside
         || (!is_confined(agent) && which.has_absolute_link_into_share())
         || which.empties_share(agent.version)
         || (!is_root() && needs_root(which));
}

int expected_left_out(const recorded_agent& agent) {
  int out = is_root() ? 0 : 2;
  // Eleven that wrote outside, and an absolute link.
  if (!is_confined(agent))
    out += 12;
  // Four that emptied the share.
  if (agent.profile == "3.18")
    out += 4;
  return out;
}

int play_cases(const std::vector<recorded_case>& cases,
               const recorded_agent& agent, const std::string& root,
               const send_request& send) {
  int left_out = 0;
  for (const auto& which : cases)
    if (is_left_out(which, agent))
      ++left_out;
    else
      play(which, agent, root, send);
  const std::string how = is_root() ? "compared" : "ignored";
  MESSAGE("guest agent " << agent.version << ": " << cases.size() - left_out
                         << " cases played, " << left_out
                         << " left out, owners " << how);
  return left_out;
}

} // namespace fsshare::test
