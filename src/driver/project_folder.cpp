// project_folder.cpp
// Files go to `.weft-new`; renamed to `.weft-ready` it is the record of what is still to be moved.
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/project_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "src/base/files.h"
#include "src/base/interrupt.h"
#include "src/base/sha256.h"

namespace weft {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr auto staging_name = ".weft-new";
constexpr auto ready_name = ".weft-ready";
constexpr auto files_name = "files";
constexpr auto plan_name = "plan.json";
constexpr auto report_name = "report.json";

Diagnostic cannot_write(const fs::path& path, const std::string& reason) {
    return {.reason = fmt::format("cannot write '{}': {}", path.string(), reason),
            .help = "check that the folder exists and may be written to"};
}

bool is_there(const fs::path& path) {
    std::error_code code;
    return fs::exists(fs::symlink_status(path, code));
}

/// SHA-256 of a regular file that is no link; empty for everything else.
std::string digest_of(const fs::path& path) {
    std::error_code code;
    if (!fs::is_regular_file(fs::symlink_status(path, code))) return {};
    std::ifstream file(path, std::ios::binary);
    Sha256 digest;
    std::string buffer(std::size_t{1} << 20, '\0');
    while (file) {
        file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        digest.update({buffer.data(), static_cast<std::size_t>(file.gcount())});
    }
    return file.eof() ? digest.hex() : std::string();
}

/// A path of a manifest that stays inside the folder.
bool is_inside(const std::string& file) {
    const fs::path path(file);
    return !path.empty() && path.is_relative() && path == path.lexically_normal() && *path.begin() != "..";
}

/// Reads a manifest up to its design, which is long.
class ManifestHead : public nlohmann::json_sax<Json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool string(string_t& value) override {
        if (depth_ == 1) texts_[keys_[0]] = value;
        if (depth_ == 2 && keys_[0] == "files" && is_inside(keys_[1])) files_[keys_[1]] = value;
        return true;
    }
    bool start_object(std::size_t) override { return open(); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        if (depth_ <= 2) keys_[static_cast<std::size_t>(depth_ - 1)] = name;
        has_design_ = depth_ == 1 && name == "design";
        if (depth_ == 1) seen_.insert(name);
        return !has_design_;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

    Ownership ownership() {
        if (!has_design_ || !seen_.contains("model_hash") || !seen_.contains("options")) return {};
        if (texts_["program"] == "weft" && !texts_["version"].empty()) return {Ownership::Kind::listed, files_};
        if (!seen_.contains("program") && !texts_["weft"].empty()) return {Ownership::Kind::unlisted, {}};
        return {};
    }
    std::string digest() { return texts_["digest"]; }

private:
    bool open() { return ++depth_ > 0; }
    bool close() { return --depth_ >= 0; }

    int depth_ = 0;
    std::string keys_[2];
    std::map<std::string, std::string> texts_;
    std::set<std::string> seen_;
    std::map<std::string, std::string> files_;
    bool has_design_ = false;
};

ManifestHead read_head(const fs::path& folder) {
    ManifestHead head;
    std::error_code code;
    if (!fs::is_regular_file(folder / manifest_name, code)) return head;
    std::ifstream file(folder / manifest_name, std::ios::binary);
    Json::sax_parse(file, &head);
    return head;
}

/// Is the manifest as weft wrote it?
bool is_manifest_untouched(const fs::path& folder) {
    const std::string digest = read_head(folder).digest();
    auto text = read_file(folder / manifest_name);
    if (!text || digest.size() != manifest_digest.size()) return false;
    const std::size_t at = text->find(digest);
    return at != std::string::npos && sha256(text->replace(at, digest.size(), manifest_digest)) == digest;
}

/// What is to be done in a folder beside moving the new files in.
struct Plan {
    KeptFiles keep;
    std::vector<std::pair<std::string, std::string>> remove;  ///< File, and the SHA-256 that it must still have (empty: any).
};

/// Decides what becomes of what is there.
class Planner {
public:
    Planner(const fs::path& folder, const std::map<std::string, std::string>& fresh) : folder_(folder), fresh_(fresh) {}

