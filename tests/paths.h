// paths.h
// Where tests find the source tree, models and data that are not part of it, and room of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace weft::test {

inline std::filesystem::path source_folder() { return WEFT_SOURCE_DIR; }

/// The folder that environment variable `variable` names, or `<source tree>/../shared/<name>`. Need not exist.
inline std::filesystem::path shared_folder(const char* variable, const char* name) {
    if (const char* folder = std::getenv(variable)) return folder;
    return source_folder().parent_path() / "shared" / name;
}

inline std::filesystem::path models_folder() { return shared_folder("WEFT_MODELS", "models"); }
inline std::filesystem::path data_folder() { return shared_folder("WEFT_DATA", "data"); }

/// Debian's dataset-fashion-mnist.
inline std::filesystem::path fashion_mnist_folder() { return "/usr/share/datasets/fashion-mnist"; }

/// A new folder that is removed with the object.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "weft-test-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            ADD_FAILURE() << "cannot make a folder like " << name;
            return;
        }
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

}  // namespace weft::test

/// Skips the test, with a message, where a file or folder that is not part of the source tree is missing.
#define WEFT_REQUIRE_PATH(path) \
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "not here: " << (path)
