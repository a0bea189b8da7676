// xclbin.cpp
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include "xclbin.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "error.h"

namespace weft::host {

namespace {

// The layout of an xclbin ("AXLF"): a header, of which the file's length and the number of sections matter, and the table of sections.
constexpr std::size_t length_at = 304, section_count_at = 448, sections_at = 456, section_bytes = 40;
constexpr std::uint32_t ip_layout_kind = 8, user_metadata_kind = 16;
// IP_LAYOUT: a count and rows of properties, address and name.
constexpr std::size_t ip_rows_at = 8, ip_row_bytes = 80, ip_name_at = 16, ip_name_bytes = 64;

template <class T>
T number_at(const std::string& bytes, std::size_t at) {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

struct Section {
    std::uint32_t kind = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

class SectionReader {
public:
    explicit SectionReader(const std::string& path) : path_(path), file_(path, std::ios::binary | std::ios::ate) {
        if (!file_) throw input_error("'" + path + "' cannot be opened: " + std::strerror(errno));
        size_ = static_cast<std::uint64_t>(std::max<std::streamoff>(file_.tellg(), 0));
        if (size_ < sections_at) {
            if (read(0, std::min<std::uint64_t>(size_, 7)) == std::string("xclbin2").substr(0, size_) && size_ > 0) cut_short();
            not_an_xclbin();
        }
        const std::string header = read(0, sections_at);
        if (header.compare(0, 7, "xclbin2") != 0) not_an_xclbin();
        if (number_at<std::uint64_t>(header, length_at) > size_) cut_short();
        const auto count = number_at<std::uint32_t>(header, section_count_at);
        if (count > (size_ - sections_at) / section_bytes) cut_short();
        const std::string table = read(sections_at, count * section_bytes);
        for (std::size_t at = 0; at < table.size(); at += section_bytes) {
            const Section section{number_at<std::uint32_t>(table, at), number_at<std::uint64_t>(table, at + 24),
                                  number_at<std::uint64_t>(table, at + 32)};
            if (section.offset > size_ || section.size > size_ - section.offset) cut_short();
            sections_.push_back(section);
        }
    }

    /// The first section of that kind; empty where there is none.
    std::string section(std::uint32_t kind) {
        for (const Section& section : sections_)
            if (section.kind == kind) return read(section.offset, section.size);
        return {};
    }

private:
    [[noreturn]] void cut_short() const {
        throw input_error("'" + path_ + "' is cut short: it is shorter than its header says", "copy or package it again");
    }
    [[noreturn]] void not_an_xclbin() const { throw input_error("'" + path_ + "' is not an xclbin"); }

    std::string read(std::uint64_t offset, std::uint64_t size) {
        std::string bytes(size, '\0');
        file_.seekg(static_cast<std::streamoff>(offset));
        if (!file_.read(bytes.data(), static_cast<std::streamsize>(size))) throw input_error("'" + path_ + "' cannot be read");
        return bytes;
    }

    std::string path_;
    std::ifstream file_;
    std::uint64_t size_ = 0;
    std::vector<Section> sections_;
};

std::string quoted(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
    return text;
}

}  // namespace

Xclbin::Xclbin(const std::string& path) : path_(path) {
    SectionReader reader(path);
    std::string text = reader.section(user_metadata_kind);
    while (!text.empty() && text.back() == '\0') text.pop_back();
    const std::string help = "make it with `weft package`, or add the section: xclbinutil --add-section USER_METADATA:RAW:FILE";
    if (text.empty())
        throw input_error("'" + path + "' has no section USER_METADATA: it does not say which kernels of weft are in it", help);
    metadata_ = Json::parse(text);
    const Json* program = metadata_.find("program");
    if (!program || metadata_.text("program") != "weft" || metadata_.list("kernels").empty())
        throw input_error("the section USER_METADATA of '" + path + "' describes no kernel of weft", help);
    const std::string layout = reader.section(ip_layout_kind);
    const std::size_t rows = layout.size() < ip_rows_at ? 0 : number_at<std::uint32_t>(layout, 0);
    if (rows > 0 && rows > (layout.size() - ip_rows_at) / ip_row_bytes)
        throw input_error("'" + path + "' is damaged: its section IP_LAYOUT is shorter than it says");
    for (std::size_t row = 0; row < rows; ++row) {
        const std::string name = layout.substr(ip_rows_at + row * ip_row_bytes + ip_name_at, ip_name_bytes);
        units_.push_back(name.substr(0, name.find('\0')));
    }
}

std::vector<std::string> Xclbin::kernels() const {
    std::vector<std::string> names;
    for (const Json& kernel : metadata_.list("kernels")) names.push_back(kernel.text("kernel"));
    return names;
}

const Json& Xclbin::description(const std::string& kernel) const {
    const std::vector<Json>& list = metadata_.list("kernels");
    if (kernel.empty() && list.size() == 1) return list.front();
    for (const Json& known : list)
        if (known.text("kernel") == kernel) return known;
    if (kernel.empty()) throw input_error("'" + path_ + "' holds several kernels: " + quoted(kernels()), "name one of them");
    throw input_error("'" + path_ + "' has no kernel '" + kernel + "'; it has " + quoted(kernels()),
                      "give the xclbin that was packaged from this project");
}

std::vector<std::string> Xclbin::compute_units(const std::string& kernel) const {
    std::vector<std::string> names;
    for (const std::string& unit : units_)
        if (unit.compare(0, kernel.size() + 1, kernel + ":") == 0) names.push_back(unit.substr(kernel.size() + 1));
    if (names.empty()) throw input_error("'" + path_ + "' has no compute unit of kernel '" + kernel + "'");
    return names;
}

}  // namespace weft::host
