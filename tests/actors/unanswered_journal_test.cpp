// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/shared_copies_fixture.hpp"
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <algorithm>
#include <caf/local_actor.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>
#include <doctest/doctest.h>
#include <functional>
#include <string_view>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

/// While it lives, JOURNAL does nothing of what it is asked for.
class silent_journal {
public:
  explicit silent_journal(node_world& w) : w_(w) {
  }
  ~silent_journal() {
    if (held_ != nullptr)
      jobs().push_back(held_);
  }
  silent_journal(const silent_journal&) = delete;
  silent_journal& operator=(const silent_journal&) = delete;

  /// Runs until nothing but JOURNAL can do anything without time.
  void settle() {
    do
      hold();
    while (w_.step());
  }
  /// Whether JOURNAL was asked for anything.
  bool was_asked() const {
    return held_ != nullptr;
  }

  /// How many messages it has got, and not looked at.
  std::size_t waiting() const {
    auto* actor = dynamic_cast<caf::scheduled_actor*>(held_);
    REQUIRE(actor != nullptr);
    return actor->mailbox().size();
  }

private:
  std::deque<caf::resumable*>& jobs() {
    return w_.actors.scheduler.jobs;
  }
  // It is ready no second time before it has run.
  void hold() {
    const auto i = std::find_if(jobs().begin(), jobs().end(), [](auto* job) {
      const auto* actor = dynamic_cast<caf::local_actor*>(job);
      return actor != nullptr && std::string_view{actor->name()} == "journal";
    });
    if (i == jobs().end())
      return;
    held_ = *i;
    jobs().erase(i);
  }

  node_world& w_;
  caf::resumable* held_ = nullptr;
};

/// A world with a guest that is connected, and a volume of which it has a copy.
struct connected_world : node_world {
  explicit connected_world(chooser& c,
                           guest::profile guest = guest::profile::v4_0)
    : node_world(c, {}, journaling::on) {
    rotate("other", 0);
    rotate("cm", 0);
    add_sandbox("s1", guest);
    other_ = share("s1", "c1", "other").share_id;
    pass(5s);
    forget_sent();
  }

  void rotate(const std::string& volume, const payload& files) {
    if (!kubelets_.contains(volume))
      kubelets_[volume] = &add_volume(volume);
    kubelets_[volume]->rotate(files);
  }
  void rotate(const std::string& volume, int n) {
    rotate(volume, {{"key", {std::to_string(n)}}});
  }
  rotator& kubelet_of(const std::string& volume) {
    return *kubelets_.at(volume);
  }
  void forget_sent() {
    guest("s1").carried_out.clear();
  }
  const std::vector<std::string>& sent() {
    return guest("s1").carried_out;
  }
  /// The volume that the guest has.
  const std::string& other() const {
    return other_;
  }

private:
  std::map<std::string, rotator*> kubelets_;
  std::string other_;
};

/// What is done only after it was written down: the guest is sent nothing
/// before that.
void check_waits(const std::function<void(connected_world&)>& prepare,
                 const std::function<void(connected_world&)>& act) {
  for_each_seed(20, [&](chooser& choose) {
    connected_world w{choose};
    prepare(w);
    w.forget_sent();
    {
      silent_journal journal{w};
      act(w);
      journal.settle();
      CHECK(journal.was_asked());
      CHECK_MESSAGE(w.sent().empty(), w.sent().front());
    }
    w.settle();
    CHECK_FALSE(w.sent().empty());
  });
}

void ask_for(connected_world& w, const share_file_request& request) {
  w.actors.call<share_file_reply>(w.node, request);
}

void nothing(connected_world& /*unused*/) {
}

} // namespace

TEST_SUITE_BEGIN("actors/unanswered_journal");

TEST_CASE("no file of a copy is sent before it is written down that there is "
          "to be one") {
  check_waits(nothing, [](connected_world& w) {
    ask_for(w, tree_request(w, 3));
  });
  check_waits(nothing, [](connected_world& w) {
    ask_for(w, request_for("c1", add_empty_dir(w), "/cache"));
  });
}

TEST_CASE(
  "where the guest agent removes nothing no file of a copy is sent before "
  "it is written down which there are") {
  for_each_seed(20, [](chooser& choose) {
    connected_world w{choose, guest::profile::v3_3};
    const auto is_begun = [&w] {
      return read_file(w.dir / "state/s1.jsonl").find("\"/tree\"")
             != std::string::npos;
    };
    w.forget_sent();
    ask_for(w, tree_request(w, 3));
    while (!is_begun())
      REQUIRE(w.step());
    {
      silent_journal journal{w};
      journal.settle();
      CHECK(journal.was_asked());
      CHECK_MESSAGE(w.sent().empty(), w.sent().front());
    }
    w.settle();
    CHECK_FALSE(w.sent().empty());
  });
}

