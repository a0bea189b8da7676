// attribute.h
// Attributes of a node, checked against the table of its operator.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "src/graph/tensor.h"

namespace weft {

using Attribute = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>, Tensor>;

enum class AttributeKind { integer, real, text, integers, reals, tensor };

/// A row of an operator's attribute table. An attribute without a default may be absent (`Attributes::has` tells) unless it is required.
struct AttributeDef {
    std::string_view name;
    AttributeKind kind;
    bool required = false;
    std::variant<std::monostate, std::int64_t, double, std::string_view> fallback = {};
    /// Lets a value be refused at import: empty if `value` is accepted, else the reason. May be null.
    std::string (*refuse)(const Attribute& value) = nullptr;
    /// The first operator set that has it: in earlier ones it always has its usual value.
    int since = 0;
    /// The last operator set in which a node states it as an attribute, and the input that carries it in later ones (-1: it is dropped, as
    /// only its usual value is accepted). 0: an attribute in every operator set.
    int until = 0;
    int input = -1;
};

/// Attributes by name, defaults filled in; ordered, so that every print is the same.
class Attributes {
public:
    bool has(std::string_view name) const { return entries_.find(name) != entries_.end(); }
    void set(std::string name, Attribute value) { entries_[std::move(name)] = std::move(value); }
    void erase(std::string_view name);

    // The attribute must be there and of that kind: the importer has checked it against the table.
    std::int64_t integer(std::string_view name) const { return get<std::int64_t>(name); }
    double real(std::string_view name) const { return get<double>(name); }
    const std::string& text(std::string_view name) const { return get<std::string>(name); }
    const std::vector<std::int64_t>& integers(std::string_view name) const { return get<std::vector<std::int64_t>>(name); }
    const std::vector<double>& reals(std::string_view name) const { return get<std::vector<double>>(name); }
    const Tensor& tensor(std::string_view name) const { return get<Tensor>(name); }

    auto begin() const { return entries_.begin(); }
    auto end() const { return entries_.end(); }
    bool empty() const { return entries_.empty(); }

private:
    template <class T>
    const T& get(std::string_view name) const {
        return std::get<T>(entries_.find(name)->second);
    }
    std::map<std::string, Attribute, std::less<>> entries_;
};

}  // namespace weft
