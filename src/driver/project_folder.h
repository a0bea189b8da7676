// project_folder.h
// A folder that holds a project beside things of the user's: what weft wrote there is replaced, everything else stays.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/diagnostic.h"

namespace weft {

inline constexpr auto manifest_name = "manifest.json";

/// What the manifest of a folder says of the folder.
struct Ownership {
    enum class Kind {
        none,      ///< There is no manifest of weft: no project.
        unlisted,  ///< A project of a version that did not list its files.
        listed
    };
    Kind kind = Kind::none;
    std::map<std::string, std::string> files;  ///< Path in the folder -> SHA-256 of what was written.
};
Ownership read_ownership(const std::filesystem::path& folder);

/// Is there a project, or one that was completely written and only has to be moved into its place?
bool is_project(const std::filesystem::path& folder);

/// An error where a project cannot go to `directory`: it is no folder, or holds something and is no project. Changes nothing.
Status takes_project(const std::filesystem::path& directory);

/// A file of the user's that stood where a new one was written: from, to (paths in the folder).
using KeptFiles = std::vector<std::pair<std::string, std::string>>;

/// The folder, locked against other processes while it is written to. Files are written into a hidden folder inside it. `commit` marks
/// that folder as complete, by one rename, and moves file by file; whoever opens the folder next finishes what was interrupted after the
/// mark, and forgets what was interrupted before it. Without a commit the folder is as it was.
class ProjectFolder {
public:
    /// Follows links and makes the folder if there is none. `waiting` is called where another process has it.
    static Result<ProjectFolder> open(const std::filesystem::path& directory, const std::function<void()>& waiting);
    ProjectFolder(ProjectFolder&&) noexcept;
    ~ProjectFolder();

    /// What was there before.
    const Ownership& ownership() const;
    /// Where a file of the new project is written; made known by `add`.
    std::filesystem::path staged(const std::string& file) const;
    void add(const std::string& file);
    Status write(const std::string& file, std::string_view contents);
    /// The files so far and their SHA-256.
    const std::map<std::string, std::string>& files() const;

    /// Replaces the old project. Files of it that are not as weft wrote them are kept under another name, as is what the user has put where
    /// a new file goes. `unlisted` are the files of a project that does not list them: there, what is younger than its report counts as the
    /// user's. `manifest` is complete but for its own digest (`manifest_digest`). `step` is told of each change before it happens.
    Result<KeptFiles> commit(std::string manifest, const std::vector<std::string>& unlisted, const std::function<void()>& step = {});

private:
    struct State;
    explicit ProjectFolder(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Held while a project is read: it is not replaced meanwhile. Finishes what was interrupted first.
class ProjectReading {
public:
    static Result<ProjectReading> open(const std::filesystem::path& folder);
    ProjectReading(ProjectReading&&) noexcept;
    ~ProjectReading();

private:
    explicit ProjectReading(int lock) : lock_(lock) {}
    int lock_;
};

/// Stands in a manifest for its own digest until `ProjectFolder::commit` puts that in: SHA-256 of the text with these zeros in its place.
inline constexpr std::string_view manifest_digest = "0000000000000000000000000000000000000000000000000000000000000000";

}  // namespace weft
