// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/shim.hpp"

#include "core/paths.hpp"

#include <stdexcept>
#include <utility>

namespace fsshare::churn {

namespace {

/// Whether a share may fail so while its guest is in trouble.
bool is_of_the_guest(errc code) {
  return code == errc::internal || code == errc::unavailable
         || code == errc::deadline_exceeded || code == errc::aborted;
}

} // namespace

shim::shim(std::string sandbox, const std::string& socket,
           const std::string& guest_address, std::string guest_root,
           test::data_observer& observer)
  : sandbox_(std::move(sandbox)), guest_root_(std::move(guest_root)),
    client_(socket), observer_(observer) {
  const auto made = client_([&](auto& node) {
    return node.prepare_copy(sandbox_, guest_address);
  });
  if (!made)
    throw std::runtime_error(made.err().message);
  thread_ = std::thread{[this] {
    work();
  }};
}

shim::~shim() {
  {
    const std::lock_guard hold{guard_};
    is_ending_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

void shim::add_container(const std::string& id,
                         const std::vector<wanted_volume>& volumes) {
  for (const auto& volume : volumes)
    later([this, id, volume] {
      share(id, volume);
    });
}

void shim::remove_container(const std::string& id) {
  later([this, id] {
    unshare(id);
  });
}

void shim::run_watcher(bool runs) {
  later([this, runs] {
    const auto done = client_([&](auto& node) {
      return node.run_watcher(sandbox_, runs);
    });
    if (!done)
      note_failure(done.err());
  });
}

void shim::clean_up() {
  later([this] {
    const auto done = client_([&](auto& node) {
      return node.cleanup(sandbox_);
    });
    if (!done)
      note_failure(done.err());
  });
}

void shim::drain() {
  std::unique_lock hold{guard_};
  changed_.wait(hold, [this] {
    return jobs_.empty() && !is_busy_;
  });
}

std::vector<shared_copy> shim::copies() const {
  const std::lock_guard hold{guard_};
  return copies_;
}

std::size_t shim::refused() const {
  const std::lock_guard hold{guard_};
  return refused_;
}

std::vector<std::string> shim::failures() const {
  const std::lock_guard hold{guard_};
  return failures_;
}

void shim::later(job what) {
  {
    const std::lock_guard hold{guard_};
    jobs_.push_back(std::move(what));
  }
  changed_.notify_all();
}

void shim::work() {
  std::unique_lock hold{guard_};
  for (;;) {
    changed_.wait(hold, [this] {
      return is_ending_ || !jobs_.empty();
    });
    if (is_ending_)
      return;
    const auto next = std::move(jobs_.front());
    jobs_.pop_front();
    is_busy_ = true;
    hold.unlock();
    next();
    hold.lock();
    is_busy_ = false;
    changed_.notify_all();
  }
}

void shim::share(const std::string& container, const wanted_volume& volume) {
  // A guest in trouble makes it fail for long.
  const auto reply = client_.until_answered([&](auto& node) {
    return node.share(sandbox_, container, volume.dir,
                      "/volumes/" + std::to_string(volume.number), true);
  });
  if (!reply) {
    const std::lock_guard hold{guard_};
    if (is_of_the_guest(reply.err().code))
      ++refused_;
    else
      failures_.push_back(reply.err().message);
    return;
  }
  shared_copy copy;
  copy.container = container;
  copy.volume = volume.number;
  copy.guest_path = reply->guest_path();
  copy.dir = join(guest_root_, base_name(copy.guest_path));
  copy.from = test::data_observer::clock::now();
  copy.observed = observer_.add(copy.dir);
  const std::lock_guard hold{guard_};
  copies_.push_back(std::move(copy));
}

void shim::unshare(const std::string& container) {
  {
    const std::lock_guard hold{guard_};
    for (auto& copy : copies_)
      if (copy.container == container && !copy.until)
        copy.until = test::data_observer::clock::now();
  }
  const auto done = client_([&](auto& node) {
    return node.unshare_container(sandbox_, container);
  });
  if (!done)
    note_failure(done.err());
}

void shim::note_failure(const error& why) {
  const std::lock_guard hold{guard_};
  failures_.push_back(why.message);
}

} // namespace fsshare::churn
