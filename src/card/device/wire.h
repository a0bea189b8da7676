// wire.h
// Protobuf's wire format as far as XRT's emulation protocol uses it: varints and length-delimited fields.
// Format: protobuf.dev, "Encoding". Part of the device process of an emulated card.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::device {

/// Fields of a message. The text that it was read from must outlive it.
class Message {
public:
    /// False where `text` is no message of varints, fixed words and length-delimited fields.
    static bool read(std::string_view text, Message& message) {
        message.fields_.clear();
        while (!text.empty()) {
            std::uint64_t key = 0, value = 0;
            if (!varint(text, key)) return false;
            Field field{static_cast<unsigned>(key >> 3), 0, {}};
            switch (key & 7) {
                case 0:
                    if (!varint(text, field.number)) return false;
                    break;
                case 2:
                    if (!varint(text, value) || value > text.size()) return false;
                    field.bytes = text.substr(0, value);
                    text.remove_prefix(value);
                    break;
                case 1:
                case 5: {
                    const std::size_t size = (key & 7) == 1 ? 8 : 4;
                    if (text.size() < size) return false;
                    text.remove_prefix(size);
                    break;
                }
                default:
                    return false;
            }
            message.fields_.push_back(field);
        }
        return true;
    }

    /// 0 where there is no such field.
    std::uint64_t number(unsigned field) const {
        for (const Field& f : fields_)
            if (f.field == field) return f.number;
        return 0;
    }
    /// Empty where there is no such field.
    std::string_view bytes(unsigned field) const {
        for (const Field& f : fields_)
            if (f.field == field) return f.bytes;
        return {};
    }

private:
    struct Field {
        unsigned field = 0;
        std::uint64_t number = 0;
        std::string_view bytes;
    };
    static bool varint(std::string_view& text, std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (text.empty()) return false;
            const auto byte = static_cast<unsigned char>(text.front());
            text.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }

    std::vector<Field> fields_;
};

/// A message as it is written.
class Reply {
public:
    Reply& number(unsigned field, std::uint64_t value) {
        varint(std::uint64_t{field} << 3);
        varint(value);
        return *this;
    }
    Reply& bytes(unsigned field, std::string_view value) {
        varint(std::uint64_t{field} << 3 | 2);
        varint(value.size());
        text_ += value;
        return *this;
    }
    const std::string& text() const { return text_; }

private:
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
        text_ += static_cast<char>(value);
    }

    std::string text_;
};

}  // namespace weft::device
