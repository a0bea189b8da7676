// netlist.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/synthesize/netlist.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

namespace weft {

namespace {

using Json = nlohmann::json;

constexpr auto limit_attribute = "max_fanout";

/// Numbers of the file, which start at 2 and differ by module, to nets from 0.
class NetNumbers {
public:
    NetBit of(const Json& bit) {
        if (!bit.is_number_integer()) return constant_bit;
        const auto number = static_cast<std::size_t>(bit.get<int>());
        if (number >= nets_.size()) nets_.resize(number + 1, constant_bit);
        if (nets_[number] == constant_bit) nets_[number] = count_++;
        return nets_[number];
    }
    std::vector<NetBit> of_all(const Json& bits) {
        std::vector<NetBit> result;
        for (const Json& bit : bits) result.push_back(of(bit));
        return result;
    }
    int count() const { return count_; }

private:
    std::vector<NetBit> nets_;
    int count_ = 0;
};

std::string parameter_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// The attribute max_fanout of a signal, which Yosys writes as bits; 0 where it has none. Yosys (memory_dff, then memory_libmap) makes the
/// register of a LUT memory's read address anew, `$MEMORY$rdreg[PORT]$q`, and leaves the attribute behind: units mark all such registers.
int fanout_limit(const std::string& name, const Json& signal) {
    if (name.find("$rdreg[") != std::string::npos) return 256;
    const auto attributes = signal.find("attributes");
    if (attributes == signal.end() || !attributes->contains(limit_attribute)) return 0;
    const Json& value = attributes->at(limit_attribute);
    return value.is_string() ? static_cast<int>(std::strtol(value.get_ref<const std::string&>().c_str(), nullptr, 2)) : value.get<int>();
}

int lower_limit(int a, int b) { return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b); }

NetlistModule read_module(const std::string& name, const Json& json) {
    NetlistModule module;
    module.name = name;
    if (const auto attributes = json.find("attributes"); attributes != json.end()) module.top = attributes->contains("top");
    NetNumbers numbers;
    for (const auto& [port, entry] : json.at("ports").items())
        module.ports.push_back({port, entry.at("direction") == "output", numbers.of_all(entry.at("bits"))});
    for (const auto& [cell_name, entry] : json.at("cells").items()) {
        NetlistCell cell{cell_name, entry.at("type"), {}, {}};
        for (const auto& [parameter, value] : entry.at("parameters").items()) cell.parameters.emplace(parameter, parameter_text(value));
        for (const auto& [pin, bits] : entry.at("connections").items()) cell.pins.emplace(pin, numbers.of_all(bits));
        module.cells.push_back(std::move(cell));
    }
    for (const auto& [signal, entry] : json.at("netnames").items()) {
        const Json& bits = entry.at("bits");
        const int limit = fanout_limit(signal, entry);
        const bool hidden = entry.value("hide_name", 0) != 0;
        for (std::size_t i = 0; i < bits.size(); ++i) {
            const NetBit net = numbers.of(bits[i]);
            if (net == constant_bit) continue;
            if (module.net_names.size() <= static_cast<std::size_t>(net)) {
                module.net_names.resize(static_cast<std::size_t>(net) + 1);
                module.net_limits.resize(static_cast<std::size_t>(net) + 1);
            }
            int& limited = module.net_limits[static_cast<std::size_t>(net)];
            limited = lower_limit(limited, limit);
            if (hidden) continue;
            std::string& known = module.net_names[static_cast<std::size_t>(net)];
            std::string candidate = bits.size() == 1 ? signal : fmt::format("{}[{}]", signal, i);
            // The shortest name is the one nearest to the top where the tool has opened hierarchy itself.
            if (known.empty() || candidate.size() < known.size()) known = std::move(candidate);
        }
    }
    module.nets = numbers.count();
    module.net_names.resize(static_cast<std::size_t>(module.nets));
    module.net_limits.resize(static_cast<std::size_t>(module.nets));
    return module;
}

class DisjointNets {
public:
    int add() {
        parent_.push_back(static_cast<int>(parent_.size()));
        return parent_.back();
    }
    int root(int net) {
        while (parent_[static_cast<std::size_t>(net)] != net) {
            int& up = parent_[static_cast<std::size_t>(net)];
            up = parent_[static_cast<std::size_t>(up)];
            net = up;
        }
        return net;
    }
    void join(int a, int b) {
        a = root(a);
        b = root(b);
        parent_[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
    }
    std::size_t size() const { return parent_.size(); }

private:
    std::vector<int> parent_;
};

class Flattener {
public:
    Flattener(const Netlist& netlist, FlatNetlist& flat) : netlist_(netlist), flat_(flat) {}

