// model_file_test.cpp
// Files that are no models, and external data inside and outside the model's folder.
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/model_file.h"

#include <gtest/gtest.h>

#include "src/graph/op_def.h"
#include "src/onnx/export.h"
#include "tests/no_more_files.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

void write(const std::filesystem::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string message_for(const std::string& bytes) {
    const TemporaryFolder folder;
    const auto path = folder / "m.onnx";
    write(path, bytes);
    std::string text = messages(import_model(path));
    const auto at = text.find(path.string());
    return at == text.npos ? text : text.replace(at, path.string().size(), "m.onnx");
}

TEST(ModelFile, SaysWhatAFileIs) {
    const TemporaryFolder folder;
    const std::string missing = (folder / "none.onnx").string();
    EXPECT_EQ(messages(import_model(missing)), "error: there is no file '" + missing + "'\n  help: give the path of an ONNX model\n");
    EXPECT_EQ(messages(import_model(folder.path())),
              "error: '" + folder.path().string() + "' is a folder\n  help: give the .onnx file inside it\n");
    EXPECT_EQ(messages(import_model("/dev/null")), "error: '/dev/null' is not a file\n  help: give the path of an ONNX model\n");
    EXPECT_EQ(message_for(""), "error: 'm.onnx' is empty\n  help: copy or export the model again\n");
    EXPECT_EQ(message_for("\xff\xd8\xff\xe0 JFIF"),
              "error: 'm.onnx' is a JPEG image, not an ONNX model\n  help: give the path of an ONNX model\n");
    EXPECT_EQ(message_for("PK\x03\x04 and so on"),
              "error: 'm.onnx' is a ZIP archive (PyTorch, Keras or NumPy), not an ONNX model\n  help: export the model to ONNX and give "
              "that file\n");
    EXPECT_EQ(message_for("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"),
              "error: 'm.onnx' is a Git LFS pointer, not an ONNX model\n  help: fetch the model itself with 'git lfs pull'\n");
    EXPECT_EQ(message_for("hello, this is text"),
              "error: 'm.onnx' is not an ONNX model\n  help: the file is of another format or damaged; export the model again\n");
}

TEST(ModelFile, SaysWhyAFileCannotBeRead) {
    const TemporaryFolder folder;
    const auto path = folder / "m.onnx";
    dense_model().write(path);
    {
        const NoMoreFiles none;
        EXPECT_EQ(messages(import_model(path)),
                  "error: cannot read '" + path.string() + "': Too many open files\n  help: check the file's permissions\n");
    }
    EXPECT_TRUE(import_model(path));
    std::filesystem::resize_file(path, std::uintmax_t{1} << 31);
    EXPECT_EQ(messages(import_model(path)),
              "error: '" + path.string() +
                  "' has 2147483648 bytes, more than the 2 GiB that protobuf allows\n  help: save the model with external data "
                  "(onnx.save_model with save_as_external_data=True)\n");
}

TEST(ModelFile, SaysThatAFileIsTruncated) {
    const std::string whole = dense_model().bytes();
    EXPECT_EQ(message_for(whole.substr(0, whole.size() / 2)),
              "error: 'm.onnx' ends in the middle of the model\n  help: the file is truncated; copy or export it again\n");
    EXPECT_EQ(message_for(whole.substr(0, 2)),
              "error: 'm.onnx' holds no graph\n  help: the file is truncated or no model; copy or export it again\n");
}

TEST(ModelFile, RefusesModelsWithoutSubstance) {
    onnx::ModelProto none;
    none.set_ir_version(8);
    EXPECT_EQ(message_for(none.SerializeAsString()),
              "error: 'm.onnx' holds no graph\n  help: the file is truncated or no model; copy or export it again\n");
    EXPECT_EQ(messages(ModelBuilder().import()),
              "error: the model has no node\n  help: there is nothing to compile; export the model again\n");
}

/// dense_model with the weight outside: 24 bytes at `offset` of `location`.
ModelBuilder external_model(const std::string& location, const std::string& offset = "", const std::string& length = "") {
    ModelBuilder builder = dense_model();
    auto& weight = *builder.graph().mutable_initializer(0);
    weight.clear_float_data();
    weight.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto add = [&](const char* key, const std::string& value) {
        if (value.empty()) return;
        auto& entry = *weight.add_external_data();
        entry.set_key(key);
        entry.set_value(value);
    };
    add("location", location);
    add("offset", offset);
    add("length", length);
    return builder;
}

std::string weight_bytes() {
    const std::vector<float> values{1, 2, 3, 4, 5, 6};
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

std::string external_message(const ModelBuilder& builder, const std::filesystem::path& folder) {
    builder.write(folder / "m.onnx");
    return messages(import_model(folder / "m.onnx"));
}

TEST(ExternalData, IsReadWithOffsetAndLength) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "data");
    write(folder / "data/w.bin", "12345678" + weight_bytes() + "tail");
    external_model("data/w.bin", "8", "24").write(folder / "m.onnx");
    const auto model = import_model(folder / "m.onnx");
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(model->graph.find("w")->constant->to_doubles(), (std::vector<double>{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(model->hash, sha256(external_model("data/w.bin", "8", "24").bytes() + weight_bytes()));
    EXPECT_TRUE(external_message(external_model("data/w.bin", "8"), folder.path()).empty()) << "a length may be left out";
}

TEST(ExternalData, IsRefusedWhereItIsNotInTheFolder) {
    const TemporaryFolder outer;
    const auto folder = outer / "model";
    std::filesystem::create_directory(folder);
    write(outer / "w.bin", weight_bytes());
    const std::string inside =
        "\n  help: external data must lie in the model's own folder; put it there and export or save the model again\n";
    EXPECT_EQ(external_message(external_model("../w.bin"), folder),
              "error: tensor 'w': its external data '../w.bin' lies outside the model's folder" + inside);
    EXPECT_EQ(external_message(external_model((outer / "w.bin").string()), folder),
              "error: tensor 'w': its external data '" + (outer / "w.bin").string() + "' lies outside the model's folder" + inside);
    std::filesystem::create_symlink(outer / "w.bin", folder / "link.bin");
    EXPECT_EQ(external_message(external_model("link.bin"), folder),
              "error: tensor 'w': its external data 'link.bin' is a link out of the model's folder" + inside);
    std::filesystem::create_directory_symlink(outer.path(), folder / "up");
    EXPECT_EQ(external_message(external_model("up/w.bin"), folder),
              "error: tensor 'w': its external data 'up/w.bin' is a link out of the model's folder" + inside);
    EXPECT_EQ(external_message(external_model("up/model"), folder),
              "error: tensor 'w': its external data 'up/model' is not a file" + inside);
    EXPECT_EQ(external_message(external_model(""), folder),
              "error: tensor 'w': its external data has no location\n  help: export the model again\n");
}

TEST(ExternalData, IsRefusedWhereItIsMissingOrShort) {
    const TemporaryFolder folder;
    write(folder / "w.bin", weight_bytes());
    EXPECT_EQ(
        external_message(external_model("none.bin"), folder.path()),
        "error: tensor 'w': its external data 'none.bin' is missing\n  help: put the file beside the model, as it was when exported\n");
    EXPECT_EQ(external_message(external_model("w.bin", "4"), folder.path()),
              "error: tensor 'w': its external data 'w.bin' is too short: 24 bytes from offset 4 in a file of 24\n"
              "  help: the file is truncated or of another model; copy or export it again\n");
    EXPECT_EQ(external_message(external_model("w.bin", "18446744073709551615"), folder.path()),
              "error: tensor 'w': its external data 'w.bin' is too short: 24 bytes from offset 18446744073709551615 in a file of 24\n"
              "  help: the file is truncated or of another model; copy or export it again\n");
    EXPECT_EQ(external_message(external_model("w.bin", "0", "20"), folder.path()),
              "error: tensor 'w': its external data has 20 bytes where the shape needs 24\n  help: export the model again\n");
    EXPECT_EQ(external_message(external_model("w.bin", "-4"), folder.path()),
              "error: tensor 'w': the offset '-4' of its external data is not a number\n  help: export the model again\n");
}

TEST(ExternalData, SaysWhyItCannotBeRead) {
    const TemporaryFolder folder;
    write(folder / "w.bin", weight_bytes());
    std::filesystem::create_symlink("loop.bin", folder / "loop.bin");
    EXPECT_EQ(external_message(external_model("loop.bin"), folder.path()),
              "error: tensor 'w': cannot find its external data 'loop.bin': Too many levels of symbolic links\n"
              "  help: put the file itself beside the model\n");
    const onnx::TensorProto weight = external_model("w.bin").graph().initializer(0);
    const ExternalData external(folder.path());
    EXPECT_TRUE(external.read(weight, 24));
    const NoMoreFiles none;
    EXPECT_EQ(messages(external.read(weight, 24)),
              "error: tensor 'w': cannot read its external data 'w.bin': Too many open files\n  help: check the file's permissions\n");
}

TEST(SelfContained, BringsExternalDataInside) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "in");
    write(folder / "in/w.bin", weight_bytes());
    external_model("w.bin").write(folder / "in/m.onnx");
    const Status status = write_self_contained(folder / "in/m.onnx", folder / "copy.onnx");
    ASSERT_TRUE(status) << messages(status);
    const auto original = import_model(folder / "in/m.onnx"), copy = import_model(folder / "copy.onnx");
    ASSERT_TRUE(original && copy) << messages(copy);
    EXPECT_EQ(print(copy->graph), print(original->graph));
}

TEST(SelfContained, RefusesShapesThatAreNone) {
    const TemporaryFolder folder;
    write(folder / "w.bin", weight_bytes());
    ModelBuilder builder = external_model("w.bin");
    builder.graph().mutable_initializer(0)->set_dims(0, -1);
    builder.write(folder / "m.onnx");
    EXPECT_EQ(messages(write_self_contained(folder / "m.onnx", folder / "copy.onnx")),
              "error: tensor 'w': its shape or element type is not usable\n  help: export the model again\n");
}

TEST(SelfContained, KeepsTheBytesOfWhatIsInside) {
    const TemporaryFolder folder;
    dense_model().write(folder / "m.onnx");
    ASSERT_TRUE(write_self_contained(folder / "m.onnx", folder / "copy.onnx"));
    std::ifstream copy(folder / "copy.onnx", std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(copy), {}), dense_model().bytes());
    const Status status = write_self_contained(folder / "m.onnx", folder / "none/copy.onnx");
    EXPECT_EQ(messages(status), "error: cannot write '" + (folder / "none/copy.onnx").string() +
                                    "': No such file or directory\n  help: check that the folder exists and may be written to\n");
}

TEST(Export, RefusesWhatNoFileHolds) {
    // One tensor of 64 MiB under 32 names.
    Graph graph;
    Value* sum = graph.add_value("x", DataType::float32, {1 << 24});
    graph.inputs = {sum};
    const auto shared = std::make_shared<const Tensor>(DataType::float32, Shape{1 << 24});
    for (int i = 0; i < 32; ++i) {
        Value* constant = graph.add_value("c" + std::to_string(i), DataType::float32, {1 << 24});
        constant->constant = shared;
        Value* next = graph.add_value("y" + std::to_string(i), DataType::float32, {1 << 24});
        graph.add_node(op_for(OpRole::add), "", 13, {sum, constant}, {next});
        sum = next;
    }
    graph.outputs = {sum};
    EXPECT_EQ(messages(export_to_bytes(graph)),
              "error: the model to write has more than the 2 GiB that an ONNX file may have\n  help: use a smaller model\n");
    graph.outputs = {graph.find("y0")};
    graph.remove_dead();
    EXPECT_TRUE(export_to_bytes(graph));
}

}  // namespace
}  // namespace weft::test
