// netlist.h
// A mapped netlist as Yosys writes it in JSON: modules of primitive cells and of instances of other modules, and its flat form.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/diagnostic.h"

namespace weft {

/// A bit of a signal: a net's number (from 0), or a constant.
using NetBit = int;
inline constexpr NetBit constant_bit = -1;  ///< 0, 1 or undefined: nothing ever changes on it.

struct NetlistCell {
    std::string name;
    std::string type;  ///< A primitive, or the name of a module of the netlist.
    std::map<std::string, std::string, std::less<>> parameters;
    std::map<std::string, std::vector<NetBit>, std::less<>> pins;  ///< Lowest bit first.
};

struct NetlistPort {
    std::string name;
    bool output = false;
    std::vector<NetBit> bits;
};

struct NetlistModule {
    std::string name;
    bool top = false;
    std::vector<NetlistPort> ports;
    std::vector<NetlistCell> cells;
    int nets = 0;
    /// Readable names of nets: `signal[bit]`; empty where the tool made the net up.
    std::vector<std::string> net_names;
    std::vector<int> net_limits;  ///< The loads after which a copy of the driver takes over (attribute max_fanout); 0: none.
};

class Netlist {
public:
    /// Of `write_json` or `json`. Modules without cells or marked as black boxes are primitives and left out.
    static Result<Netlist> parse(std::string_view json);

    const NetlistModule* find(std::string_view name) const;
    /// The module marked as top, or the only one. Null if there is none.
    const NetlistModule* top() const;
    const std::map<std::string, NetlistModule, std::less<>>& modules() const { return modules_; }

private:
    std::map<std::string, NetlistModule, std::less<>> modules_;
};

/// The primitive cells below a module with all hierarchy opened.
struct FlatNetlist {
    struct Pin {
        const std::string* name;
        int bit;
        NetBit net;  ///< Never a constant: such pins are left out.
    };
    struct Cell {
        const NetlistCell* source;
        std::vector<Pin> pins;
    };
    std::vector<Cell> cells;
    std::vector<NetlistPort> ports;
    int nets = 0;
    std::vector<std::string> net_names;  ///< `instance.signal[bit]`, the name nearest to the top; may be empty.
    std::vector<int> net_limits;         ///< The least max_fanout that any name of the net has; 0: none has.
};

/// `netlist` must outlive the result.
FlatNetlist flatten(const Netlist& netlist, const NetlistModule& module);

}  // namespace weft
