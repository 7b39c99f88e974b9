// SPDX-License-Identifier: Apache-2.0
#include "actors/api_owners.hpp"

#include <utility>

namespace fsshare {

namespace {

/// Has the owner written down, then answers a Prepare that has succeeded.
void record_owner_then(const api_context& with, const named_owner& owner,
                       const api_subject& subject,
                       const result<std::string>& reply,
                       const api_answer& answer) {
  ask(with.self, with.owners, sandbox_prepared{subject.sandbox, owner})
    .then(
      [answer, subject, reply](const owner_recorded&) {
        answer(subject, reply);
      },
      [answer, subject](const caf::error& why) {
        answer(subject, from_caf(why));
      });
}

} // namespace

void note_use(const api_context& with, const std::string& sandbox_id) {
  if (with.owners)
    tell(with.owners, sandbox_used{sandbox_id, with.caller});
}

void note_end(const api_context& with, const std::string& sandbox_id) {
  if (with.owners)
    tell(with.owners, sandbox_removed{sandbox_id});
}

void add_owners(const api_context& with, const std::vector<sandbox_status*>& of,
                const std::function<void()>& then) {
  if (!with.owners)
    return then();
  describe_owners asked;
  for (const auto* each : of)
    asked.sandboxes.push_back(each->sandbox_id);
  ask(with.self, with.owners, std::move(asked))
    .then(
      [of, then](const owners_described& described) {
        for (auto* each : of)
          if (const auto known = described.owners.find(each->sandbox_id);
              known != described.owners.end())
            each->owner = known->second;
        then();
      },
      [then](const caf::error&) {
        then();
      });
}

void name_owner_then(const api_context& with, const std::string& sandbox_id,
                     const owner_terms& terms, const api_answer& answer,
                     const std::function<void(const api_answer&)>& then) {
  if (!with.owners)
    return then(answer);
  ask(with.self, with.owners, name_owner{sandbox_id, terms, with.caller})
    .then(
      [with, answer, then](const owner_named& named) {
        then([with, answer, owner = named.owner](
               const api_subject& subject, const result<std::string>& reply) {
          if (!reply)
            return answer(subject, reply);
          record_owner_then(with, owner, subject, reply, answer);
        });
      },
      [answer, sandbox_id](const caf::error& why) {
        answer({sandbox_id, {}}, from_caf(why));
      });
}

} // namespace fsshare
