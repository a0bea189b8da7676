// network.h
// What the host programs know of the network.
// weft 0.1.0
// model small, SHA-256 c3f384419632b5bd2221ebc47a2fab3510aca7f81516b60ced9c3c51c9b22e07

#pragma once

#include <weft/program.h>

inline const weft::host::Network& network() {
    static const weft::host::Network it{
        "small_0_kernel",
        "small",
        "c3f384419632b5bd2221ebc47a2fab3510aca7f81516b60ced9c3c51c9b22e07",
        {
            "x",
        },
        {
            "left to you: output 'e' is Exp 'why \"so\\\"\077' of 'logits'",
        },
    };
    return it;
}
