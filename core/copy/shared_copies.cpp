// SPDX-License-Identifier: Apache-2.0
#include "core/copy/shared_copies.hpp"

namespace fsshare {

std::string shared_copies::copy::missing_part(std::string_view inside) const {
  if (inside.empty())
    return {};
  for (auto end = inside.find('/');; end = inside.find('/', end + 1)) {
    const auto part = inside.substr(0, end);
    if (!parts.contains(part))
      return std::string{part};
    if (end == std::string_view::npos)
      return {};
  }
}

shared_copies::copy& shared_copies::join(const std::string& share_id,
                                         const copy_terms& terms) {
  const auto known = open_.emplace(terms.key, share_id).first;
  auto& joined = copies_.try_emplace(known->second).first->second;
  if (joined.id.empty()) {
    joined.id = share_id;
    joined.terms = terms;
  }
  joined.shares.insert(share_id);
  uses_[share_id] = joined.id;
  return joined;
}

shared_copies::copy& shared_copies::restore(copy made) {
  const auto id = made.id;
  for (const auto& share : made.shares)
    uses_[share] = id;
  if (!made.shares.empty() || made.terms.life == copy_life::until_sandbox_ends)
    open_.emplace(made.terms.key, id);
  return copies_.insert_or_assign(id, std::move(made)).first->second;
}

shared_copies::copy* shared_copies::find(const std::string& copy_id) {
  const auto i = copies_.find(copy_id);
  return i == copies_.end() ? nullptr : &i->second;
}

const shared_copies::copy*
shared_copies::find(const std::string& copy_id) const {
  const auto i = copies_.find(copy_id);
  return i == copies_.end() ? nullptr : &i->second;
}

const shared_copies::copy*
shared_copies::with_key(const std::string& key) const {
  const auto i = open_.find(key);
  return i == open_.end() ? nullptr : find(i->second);
}

const shared_copies::copy*
shared_copies::at_guest_path(const std::string& guest_path) const {
  for (const auto& entry : copies_)
    if (entry.second.terms.guest_path == guest_path)
      return &entry.second;
  return nullptr;
}

const shared_copies::copy*
shared_copies::used_by(const std::string& share_id) const {
  const auto use = uses_.find(share_id);
  return use == uses_.end() ? nullptr : &copies_.at(use->second);
}

std::vector<std::string> shared_copies::failed(const std::string& copy_id) {
  const auto* gone = find(copy_id);
  if (gone == nullptr)
    return {};
  std::vector<std::string> shares{gone->shares.begin(), gone->shares.end()};
  erase(copy_id);
  return shares;
}

shared_copies::copy* shared_copies::leave(const std::string& share_id) {
  const auto use = uses_.find(share_id);
  if (use == uses_.end())
    return nullptr;
  auto& left = copies_.at(use->second);
  uses_.erase(use);
  left.shares.erase(share_id);
  if (!left.shares.empty() || left.terms.life == copy_life::until_sandbox_ends)
    return nullptr;
  close(left);
  return &left;
}

void shared_copies::rejoin(const std::string& copy_id,
                           const std::string& share_id) {
  if (auto* kept = find(copy_id)) {
    kept->shares.insert(share_id);
    uses_[share_id] = copy_id;
  }
}

void shared_copies::erase(const std::string& copy_id) {
  const auto* gone = find(copy_id);
  if (gone == nullptr)
    return;
  for (const auto& share : gone->shares)
    uses_.erase(share);
  close(*gone);
  copies_.erase(copy_id);
}

void shared_copies::close(const copy& left) {
  const auto i = open_.find(left.terms.key);
  if (i != open_.end() && i->second == left.id)
    open_.erase(i);
}

} // namespace fsshare
