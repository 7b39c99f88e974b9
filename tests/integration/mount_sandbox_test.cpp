#include "core/share_mark.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

using namespace fsshare;
using namespace fsshare::test;

namespace {

// Lets the step number `at` of a plan fail, or every step of one kind.
class failing_mounts final : public mount_executor {
public:
  using predicate = bool (*)(const mount_step&);

  failing_mounts(mount_executor& inner, std::size_t at)
    : inner_(inner), at_(at) {
  }
  failing_mounts(mount_executor& inner, predicate fails)
    : inner_(inner), at_(SIZE_MAX), fails_(fails) {
  }

  result<std::unique_ptr<mount_session>>
  begin(const mount_plan& plan) override {
    auto session = inner_.begin(plan);
    if (!session)
      return session;
    return std::unique_ptr<mount_session>{
      std::make_unique<failing_session>(*std::move(session), *this)};
  }

private:
  class failing_session final : public mount_session {
  public:
    failing_session(std::unique_ptr<mount_session> inner, failing_mounts& owner)
      : inner_(std::move(inner)), owner_(owner) {
    }
    result<step_outcome> apply(const mount_step& step) override {
      const auto fails
        = owner_.fails_ != nullptr ? owner_.fails_(step) : at_++ == owner_.at_;
      if (fails)
        return error{errc::internal, "made to fail"};
      return inner_->apply(step);
    }

  private:
    std::unique_ptr<mount_session> inner_;
    failing_mounts& owner_;
    std::size_t at_ = 0;
  };

  mount_executor& inner_;
  std::size_t at_;
  predicate fails_ = nullptr;
};

mount_plan checked_plan(result<mount_plan> plan) {
  REQUIRE(plan);
  return *std::move(plan);
}

bool is_unmount(const mount_step& step) {
  return std::holds_alternative<unmount>(step);
}

} // namespace

TEST_SUITE_BEGIN("sys/kernel_mount: sandboxes");

TEST_CASE("prepare makes a shared mount and a read-only slave of it") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const auto table = mount_table();
    const auto mounts = mount_at(table, f.layout.mounts_dir());
    const auto shared = mount_at(table, f.layout.shared_dir());
    CHECK(mounts.peer_group != 0);
    CHECK(mounts.peer_group != mount_at(table, f.work.path()).peer_group);
    CHECK(mounts.master == 0);
    CHECK(mounts.has_option("rw"));
    CHECK(shared.master == mounts.peer_group);
    CHECK(shared.has_option("ro"));
    const auto mark = parse_share_mark(read_file(f.layout.mark_path()));
    REQUIRE(mark);
    CHECK(mark->sandbox_id == "box");
    CHECK_FALSE(exists(f.layout.staging_dir()));
  });
}

TEST_CASE("cleanup takes away all that prepare and shares made") {
  for_each_way([](mount_fixture& f) {
    f.work.write("bound/key", "bound");
    f.work.mount_tmpfs("source/inner");
    f.work.write("source/inner/key", "inner");
    const auto before = mount_table();
    const std::vector<sandbox_bind> binds{{f.work / "bound", false}};
    f.must_run(plan_prepare(f.layout, binds, submounts::take));
    for (int i = 0; i < 20; ++i)
      f.share("c-" + std::to_string(i), f.work / "source",
              i % 2 == 0 ? read_only : read_write);
    f.share("file", f.work / "source/key", read_write);
    f.must_run(plan_rootfs(f.layout, "c", f.work / "source", read_write));
    f.cleanup();
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.share_root()).empty());
    CHECK(read_file(f.work / "source/inner/key") == "inner");
    CHECK(read_file(f.work / "bound/key") == "bound");
  });
}

TEST_CASE("cleanup again, or of nothing, has nothing to do") {
  for_each_way([](mount_fixture& f) {
    const auto cleanup = plan_cleanup(f.layout);
    CHECK(f.run(cleanup)->changed == 0);
    f.prepare();
    f.cleanup();
    CHECK(f.run(cleanup)->changed == 0);
    std::filesystem::remove(f.layout.share_root());
    CHECK(f.run(cleanup)->changed == 0);
  });
}

