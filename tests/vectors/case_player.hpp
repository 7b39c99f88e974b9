// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/vectors/recorded_case.hpp"

#include <functional>
#include <string>
#include <vector>

namespace fsshare::test {

/// A guest agent that was recorded and the profile of the stand-in for it.
struct recorded_agent {
  std::string version;
  std::string profile;
};

/// The three of copyfile.json.
const std::vector<recorded_agent>& recorded_agents();

/// Whether the stand-in is not asked to do a case as this guest agent did it:
/// because it never writes out of its root, has it elsewhere (see README.md),
/// or we are not root and could not do it either.
bool is_left_out(const recorded_case& which, const recorded_agent& agent);

/// Sends one request and returns the code of its reply.
using send_request = std::function<int(const recorded_request&)>;

/// Plays the cases one by one, each in an emptied `root`, and checks replies
/// and trees with doctest's CHECK. Owners are compared only if we are root.
/// @returns how many cases were left out.
int play_cases(const std::vector<recorded_case>& cases,
               const recorded_agent& agent, const std::string& root,
               const send_request& send);

/// How many cases play_cases() must leave out for an agent, no more: those
/// whose record says that the agent wrote out of its share, or that name the
/// share by its absolute path in a link.
int expected_left_out(const recorded_agent& agent);

} // namespace fsshare::test
