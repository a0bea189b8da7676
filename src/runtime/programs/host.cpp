// host.cpp
// Runs the network over the samples of a file, on the compute units of one or several cards.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include <weft/card.h>
#include <weft/program.h>

#include "network.h"

using namespace weft::host;

int main(int argc, char** argv) {
    return run_program([&] {
        const ProgramOptions options = parse_options(argc, argv, network(), "");
        const Samples samples(find_kernel(options.xclbin, options.card), options);
        Card card(options.xclbin, xrt_driver(), options.card);
        Report report(card.kernel(), network(), options, samples.images());
        const Interruption interruption([&] { card.cancel(); }, [&] { card.give_up(); });
        try {
            // All commands are queued at once; each goes to the next compute unit that is free, and the results come in order.
            std::vector<Call> calls = card.start_each(samples.views(0, samples.images()));
            for (Call& call : calls) report.add(call.get());
        } catch (const Error& error) {
            report.end_early(error, interruption.signal());
        }
        report.finish(card.counters());
    });
}