TEST_CASE("the share root is made with what is missing above it") {
  const temp_dir dir;
  CHECK(make_share_root(dir / "a/b/c"));
  CHECK(make_share_root(dir / "a/b/c"));
  CHECK(exists(dir / "a/b/c"));
  const auto file = dir.write("file", "");
  const auto below = make_share_root(file + "/root");
  REQUIRE(!below);
  CHECK(below.err().code == errc::failed_precondition);
  CHECK(!make_share_root(file));
}

TEST_CASE("a copy-mode sandbox has directories and a mark but no mount") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    f.must_run(plan_prepare_copy(f.layout));
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.sandbox_dir())
          == std::vector<std::string>{"/.fsshare", "/mounts", "/shared"});
    f.cleanup();
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("sandbox binds appear below sandbox-mounts with their access") {
  for_each_way([](mount_fixture& f) {
    f.work.write("bound/key", "bound");
    const std::vector<sandbox_bind> binds{{f.work / "source", true},
                                          {f.work / "bound", false}};
    f.must_run(plan_prepare(f.layout, binds, submounts::take));
    const slave_namespace guest;
    const auto ro = f.shared("sandbox-mounts/source/key");
    const auto rw = f.shared("sandbox-mounts/bound/key");
    CHECK(write_failure(guest / ro) == EROFS);
    CHECK(write_failure(guest / rw) == 0);
    CHECK(read_file(guest / rw) == "bound");
  });
}

TEST_CASE("a sandbox bind without its source undoes the whole prepare") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    const std::vector<sandbox_bind> binds{{f.work / "source", true},
                                          {f.work / "missing", false}};
    const auto failed = f.run(plan_prepare(f.layout, binds, submounts::take));
    REQUIRE(!failed);
    CHECK(failed.err().code == errc::not_found);
    CHECK(failed.err().message.ends_with("open " + (f.work / "missing")
                                         + ": No such file or directory"));
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("whichever step fails, those before it are undone") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    const std::vector<sandbox_bind> binds{{f.work / "source", true}};
    const auto prepare
      = checked_plan(plan_prepare(f.layout, binds, submounts::take));
    for (std::size_t at = 0; at < prepare.steps.size(); ++at) {
      failing_mounts mounts{*f.kernel, at};
      const auto failed = run(prepare, mounts);
      REQUIRE(!failed);
      CHECK(failed.err().message
            == describe(prepare.steps[at]) + ": made to fail");
      CHECK(mount_table() == before);
      CHECK(tree_of(f.layout.share_root()).empty());
    }
  });
}

TEST_CASE("a sandbox that is there already is refused and stays as it is") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("c", f.work / "source", read_write);
    const auto before = mount_table();
    const auto again = f.run(plan_prepare(f.layout, {}, submounts::take));
    REQUIRE(!again);
    CHECK(again.err().code == errc::failed_precondition);
    CHECK(again.err().message.find("bears our mark") != std::string::npos);
    CHECK(mount_table() == before);
    CHECK(read_file(f.shared("c/key")) == "value");
  });
}

TEST_CASE("a shim's sandbox is neither prepared nor cleaned up") {
  for_each_way([](mount_fixture& f) {
    f.work.write("share/box/mounts/file", "");
    f.work.make_dir("share/box/shared");
    const auto before = mount_table();
    const auto tree = tree_of(f.layout.share_root());
    for (const auto& plan :
         {checked_plan(plan_prepare(f.layout, {}, submounts::take)),
          plan_prepare_copy(f.layout), plan_cleanup(f.layout)}) {
      const auto refused = f.run(plan);
      REQUIRE(!refused);
      CHECK(refused.err().code == errc::failed_precondition);
      CHECK(mount_table() == before);
      CHECK(tree_of(f.layout.share_root()) == tree);
    }
  });
}