    void run(const NetlistModule& module) {
        const std::vector<NetBit> nets = open(module, "", {});
        flat_.ports = module.ports;
        for (NetlistPort& port : flat_.ports)
            for (NetBit& bit : port.bits)
                if (bit != constant_bit) bit = nets[static_cast<std::size_t>(bit)];
        settle();
    }

private:
    /// Opens an instance whose ports are joined to `outer` nets (a list a port, in order); the flat nets of its nets.
    std::vector<NetBit> open(const NetlistModule& module, const std::string& path, const std::vector<const std::vector<NetBit>*>& outer) {
        std::vector<NetBit> nets(static_cast<std::size_t>(module.nets), constant_bit);
        for (std::size_t p = 0; p < outer.size(); ++p) {
            if (!outer[p]) continue;
            const std::vector<NetBit>& bits = module.ports[p].bits;
            for (std::size_t i = 0; i < bits.size() && i < outer[p]->size(); ++i) {
                const NetBit outside = (*outer[p])[i];
                if (bits[i] == constant_bit || outside == constant_bit) continue;
                NetBit& inside = nets[static_cast<std::size_t>(bits[i])];
                if (inside == constant_bit)
                    inside = outside;
                else
                    joined_.join(inside, outside);
            }
        }
        for (std::size_t i = 0; i < nets.size(); ++i) {
            if (nets[i] != constant_bit) continue;
            nets[i] = joined_.add();
            flat_.net_names.push_back(module.net_names[i].empty() ? std::string() : path + module.net_names[i]);
            flat_.net_limits.push_back(0);
        }
        for (std::size_t i = 0; i < nets.size(); ++i) {
            int& limit = flat_.net_limits[static_cast<std::size_t>(nets[i])];
            limit = lower_limit(limit, module.net_limits[i]);
        }
        for (const NetlistCell& cell : module.cells) {
            if (const NetlistModule* inner = netlist_.find(cell.type)) {
                std::vector<std::vector<NetBit>> joins(inner->ports.size());
                std::vector<const std::vector<NetBit>*> given(inner->ports.size());
                for (std::size_t p = 0; p < inner->ports.size(); ++p) {
                    const auto pin = cell.pins.find(inner->ports[p].name);
                    if (pin == cell.pins.end()) continue;
                    for (const NetBit bit : pin->second)
                        joins[p].push_back(bit == constant_bit ? constant_bit : nets[static_cast<std::size_t>(bit)]);
                    given[p] = &joins[p];
                }
                open(*inner, path + cell.name + ".", given);
                continue;
            }
            FlatNetlist::Cell flat{&cell, {}};
            for (const auto& [pin, bits] : cell.pins)
                for (std::size_t i = 0; i < bits.size(); ++i)
                    if (bits[i] != constant_bit) flat.pins.push_back({&pin, static_cast<int>(i), nets[static_cast<std::size_t>(bits[i])]});
            flat_.cells.push_back(std::move(flat));
        }
        return nets;
    }