    Plan run(const Ownership& before, const std::vector<std::string>& unlisted) {
        for (const auto& [file, digest] : fresh_) clear_way(file);
        if (before.kind == Ownership::Kind::listed) {
            for (const auto& [file, digest] : before.files) {
                const std::string now = digest_of(folder_ / file);
                settle(file, !now.empty() && now == digest, digest);
            }
            settle(manifest_name, is_manifest_untouched(folder_), {});
        } else if (before.kind == Ownership::Kind::unlisted) {
            std::set<std::string> files(unlisted.begin(), unlisted.end());
            files.insert({manifest_name, report_name});
            for (const std::string& file : files) settle(file, !is_younger_than_report(file), {});
        }
        for (const auto& [file, digest] : fresh_)
            if (!settled_.contains(file)) settle(file, false, {});
        return std::move(plan_);
    }

private:
    /// A file of the user's where a folder must be.
    void clear_way(const std::string& file) {
        std::error_code code;
        for (fs::path above = fs::path(file).parent_path(); !above.empty(); above = above.parent_path())
            if (is_there(folder_ / above) && !fs::is_directory(folder_ / above, code) && settled_.insert(above.string()).second)
                keep(above.string());
    }

    void settle(const std::string& file, bool ours, const std::string& digest) {
        settled_.insert(file);
        if (!is_there(folder_ / file)) return;
        const auto fresh = fresh_.find(file);
        if (ours) {
            if (fresh == fresh_.end()) plan_.remove.emplace_back(file, digest);
        } else if (fresh == fresh_.end() || digest_of(folder_ / file) != fresh->second) {
            keep(file);
        }
    }

    void keep(const std::string& file) {
        std::string name = file + ".user";
        for (int number = 2; is_there(folder_ / name); ++number) name = fmt::format("{}.user{}", file, number);
        plan_.keep.emplace_back(file, name);
    }

    /// The report is what earlier versions wrote last.
    bool is_younger_than_report(const std::string& file) const {
        std::error_code missing, code;
        const auto report = fs::last_write_time(folder_ / report_name, missing);
        return missing || fs::last_write_time(folder_ / file, code) > report;
    }

    const fs::path& folder_;
    const std::map<std::string, std::string>& fresh_;
    std::set<std::string> settled_;
    Plan plan_;
};

/// Carries out what a complete `.weft-ready` says; done twice, or from the middle, it gives the same.
class Finisher {
public:
    Finisher(fs::path folder, const std::function<void()>& step) : folder_(std::move(folder)), ready_(folder_ / ready_name), step_(step) {}

    Status run() {
        std::error_code code;
        if (is_there(ready_ / plan_name)) {
            WEFT_ASSIGN(const Plan plan, read_plan());
            for (const auto& [from, to] : plan.keep) WEFT_CHECK(keep(from, to));
            WEFT_CHECK(move_in());
            for (const auto& [file, digest] : plan.remove) WEFT_CHECK(remove(file, digest));
            if (is_there(ready_ / files_name / manifest_name)) WEFT_CHECK(move(manifest_name));
        }
        step();
        fs::remove_all(ready_, code);
        if (code) return cannot_write(ready_, code.message());
        return Ok{};
    }

private:
    void step() const {
        if (step_) step_();
    }

    Result<Plan> read_plan() const {
        WEFT_ASSIGN(const std::string text, read_file(ready_ / plan_name));
        const Json json = Json::parse(text, nullptr, false);
        Plan plan;
        bool good = true;
        try {
            json.at("keep").get_to(plan.keep);
            json.at("remove").get_to(plan.remove);
        } catch (const Json::exception&) {
            good = false;
        }
        for (const auto& [from, to] : plan.keep) good = good && is_inside(from) && is_inside(to);
        for (const auto& [file, digest] : plan.remove) good = good && is_inside(file);
        if (!good)
            return Diagnostic{.reason = fmt::format("'{}' is damaged: it is what an interrupted compile has left", ready_.string()),
                              .help = "remove it and compile again"};
        return plan;
    }

    Status keep(const std::string& from, const std::string& to) {
        if (is_there(folder_ / to) || !is_there(folder_ / from)) return Ok{};
        step();
        return move_file(folder_ / from, folder_ / to);
    }