TEST_CASE("no name of a generation is sent before it is written down") {
  check_waits(nothing, [](connected_world& w) {
    ask_for(w, w.volume_request("s1", "c1", "cm"));
  });
  check_waits(nothing, [](connected_world& w) {
    w.rotate("other", 1);
  });
}

TEST_CASE("what was written down while a volume was read is sent at once, and "
          "nothing else is") {
  for_each_seed(20, [](chooser& choose) {
    connected_world w{choose};
    const bool is_as_expected = choose.one_in(2);
    w.readers->hold = true;
    w.rotate("other", is_as_expected ? payload{{"key", {"1"}}}
                                     : payload{{"key", {"1"}}, {"new", {"1"}}});
    w.settle();
    w.forget_sent();
    silent_journal journal{w};
    w.readers->hold = false;
    w.readers->release();
    journal.settle();
    CHECK(w.sent().empty() == !is_as_expected);
  });
}

TEST_CASE("what was written down when a generation was begun is sent at its "
          "flip, and nothing else is") {
  for_each_seed(20, [](chooser& choose) {
    connected_world w{choose};
    const bool is_as_expected = choose.one_in(2);
    auto& kubelet = w.kubelet_of("other");
    kubelet.begin(is_as_expected ? payload{{"key", {"1"}}}
                                 : payload{{"key", {"1"}}, {"new", {"1"}}});
    kubelet.run_until(rotation_step::write_files);
    w.settle();
    w.forget_sent();
    silent_journal journal{w};
    kubelet.finish();
    journal.settle();
    CHECK(w.sent().empty() == !is_as_expected);
  });
}

TEST_CASE("a push that waits until it is written down goes out, whatever ends "
          "meanwhile") {
  for_each_seed(20, [](chooser& choose) {
    connected_world w{choose};
    w.rotate("other", 1);
    w.pass(1900ms);
    // The removal of the generation before the last is out.
    w.hang("s1");
    w.pass(200ms);
    {
      silent_journal journal{w};
      w.readers->hold = true;
      w.rotate("other", 2);
      journal.settle();
      CHECK(journal.was_asked());
      w.readers->hold = false;
      w.readers->release();
      journal.settle();
      w.forget_sent();
      w.unhang("s1");
      journal.settle();
      CHECK_FALSE(w.sent().empty());
      CHECK_FALSE(w.status_of("other").destinations.at(0).current);
    }
    w.settle();
    CHECK(w.status_of("other").destinations.at(0).current);
  });
}

TEST_CASE("no file of a part of an emptyDir is sent before it is written down "
          "that there is to be one") {
  check_waits(
    [](connected_world& w) {
      REQUIRE(w.ask_over_time<share_file_reply>(
        request_for("c1", add_empty_dir(w), "/cache")));
      w.dir.write(empty_dir + "/part/file", "text");
    },
    [](connected_world& w) {
      ask_for(w, request_for("c2", w.dir / (empty_dir + "/part"), "/part"));
    });
}

TEST_CASE("nothing of a copy is removed before it is written down that its "
          "share ends") {
  check_waits(nothing, [](connected_world& w) {
    w.actors.call<unshare_file_reply>(w.node, end_of(w.other()));
  });
}

TEST_CASE("who shares a copy is answered when it is written down what that "
          "uses") {
  for_each_seed(20, [](chooser& choose) {
    connected_world w{choose};
    const bool is_volume = choose.one_in(2);
    const auto got = w.actors.call<share_file_reply>(
      w.node,
      is_volume ? w.volume_request("s1", "c1", "cm") : tree_request(w, 3));
    // The last that is sent of it.
    const std::string last = is_volume ? "/key" : "/f2";
    w.run_until([&] {
      return std::any_of(w.sent().begin(), w.sent().end(), [&](const auto& x) {
        return x.ends_with(last) && x.find("..2") == std::string::npos;
      });
    });
    {
      silent_journal journal{w};
      journal.settle();
      CHECK(journal.was_asked());
      CHECK_FALSE(*got);
    }
    w.settle();
    REQUIRE(*got);
    CHECK(**got);
  });
}

TEST_CASE("what a rotation is about to send to all its copies is written down "
          "with one message") {
  for_each_seed(20, [](chooser& choose) {
    connected_world w{choose};
    constexpr int copies = 5;
    for (int n = 1; n <= copies; ++n)
      w.share("s1", "c" + std::to_string(n), "cm");
    w.pass(5s);
    w.forget_sent();
    {
      silent_journal journal{w};
      w.rotate("cm", 1);
      journal.settle();
      CHECK(journal.waiting() == 1);
      CHECK(w.sent().empty());
    }
    w.pass(5s);
    const auto shown = w.status_of("cm").destinations;
    REQUIRE(shown.size() == copies);
    for (const auto& one : shown)
      CHECK(one.current);
  });
}

TEST_SUITE_END();