    /// Gives joined nets one number.
    void settle() {
        std::vector<NetBit> number(joined_.size(), constant_bit);
        std::vector<std::string> names;
        std::vector<int> limits;
        for (std::size_t net = 0; net < joined_.size(); ++net) {
            const auto root = static_cast<std::size_t>(joined_.root(static_cast<int>(net)));
            if (number[root] == constant_bit) {
                number[root] = static_cast<NetBit>(names.size());
                names.push_back(flat_.net_names[root]);
                limits.push_back(0);
            }
            number[net] = number[root];
            std::string& name = names[static_cast<std::size_t>(number[net])];
            if (name.empty()) name = flat_.net_names[net];
            int& limit = limits[static_cast<std::size_t>(number[net])];
            limit = lower_limit(limit, flat_.net_limits[net]);
        }
        for (FlatNetlist::Cell& cell : flat_.cells)
            for (FlatNetlist::Pin& pin : cell.pins) pin.net = number[static_cast<std::size_t>(pin.net)];
        for (NetlistPort& port : flat_.ports)
            for (NetBit& bit : port.bits)
                if (bit != constant_bit) bit = number[static_cast<std::size_t>(bit)];
        flat_.nets = static_cast<int>(names.size());
        flat_.net_names = std::move(names);
        flat_.net_limits = std::move(limits);
    }

    const Netlist& netlist_;
    FlatNetlist& flat_;
    DisjointNets joined_;
};

/// The file without what is not needed: attributes and directions of every cell, which make up most of it, and most attributes of signals.
/// (The library's own parser with a filter walks through an object again for each of its members.)
class KeptParts final : public nlohmann::json_sax<Json> {
public:
    Json root;

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        if (inside_dropped_ > 0) return true;
        drops_ = !keeps(open_.size(), name);
        key_ = std::move(name);
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

private:
    /// modules, a module, its part, a member of that, its part, ...: depths 1, 2, 3, 4, 5.
    bool keeps(std::size_t depth, const string_t& name) {
        if (depth == 3) signals_ = name == "netnames";
        if (depth < 5) return true;
        if (signals_) return depth < 6 || name == limit_attribute;
        return name != "attributes" && name != "port_directions";
    }

    Json* add(Json&& value) {
        if (open_.empty()) return &(root = std::move(value));
        Json& parent = *open_.back();
        if (parent.is_array()) return &parent.emplace_back(std::move(value));
        return &(parent[key_] = std::move(value));
    }

    bool put(Json value) {
        if (inside_dropped_ == 0 && !std::exchange(drops_, false)) add(std::move(value));
        return true;
    }

    bool open(Json value) {
        if (inside_dropped_ > 0 || std::exchange(drops_, false))
            ++inside_dropped_;
        else
            open_.push_back(add(std::move(value)));
        return true;
    }

    bool close() {
        if (inside_dropped_ > 0)
            --inside_dropped_;
        else
            open_.pop_back();
        return true;
    }

    std::vector<Json*> open_;  ///< Objects and arrays that have not ended. Each is its parent's last, so that none moves.
    string_t key_;
    bool drops_ = false;      ///< The member that `key_` names is not kept.
    int inside_dropped_ = 0;  ///< Objects and arrays that have not ended, of one that is not kept.
    bool signals_ = false;
};

}  // namespace

Result<Netlist> Netlist::parse(std::string_view text) {
    KeptParts parts;
    if (!Json::sax_parse(text, &parts)) return Diagnostic{.reason = "the netlist is not JSON"};
    Netlist netlist;
    try {
        for (const auto& [name, entry] : parts.root.at("modules").items()) {
            const auto attributes = entry.find("attributes");
            if (attributes != entry.end() && attributes->contains("blackbox")) continue;
            netlist.modules_.emplace(name, read_module(name, entry));
        }
    } catch (const Json::exception& error) {
        return Diagnostic{.reason = fmt::format("the netlist is not as Yosys writes it: {}", error.what())};
    }
    return netlist;
}

const NetlistModule* Netlist::find(std::string_view name) const {
    const auto at = modules_.find(name);
    return at == modules_.end() ? nullptr : &at->second;
}

const NetlistModule* Netlist::top() const {
    for (const auto& [name, module] : modules_)
        if (module.top) return &module;
    return modules_.size() == 1 ? &modules_.begin()->second : nullptr;
}

FlatNetlist flatten(const Netlist& netlist, const NetlistModule& module) {
    FlatNetlist flat;
    Flattener(netlist, flat).run(module);
    return flat;
}

}  // namespace weft
