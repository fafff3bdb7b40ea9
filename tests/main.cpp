// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <Kokkos_Core.hpp>
#include <catch2/catch_session.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>

namespace {

/// Kokkos lives while tests run: to list them takes no device.
class kokkos_for_tests : public Catch::EventListenerBase {
  public:
    using Catch::EventListenerBase::EventListenerBase;
    void testRunStarting(Catch::TestRunInfo const&) override { Kokkos::initialize(); }
    void testRunEnded(Catch::TestRunStats const&) override { Kokkos::finalize(); }
};

} // namespace
CATCH_REGISTER_LISTENER(kokkos_for_tests)

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
