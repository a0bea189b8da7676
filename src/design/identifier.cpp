// identifier.cpp
// Names that C++ and SystemVerilog both accept.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/identifier.h"

#include <algorithm>

namespace weft {

namespace {

constexpr std::size_t longest = 48;

// Each between spaces. C++20 (with what the emitted C++14 uses of the standard library and the vendor's headers), Verilog-2005,
// SystemVerilog-2017.
constexpr std::string_view reserved =
    " accept_on alias alignas alignof always always_comb always_ff always_latch and and_eq ap_int ap_uint asm assert assign assume "
    "auto automatic beat before begin bind bins binsof bit bitand bitor bool break buf bufif0 bufif1 byte case casex casez catch "
    "cell chandle char char16_t char32_t char8_t checker class clocking cmos co_await co_return co_yield compl concept config const "
    "const_cast consteval constexpr constinit constraint context continue cover covergroup coverpoint cross deassign decltype "
    "default defparam delete design disable dist do double dynamic_cast edge else end endcase endchecker endclass endclocking "
    "endconfig endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram endproperty endsequence "
    "endspecify endtable endtask enum event eventually expect explicit export extends extern false final first_match float for force "
    "foreach forever fork forkjoin friend function generate genvar global goto highz0 highz1 hls if iff ifnone ignore_bins "
    "illegal_bins implements implies import incdir include initial inline inout input inside instance int integer interconnect "
    "interface intersect join join_any join_none large let liblist library local localparam logic long longint macromodule main "
    "matches medium modport module mutable namespace nand negedge nettype new nexttime nmos noexcept nor noshowcancelled not not_eq "
    "notif0 notif1 null nullptr operator or or_eq output package packed parameter pmos posedge primitive priority private program "
    "property protected public pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase "
    "randsequence rcmos real realtime ref reg register reinterpret_cast reject_on release repeat requires restrict return rnmos "
    "rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence short shortint shortreal "
    "showcancelled signed sizeof small soft solve specify specparam static static_assert static_cast std string strong strong0 "
    "strong1 struct super supply0 supply1 switch sync_accept_on sync_reject_on table tagged task template this thread_local "
    "throughout throw time timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg true try type typedef "
    "typeid typename union unique unique0 unsigned until until_with untyped use using uwire var vectored virtual void volatile wait "
    "wait_order wand wchar_t weak weak0 weak1 weft while wildcard wire with within wor xnor xor xor_eq ";

}  // namespace

std::string to_identifier(std::string_view wanted) {
    std::string name;
    for (const char c : wanted) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (c >= '0' && c <= '9'))
            name += c;
        else if (!name.empty() && name.back() != '_')
            name += '_';
    }
    if (name.size() > longest) name.erase(0, name.size() - longest);
    while (!name.empty() && name.back() == '_') name.pop_back();
    name.erase(0, std::min(name.find_first_not_of('_'), name.size()));
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name = name.empty() ? "unnamed" : "n" + name;
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (reserved.find(" " + lower + " ") != std::string_view::npos) name += "_0";
    return name;
}

}  // namespace weft