    /// All but the manifest, which says that the rest is there.
    Status move_in() {
        std::vector<std::string> files;
        std::error_code code;
        const fs::path root = ready_ / files_name;
        for (fs::recursive_directory_iterator at(root, code), end; !code && at != end; at.increment(code))
            if (!at->is_directory(code)) files.push_back(at->path().lexically_relative(root).string());
        std::sort(files.begin(), files.end());
        for (const std::string& file : files)
            if (file != manifest_name) WEFT_CHECK(move(file));
        return Ok{};
    }

    Status move(const std::string& file) {
        step();
        if (file.find('/') != std::string::npos) WEFT_CHECK(make_folder((folder_ / file).parent_path()));
        return move_file(ready_ / files_name / file, folder_ / file);
    }

    Status remove(const std::string& file, const std::string& digest) {
        if (!is_there(folder_ / file) || (!digest.empty() && digest_of(folder_ / file) != digest)) return Ok{};
        step();
        std::error_code code;
        fs::remove(folder_ / file, code);
        if (code) return cannot_write(folder_ / file, code.message());
        for (fs::path above = fs::path(file).parent_path(); !above.empty() && fs::is_empty(folder_ / above, code) && !code;
             above = above.parent_path())
            fs::remove(folder_ / above, code);
        return Ok{};
    }

    fs::path folder_, ready_;
    const std::function<void()>& step_;
};

Status finish(const fs::path& folder, const std::function<void()>& step) {
    if (!is_there(folder / ready_name)) return Ok{};
    const Uninterrupted whole;
    return Finisher(folder, step).run();
}

/// Nothing but what an interrupted compile has left.
bool is_vacant(const fs::path& folder) {
    std::error_code code;
    for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code))
        if (at->path().filename() != staging_name) return false;
    return !code;
}

void lock(int file, int how, const std::function<void()>& waiting) {
    // Any other error is that of a file system without locks.
    if (::flock(file, how | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    if (waiting) waiting();
    while (::flock(file, how) != 0 && errno == EINTR) {
    }
}

/// Is `path` still the folder that was opened?
bool is_same(int file, const fs::path& path) {
    struct stat opened {
    }, there{};
    return ::fstat(file, &opened) == 0 && ::stat(path.c_str(), &there) == 0 && opened.st_dev == there.st_dev &&
           opened.st_ino == there.st_ino;
}

}  // namespace

Ownership read_ownership(const fs::path& folder) { return read_head(folder).ownership(); }

bool is_project(const fs::path& folder) {
    return is_there(folder / ready_name / plan_name) || read_ownership(folder).kind != Ownership::Kind::none;
}

Status takes_project(const fs::path& directory) {
    if (directory.empty()) return Diagnostic{.reason = "the output directory's name is empty", .help = "name a folder with -o"};
    WEFT_ASSIGN(const fs::path place, resolve(directory));
    std::error_code code;
    const bool there = is_there(place);
    if (there && !fs::is_directory(place, code))
        return Diagnostic{.reason = fmt::format("'{}' exists and is no folder", directory.string()),
                          .help = "choose another output directory with -o"};
    fs::path above = place;
    while (!is_there(above) && above.has_relative_path()) above = above.parent_path();
    if (!fs::is_directory(above, code)) return cannot_write(directory, fmt::format("'{}' is no folder", above.string()));
    if (::access(above.c_str(), W_OK | X_OK) != 0) return cannot_write(directory, std::generic_category().message(errno));
    if (!there || is_vacant(place) || is_project(place)) return Ok{};
    return Diagnostic{.reason = fmt::format("'{}' exists and is no weft project", directory.string()),
                      .help = "choose another output directory with -o"};
}

struct ProjectFolder::State {
    fs::path folder;
    int lock = -1;
    std::deque<ListedPath> made;  ///< Folders that were not there.
    std::optional<ListedPath> staging;
    Ownership before;
    std::map<std::string, std::string> files;

    ~State() {
        const Uninterrupted whole;
        std::error_code ignored;
        if (staging) fs::remove_all(staging->path(), ignored);
        for (auto at = made.rbegin(); at != made.rend(); ++at) fs::remove(at->path(), ignored);
        if (lock >= 0) ::close(lock);
    }

    Status make() {
        const Uninterrupted whole;
        std::vector<fs::path> missing;
        for (fs::path at = folder; !is_there(at) && at.has_relative_path(); at = at.parent_path()) missing.push_back(at);
        for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
            if (::mkdir(at->c_str(), 0777) == 0) {
                made.emplace_back(*at, ListedPath::Removal::if_empty);
            } else if (errno != EEXIST) {
                return cannot_write(*at, std::generic_category().message(errno));
            }
        }
        return Ok{};
    }

    Status take(const std::function<void()>& waiting) {
        for (;;) {
            WEFT_CHECK(make());
            lock = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (lock < 0 && errno == ENOENT) continue;
            if (lock < 0) return cannot_write(folder, std::generic_category().message(errno));
            weft::lock(lock, LOCK_EX, waiting);
            // Whoever made the folder and then failed has removed it.
            if (is_same(lock, folder)) return Ok{};
            ::close(lock);
            lock = -1;
        }
    }
};

