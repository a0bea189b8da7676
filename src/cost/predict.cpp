// predict.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/predict.h"

#include <algorithm>

#include "src/emit/rtl.h"

namespace weft {

Cost& operator+=(Cost& sum, const Cost& more) {
    sum.mac_dsp += more.mac_dsp;
    sum.dsp += more.dsp;
    sum.lut += more.lut;
    sum.ff += more.ff;
    sum.bram36 += more.bram36;
    sum.uram += more.uram;
    return sum;
}

Cost predict_cost(const Unit& unit) { return unit.def->cost ? unit.def->cost(unit) : Cost{}; }

Cost predict_fifo_cost(const Stream& stream) {
    Stream ends = stream;
    Unit fifo;
    fifo.def = &unit_for(UnitRole::fifo);
    fifo.name = stream.name;
    fifo.parameters["Depth"] = std::max(1, stream.rtl_depth);
    fifo.inputs = {&ends};
    fifo.outputs = {&ends};
    return predict_cost(fifo);
}

Cost predict_cost(const Design& design) {
    Cost sum;
    for (const auto& unit : design.units) sum += predict_cost(*unit);
    for (const auto& stream : design.streams)
        if (has_rtl_fifo(*stream)) sum += predict_fifo_cost(*stream);
    return sum;
}

}  // namespace weft
