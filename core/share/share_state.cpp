// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_state.hpp"

#include "core/share/guest_facts.hpp"
#include "core/text/sentence_list.hpp"

namespace fsshare {

namespace {

std::string describe(const mount_entry& mount) {
  std::string text = mount.source + " (type '" + mount.type + "', options '";
  for (std::size_t i = 0; i < mount.options.size(); ++i)
    text += (i == 0 ? "" : ",") + mount.options[i];
  return text + (mount.read_only ? "', read-only)" : "')");
}

// The names of the API's fields.
std::string differing_settings(const prepare_request& x,
                               const prepare_request& y) {
  auto names = contradictions(x, told_by(y));
  const auto compare = [&names](const char* name, bool same) {
    if (!same)
      names.emplace_back(name);
  };
  compare("mode", x.mode == y.mode);
  if (y.guest_share_dir.empty())
    compare("guest.share_dir", x.guest_share_dir.empty());
  compare("sandbox_binds", x.sandbox_binds == y.sandbox_binds);
  compare("kubelet_roots", x.kubelet_roots == y.kubelet_roots);
  compare("no_watcher", x.no_watcher == y.no_watcher);
  compare("nydusd_socket", x.nydusd_socket == y.nydusd_socket);
  compare("force_guest_pull", x.force_guest_pull == y.force_guest_pull);
  compare("labels", x.labels == y.labels);
  compare("no_watchable", x.no_watchable == y.no_watchable);
  compare("local_dir", x.local_dir == y.local_dir);
  compare("mount_namespace", x.mount_namespace == y.mount_namespace);
  return listed(names, ", ");
}

} // namespace

result<admission> share_state::admit(const prepare_request& request) {
  const auto subject = "prepare sandbox '" + request.sandbox_id + "': ";
  switch (phase_) {
  case sandbox_phase::absent:
    request_ = request;
    phase_ = sandbox_phase::preparing;
    return admission::begin;
  case sandbox_phase::preparing:
  case sandbox_phase::prepared:
    if (auto names = differing_settings(request_, request); !names.empty())
      return error{errc::already_exists,
                   subject + "it is prepared with other settings: " + names};
    learn(request_, told_by(request));
    return phase_ == sandbox_phase::prepared ? admission::answer
                                             : admission::wait;
  case sandbox_phase::cleaning:
    return error{errc::aborted, subject + "it is being cleaned up"};
  case sandbox_phase::leftover: break;
  }
  return error{errc::failed_precondition,
               subject
                 + "its last cleanup left something behind, clean it up "
                   "again first"};
}

status share_state::set_guest(const set_guest_request& told) {
  if (auto checked = check_prepared(); !checked)
    return checked;
  const auto names = contradictions(request_, told);
  if (names.empty()) {
    learn(request_, told);
    return unit{};
  }
  std::string known;
  if (names.front() == "guest.address")
    known = ": its address is " + request_.guest_address + ", told is "
            + told.guest_address;
  return error{errc::already_exists, "set the guest of sandbox '"
                                       + told.sandbox_id
                                       + "': known already, and another, is "
                                       + listed(names, ", ") + known};
}

status share_state::check_guest() const {
  if (auto checked = check_prepared(); !checked)
    return checked;
  if (request_.mode != sharing_mode::copy || !request_.guest_address.empty())
    return unit{};
  return error{errc::failed_precondition,
               "the address of the guest agent of sandbox '"
                 + request_.sandbox_id
                 + "' is not known yet; SetGuest tells it"};
}

void share_state::prepared(bool succeeded) {
  if (phase_ == sandbox_phase::preparing)
    phase_ = succeeded ? sandbox_phase::prepared : sandbox_phase::absent;
}

status share_state::check_abandoned(const std::string& sandbox_id) const {
  if (phase_ == sandbox_phase::absent)
    return unit{};
  return error{errc::failed_precondition,
               "discard sandbox '" + sandbox_id
                 + "': this node agent prepared it, clean it up instead"};
}

void share_state::restore_remains(const prepare_request& request) {
  request_ = request;
  phase_ = sandbox_phase::leftover;
}

void share_state::restore(const prepare_request& request) {
  request_ = request;
  phase_ = sandbox_phase::prepared;
}

share& share_state::restore(share what) {
  const auto id = what.share_id;
  what.life.making();
  what.life.made(true);
  ids_.insert_or_assign(
    key{what.request.container_id, what.request.mount.destination}, id);
  order_.insert(id);
  return shares_.insert_or_assign(id, std::move(what)).first->second;
}

void share_state::cleaning() {
  phase_ = sandbox_phase::cleaning;
  shares_.clear();
  order_.clear();
  ids_.clear();
}

void share_state::cleaned(bool whole) {
  phase_ = whole ? sandbox_phase::absent : sandbox_phase::leftover;
}

status share_state::check_prepared() const {
  if (phase_ == sandbox_phase::prepared)
    return unit{};
  return error{errc::not_found,
               "sandbox '" + request_.sandbox_id + "' is not prepared"};
}

result<admission> share_state::admit(const share_file_request& request,
                                     const std::string& share_id) {
  if (auto checked = check_prepared(); !checked)
    return checked.err();
  const auto& mount = request.mount;
  auto* known = find(request.container_id, mount.destination);
  if (known == nullptr) {
    share added;
    added.share_id = share_id;
    added.request = request;
    shares_.emplace(share_id, std::move(added));
    order_.insert(share_id);
    ids_.emplace(key{request.container_id, mount.destination}, share_id);
    return admission::begin;
  }
  const auto subject = "share " + mount.source + " with container '"
                       + request.container_id + "' at " + mount.destination
                       + ": ";
  if (known->request.mount != mount)
    return error{errc::already_exists, subject + "shared there already is "
                                         + describe(known->request.mount)
                                         + ", asked for is " + describe(mount)};
  const auto admitted = known->life.again();
  if (admitted == admission::refuse)
    return error{errc::aborted, subject + "it is being unshared"};
  return admitted;
}

share* share_state::find(std::string_view share_id) {
  const auto i = shares_.find(std::string{share_id});
  return i == shares_.end() ? nullptr : &i->second;
}

share* share_state::find(const std::string& container_id,
                         const std::string& destination) {
  const auto i = ids_.find({container_id, destination});
  return i == ids_.end() ? nullptr : find(i->second);
}

std::vector<std::string>
share_state::shares_of(const std::string& container_id) const {
  std::vector<std::string> ids;
  for (auto i = ids_.lower_bound({container_id, {}});
       i != ids_.end() && i->first.first == container_id; ++i)
    ids.push_back(i->second);
  return ids;
}

void share_state::erase(const std::string& share_id) {
  const auto i = shares_.find(share_id);
  if (i == shares_.end())
    return;
  ids_.erase(
    {i->second.request.container_id, i->second.request.mount.destination});
  order_.erase(share_id);
  shares_.erase(i);
}

std::size_t share_state::shares_behind(const std::string& share_id) const {
  return count_from(order_, share_id + '\0');
}

bool share_state::has_shares(const std::string& container_id) const {
  const auto i = ids_.lower_bound({container_id, {}});
  return i != ids_.end() && i->first.first == container_id;
}

std::size_t share_state::containers() const {
  std::size_t count = 0;
  for (auto i = ids_.begin(); i != ids_.end(); ++count)
    i = ids_.lower_bound({i->first.first + '\0', {}});
  return count;
}

} // namespace fsshare