ProjectFolder::ProjectFolder(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProjectFolder::ProjectFolder(ProjectFolder&&) noexcept = default;
ProjectFolder::~ProjectFolder() = default;

Result<ProjectFolder> ProjectFolder::open(const fs::path& directory, const std::function<void()>& waiting) {
    WEFT_CHECK(takes_project(directory));
    auto state = std::make_unique<State>();
    WEFT_ASSIGN(state->folder, resolve(directory));
    WEFT_CHECK(state->take(waiting));
    WEFT_CHECK(finish(state->folder, {}));
    WEFT_CHECK(takes_project(directory));
    state->before = read_ownership(state->folder);
    std::error_code ignored;
    fs::remove_all(state->folder / staging_name, ignored);
    {
        const Uninterrupted whole;
        state->staging.emplace(state->folder / staging_name, ListedPath::Removal::all);
        WEFT_CHECK(make_folder(state->staging->path() / files_name));
    }
    return ProjectFolder(std::move(state));
}

const Ownership& ProjectFolder::ownership() const { return state_->before; }
const std::map<std::string, std::string>& ProjectFolder::files() const { return state_->files; }
fs::path ProjectFolder::staged(const std::string& file) const { return state_->staging->path() / files_name / file; }

void ProjectFolder::add(const std::string& file) { state_->files[file] = digest_of(staged(file)); }

Status ProjectFolder::write(const std::string& file, std::string_view contents) {
    WEFT_CHECK(write_file(staged(file), contents));
    state_->files[file] = sha256(contents);
    return Ok{};
}

Result<KeptFiles> ProjectFolder::commit(std::string manifest, const std::vector<std::string>& unlisted, const std::function<void()>& step) {
    const std::string digest = sha256(manifest);
    if (const std::size_t at = manifest.find(manifest_digest); at != std::string::npos) manifest.replace(at, digest.size(), digest);
    WEFT_CHECK(write(manifest_name, manifest));
    const Plan plan = Planner(state_->folder, state_->files).run(state_->before, unlisted);
    const Json record{{"keep", plan.keep}, {"remove", plan.remove}};
    WEFT_CHECK(write_file(state_->staging->path() / plan_name, record.dump(1)));

    const Uninterrupted whole;
    if (step) step();
    WEFT_CHECK(move_file(state_->staging->path(), state_->folder / ready_name));
    state_->staging.reset();
    state_->made.clear();
    WEFT_CHECK(finish(state_->folder, step));
    return plan.keep;
}

Result<ProjectReading> ProjectReading::open(const fs::path& folder) {
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return Diagnostic{.reason = fmt::format("cannot read '{}': {}", folder.string(), std::generic_category().message(errno)),
                          .help = "check the path and its permissions"};
    ProjectReading reading(file);
    lock(file, LOCK_SH, {});
    if (!is_there(folder / ready_name)) return reading;
    // Nobody else is writing now, so that this is what an interrupted process has left.
    ::flock(file, LOCK_UN);
    lock(file, LOCK_EX, {});
    WEFT_CHECK(finish(folder, {}));
    lock(file, LOCK_SH, {});
    return reading;
}

ProjectReading::ProjectReading(ProjectReading&& other) noexcept : lock_(std::exchange(other.lock_, -1)) {}

ProjectReading::~ProjectReading() {
    if (lock_ >= 0) ::close(lock_);
}

}  // namespace weft
