// diagnostic.h
// What weft tells a user: errors are values, never exceptions across an interface.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "src/base/made.h"

namespace weft {

enum class Severity { note, warning, error };

/// One message about the user's input. `reason` is one sentence without a final full stop; `help` says what to do about it.
struct Diagnostic {
    Severity severity = Severity::error;
    std::string node;    ///< Key of the ONNX node concerned; empty if none is.
    std::string tensor;  ///< Name of the tensor concerned; empty if none is.
    std::string reason;
    std::string help;
    [[no_unique_address]] Made made = std::source_location::current();
};

using Diagnostics = std::vector<Diagnostic>;

/// `error: node 'conv1', tensor 'w': the scale is zero` with `  help: ...` on a line of its own.
std::string to_string(const Diagnostic& diagnostic);

/// One text for each: those that say the same of several nodes are one, in the place of the first, with their number and first names.
std::vector<std::string> to_strings(const Diagnostics& diagnostics);

/// A value, or the reasons why there is none.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::move(value)) {}
    Result(Diagnostic reason) : state_(Diagnostics{std::move(reason)}) {}
    Result(Diagnostics reasons) : state_(std::move(reasons)) {}

    explicit operator bool() const { return state_.index() == 0; }
    T& operator*() & { return std::get<0>(state_); }
    const T& operator*() const& { return std::get<0>(state_); }
    T&& operator*() && { return std::get<0>(std::move(state_)); }
    T* operator->() { return &std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }

    const Diagnostics& error() const& { return std::get<1>(state_); }
    Diagnostics&& error() && { return std::get<1>(std::move(state_)); }

private:
    std::variant<T, Diagnostics> state_;
};

struct Ok {};
/// The result of a step that yields nothing: `return Ok{};`.
using Status = Result<Ok>;

/// The entry of `candidates` nearest to `name` by edit distance, if any is near enough to be what the user meant; else empty.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

/// "did you mean 'x'?" or, where nothing is near, "known: a, b, c" (at most ten). For the `help` of an unknown name.
std::string suggest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace weft

#define WEFT_CONCATENATE_(a, b) a##b
#define WEFT_CONCATENATE(a, b) WEFT_CONCATENATE_(a, b)
#define WEFT_ASSIGN_(temporary, declaration, expression) \
    auto temporary = (expression);                       \
    if (!temporary) return std::move(temporary).error(); \
    declaration = *std::move(temporary)
/// `WEFT_ASSIGN(auto x, f());` declares x from a Result, or returns its diagnostics from the enclosing function.
#define WEFT_ASSIGN(declaration, expression) WEFT_ASSIGN_(WEFT_CONCATENATE(weft_result_, __LINE__), declaration, expression)
/// Returns the diagnostics of a failed Status from the enclosing function.
#define WEFT_CHECK(expression) \
    if (auto weft_status = (expression); !weft_status) return std::move(weft_status).error()
