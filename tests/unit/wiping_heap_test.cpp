// SPDX-License-Identifier: Apache-2.0
#include "core/blob.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <span>
#include <string>

#include <malloc.h>

using namespace fsshare;

namespace {

/// What the heap gave back to the C library while somebody counted.
struct returned_memory {
  std::size_t blocks = 0;
  std::size_t bytes = 0;
  bool is_all_zero = true;
};

returned_memory* counted = nullptr;

void count(void* memory) {
  if (counted == nullptr || memory == nullptr)
    return;
  const auto size = ::malloc_usable_size(memory);
  const std::span data{static_cast<const std::uint8_t*>(memory), size};
  ++counted->blocks;
  counted->bytes += size;
  counted->is_all_zero
    &= std::all_of(data.begin(), data.end(), [](std::uint8_t each) {
         return each == 0;
       });
}

/// Looks at memory just before it is freed.
template <class Function>
returned_memory returned_by(Function&& run) {
  returned_memory out;
  counted = &out;
  run();
  counted = nullptr;
  return out;
}

constexpr std::size_t size = 1000;

struct alignas(256) aligned_secret {
  std::array<std::uint8_t, size> data;
};

} // namespace

// The linker sends every call of free here, see CMakeLists.txt.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" void __real_free(void* memory);
extern "C" void __wrap_free(void* memory);
void __wrap_free(void* memory) {
  count(memory);
  __real_free(memory);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

TEST_SUITE_BEGIN("sys/process/wiping_heap");

TEST_CASE("memory that was not wiped is noticed by the tests below") {
  auto* memory = static_cast<std::uint8_t*>(std::malloc(size));
  REQUIRE(memory != nullptr);
  std::fill_n(memory, size, std::uint8_t{7});
  const auto returned = returned_by([&] {
    std::free(memory);
  });
  CHECK(returned.blocks == 1);
  CHECK_FALSE(returned.is_all_zero);
}

TEST_CASE("contents of a file are zero when their last reader lets go") {
  auto content = make_secret_blob(bytes(size, 7));
  auto reader = content;
  CHECK(returned_by([&] {
          content.reset();
        }).blocks
        == 0);
  CHECK(reader->back() == 7);
  const auto returned = returned_by([&] {
    reader.reset();
  });
  CHECK(returned.bytes >= size);
  CHECK(returned.is_all_zero);
}

TEST_CASE("what a growing container leaves behind is zero") {
  for (const bool is_text : {false, true}) {
    bytes data;
    std::string text;
    const auto returned = returned_by([&] {
      for (std::size_t i = 0; i < size; ++i) {
        if (is_text)
          text.push_back('7');
        else
          data.push_back(7);
      }
    });
    CHECK(returned.blocks > 3);
    CHECK(returned.is_all_zero);
  }
}

TEST_CASE("what a container had beyond its end is zero") {
  bytes data(size, 7);
  data.resize(1);
  const auto returned = returned_by([&] {
    data.shrink_to_fit();
  });
  CHECK(returned.blocks == 1);
  CHECK(returned.bytes >= size);
  CHECK(returned.is_all_zero);
}

TEST_CASE("memory of every form of new is zero when it is given back") {
  const auto secret = [](void* memory) {
    std::fill_n(static_cast<std::uint8_t*>(memory), size, std::uint8_t{7});
    return memory;
  };
  constexpr std::align_val_t alignment{256};
  const auto returned = returned_by([&] {
    ::operator delete(secret(::operator new(size)));
    ::operator delete(secret(::operator new(size, std::nothrow)));
    ::operator delete(secret(::operator new(size, std::nothrow)), std::nothrow);
    ::operator delete(secret(::operator new(size, alignment)), alignment);
    // Where the compiler tells the size, an allocator passes it on.
    std::allocator<std::array<std::uint8_t, size>> sized;
    auto* array = sized.allocate(1);
    secret(array);
    sized.deallocate(array, 1);
    std::allocator<aligned_secret> aligned;
    auto* object = aligned.allocate(1);
    secret(object);
    aligned.deallocate(object, 1);
  });
  CHECK(returned.blocks == 6);
  CHECK(returned.bytes >= 6 * size);
  CHECK(returned.is_all_zero);
}

TEST_CASE("memory is aligned as it was asked for, and may have no size") {
  for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    for (const std::size_t wanted : {0, 1, 100, 5000}) {
      const std::align_val_t as{alignment};
      void* memory = ::operator new(wanted, as);
      REQUIRE(memory != nullptr);
      CHECK(reinterpret_cast<std::uintptr_t>(memory) % alignment == 0);
      CHECK(::malloc_usable_size(memory) >= wanted);
      ::operator delete(memory, as);
    }
  }
  ::operator delete(::operator new(0));
  ::operator delete(nullptr);
  const auto aligned = std::make_unique<aligned_secret>();
  CHECK(reinterpret_cast<std::uintptr_t>(aligned.get()) % 256 == 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("memory that there is not is refused") {
  // Volatile: a compiler may leave out what nobody uses.
  volatile auto too_much = ~std::size_t{0} / 2;
  void* volatile memory = nullptr;
  CHECK_THROWS_AS(memory = ::operator new(too_much), std::bad_alloc);
  CHECK_THROWS_AS(memory = ::operator new (too_much, std::align_val_t{64}),
                  std::bad_alloc);
  memory = ::operator new(too_much, std::nothrow);
  CHECK(memory == nullptr);
  too_much = ~std::size_t{0};
  CHECK_THROWS_AS(memory = ::operator new (too_much, std::align_val_t{64}),
                  std::bad_alloc);
}
#endif

TEST_SUITE_END();