TEST_CASE("what nobody prepared here is told apart and not touched") {
  for_each_way([](mount_fixture& f) {
    const auto plan = plan_cleanup_unknown(f.layout);
    CHECK(f.run(plan)->changed == 0);
    f.work.make_dir("share/box");
    const auto foreign = f.run(plan);
    REQUIRE(!foreign);
    CHECK(foreign.err().code == errc::failed_precondition);
    CHECK(foreign.err().message.ends_with("without our mark and is not ours"));
    f.work.write("share/box/.fsshare", render_share_mark({"box"}));
    const auto earlier = f.run(plan);
    REQUIRE(!earlier);
    CHECK(earlier.err().message.find("bears our mark") != std::string::npos);
    CHECK(exists(f.layout.mark_path()));
  });
}

TEST_CASE("a mark of another sandbox or a damaged one stops cleanup") {
  for_each_way([](mount_fixture& f) {
    for (const std::string& text :
         {render_share_mark({"other"}), std::string{"{}"}}) {
      f.work.write("share/box/.fsshare", text);
      const auto refused = f.run(plan_cleanup(f.layout));
      REQUIRE(!refused);
      CHECK(refused.err().code == errc::failed_precondition);
      CHECK(read_file(f.layout.mark_path()) == text);
    }
  });
}

TEST_CASE("a sandbox directory that is a symbolic link is not followed") {
  for_each_way([](mount_fixture& f) {
    f.work.write("victim/mounts/empty", "");
    f.work.write("victim/.fsshare", render_share_mark({"box"}));
    std::filesystem::create_symlink(f.work / "victim", f.layout.sandbox_dir());
    const auto tree = tree_of(f.work / "victim");
    CHECK(!f.run(plan_cleanup(f.layout)));
    CHECK(!f.run(plan_prepare_copy(f.layout)));
    CHECK(tree_of(f.work / "victim") == tree);
  });
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("sys/kernel_mount: users' data");

TEST_CASE("where unmounting fails, nothing below the mounts is removed") {
  for_each_way([](mount_fixture& f) {
    // What a recursive delete would find first: empty entries of the user.
    f.work.write("source/empty", "");
    f.work.make_dir("source/dir/empty");
    f.prepare();
    f.share("c", f.work / "source", read_write);
    f.must_run(plan_rootfs(f.layout, "c1", f.work / "source", read_write));
    const auto tree = tree_of(f.work / "source");
    const auto before = mount_table();
    failing_mounts mounts{*f.kernel, is_unmount};
    for (const auto& plan :
         {plan_cleanup(f.layout), plan_unshare(f.layout, "c"),
          checked_plan(plan_unshare_rootfs(f.layout, "c1"))}) {
      const auto done = run(plan, mounts);
      REQUIRE(done);
      CHECK(done->leftovers.size() > 0);
      const auto left = check_nothing_left(*done);
      REQUIRE(!left);
      CHECK(left.err().code == errc::failed_precondition);
      CHECK(mount_table() == before);
      CHECK(tree_of(f.work / "source") == tree);
      CHECK(exists(f.layout.mark_path()));
    }
    f.cleanup();
    CHECK(tree_of(f.work / "source") == tree);
  });
}

TEST_CASE("removing without unmounting refuses every mount point") {
  for_each_way([](mount_fixture& f) {
    f.work.make_dir("hollow");
    f.work.write("file", "");
    f.prepare();
    f.share("c", f.work / "hollow", read_write);
    f.share("f", f.work / "file", read_write);
    const auto before = mount_table();
    const auto tree = tree_of(f.layout.share_root());
    const std::vector<mount_step> steps{
      remove_placeholder{f.layout.host_share("c")},
      remove_placeholder{f.layout.host_share("f")},
      remove_placeholders{f.layout.mounts_dir()},
      remove_directory{f.layout.mounts_dir()},
      remove_mark{f.layout.mark_path()}};
    for (const auto& step : steps) {
      auto plan = plan_cleanup(f.layout);
      plan.steps = {step};
      const auto done = f.run(plan);
      REQUIRE(done);
      CHECK_MESSAGE(done->changed == 0, describe(step));
      CHECK_MESSAGE(done->leftovers.size() == 1, describe(step));
    }
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.share_root()) == tree);
  });
}

