// error.h
// What goes wrong around a card, in the words of the one who runs the program.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <stdexcept>
#include <string>

namespace weft::host {

enum class Failure {
    input,      ///< A file, an option or the environment is wrong.
    time_out,   ///< A compute unit did not finish.
    lost,       ///< The card or its driver reported an error.
    cancelled,  ///< By the program itself, or by whoever interrupted it.
};

/// `what()` is the reason; `help` says what to do, where something can be done.
class Error : public std::runtime_error {
public:
    Error(Failure failure, const std::string& reason, std::string help = {})
        : std::runtime_error(reason), failure_(failure), help_(std::move(help)) {}

    Failure failure() const { return failure_; }
    const std::string& help() const { return help_; }
    /// Of a program that ends by it.
    int exit_code() const {
        if (failure_ == Failure::cancelled) return 130;
        return failure_ == Failure::input ? 1 : 3;
    }

private:
    Failure failure_;
    std::string help_;
};

inline Error input_error(const std::string& reason, std::string help = {}) { return {Failure::input, reason, std::move(help)}; }

}  // namespace weft::host