TEST_CASE("empty files of a user are not taken for mount points") {
  for_each_way([](mount_fixture& f) {
    f.work.mount_tmpfs("data");
    f.work.write("data/empty", "");
    f.work.write("data/rootfs", "");
    f.prepare();
    f.work.make_dir("share/box/mounts/c");
    bind_by_hand(f.work / "data", f.layout.container_dir("c"));
    const std::vector<mount_step> steps{
      remove_placeholder{f.layout.host_rootfs("c")},
      remove_placeholders{f.layout.container_dir("c")}};
    for (const auto& step : steps) {
      auto plan = plan_cleanup(f.layout);
      plan.steps = {step};
      const auto done = f.run(plan);
      REQUIRE(done);
      CHECK(done->leftovers.size() == 1);
    }
    bind_by_hand(f.work / "data", f.layout.mounts_dir());
    auto plan = plan_unshare(f.layout, "empty");
    const auto done = f.run(plan);
    REQUIRE(done);
    CHECK(done->leftovers.size() == 1);
    CHECK(tree_of(f.work / "data")
          == std::vector<std::string>{"/empty", "/rootfs"});
  });
}

TEST_CASE("a volume that somebody mounted over ours survives cleanup") {
  for_each_way([](mount_fixture& f) {
    f.work.write("data/empty", "");
    f.work.make_dir("data/c/rootfs");
    const auto tree = tree_of(f.work / "data");
    const auto before = mount_table();
    f.prepare();
    f.share("c", f.work / "source", read_write);
    bind_by_hand(f.work / "data", f.layout.host_share("c"));
    bind_by_hand(f.work / "data", f.layout.mounts_dir());
    bind_by_hand(f.work / "data", f.layout.shared_dir());
    f.cleanup();
    CHECK(mount_table() == before);
    CHECK(tree_of(f.work / "data") == tree);
    CHECK(read_file(f.work / "source/key") == "value");
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("what lies among the mount points stays, is told, and can be ours "
          "to clean up later") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("c", f.work / "source", read_write);
    f.work.write("share/box/mounts/note", "somebody's");
    f.work.write("share/box/mounts/c9/rootfs/deep", "");
    f.work.write("share/box/extra", "");
    const auto done = f.run(plan_cleanup(f.layout));
    REQUIRE(done);
    const auto left = check_nothing_left(*done);
    REQUIRE(!left);
    for (const std::string& path : {f.layout.mounts_dir() + "/note",
                                    f.layout.mounts_dir() + "/c9/rootfs"})
      CHECK_MESSAGE(left.err().message.find(path + " (") != std::string::npos,
                    left.err().message);
    CHECK(exists(f.layout.mounts_dir() + "/c9/rootfs/deep"));
    CHECK(exists(f.layout.sandbox_dir() + "/extra"));
    CHECK(exists(f.layout.mark_path()));
    CHECK_FALSE(exists(f.layout.host_share("c")));
    std::filesystem::remove(f.layout.mounts_dir() + "/note");
    std::filesystem::remove(f.layout.mounts_dir() + "/c9/rootfs/deep");
    const auto extra = f.run(plan_cleanup(f.layout));
    REQUIRE(extra);
    REQUIRE(extra->leftovers.size() == 1);
    CHECK(extra->leftovers[0].reason.find("/extra is still there")
          != std::string::npos);
    std::filesystem::remove(f.layout.sandbox_dir() + "/extra");
    f.cleanup();
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("what a killed process left in the staging directory is cleaned up") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    f.prepare();
    f.work.make_dir("share/box/private/slot");
    bind_by_hand(f.layout.staging_dir(), f.layout.staging_dir());
    bind_by_hand(f.work / "source", f.layout.staging_dir() + "/slot");
    f.cleanup();
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.share_root()).empty());
    CHECK(read_file(f.work / "source/key") == "value");
  });
}

TEST_SUITE_END();
