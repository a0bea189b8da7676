// compile.h
// From a model file to a folded Design and a checked project: the stages in order, with their options.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/progress.h"
#include "src/base/stage_seconds.h"
#include "src/cost/board.h"
#include "src/cost/placement.h"
#include "src/cost/throughput.h"
#include "src/data/dataset.h"
#include "src/design/design.h"
#include "src/design/unit_def.h"
#include "src/emit/back_end.h"
#include "src/emit/emit_options.h"
#include "src/graph/graph.h"
#include "src/graph/named_tensor.h"
#include "src/lower/lowering.h"
#include "src/passes/pass.h"
#include "src/passes/quantize.h"

namespace weft {

/// What a user states about a model; everything has a default.
struct ModelOptions {
    std::map<std::string, Shape> shapes;
    std::string preprocess;
    std::filesystem::path calibration;  ///< Samples; empty: the model must be quantized already.
    bool stand_in = false;              ///< Calibrates on two random samples where there are none: for a check without data.
    QuantizeOptions quantize;
};

struct CompileOptions : ModelOptions {
    std::string board = "alveo-u200";  ///< A name, or a board file of the user's (read_board).
    double clock_mhz = 0;              ///< 0: the board's default. Assumed wherever it is printed.
    double mac_dsp_limit = 0;          ///< 0: 900, or 80 % of the DSPs of the board's largest SLR where those are fewer.
    int compute_units = 1;             ///< 0: as many as the board takes.
    std::filesystem::path folding;     ///< A folding file; empty: the default search.
    std::string command_line;          ///< For the heads of written files.
    bool self_check = true;
};

/// Told of stages and long work; all may be empty.
struct Observer {
    std::function<void(const Diagnostic&)> said;  ///< Of what a user should know at once, such as waiting.
    StageProgress progress;
    std::function<void(const std::vector<NamedTensor>&)> partial;  ///< Outputs of the first samples of a run that has failed then.
    std::function<void(std::string_view stage, const Graph& graph, const PassLog& log)> graph;  ///< After each stage that has one.
};

/// A model understood: as given, and as the integer contract has it.
struct Model {
    std::string name;
    std::string hash;
    Graph source;             ///< As given, with preprocessing in front: engine float.
    Graph quantized;          ///< With quantizers, as out/model.onnx is re-imported: engine float64.
    bool calibrated = false;  ///< The quantizers are ours.
    Diagnostics warnings;
    Dataset calibration;   ///< Samples that calibrated it; empty if none were given.
    StageSeconds seconds;  ///< Of reading and calibrating.
};

/// Import, preprocessing, and post-training quantization where the model has float layers and calibration data is given.
Result<Model> read_model(const std::filesystem::path& path, const ModelOptions& options, const Observer& observer = {});

/// A Design that is the contract of `quantized`: typing passes and lowering. Unfolded. The contract's integers are the same for every
/// `cell`; the forms that give them are those that cost least there.
struct Lowered {
    Design design;
    std::vector<RegionRecord> regions;
};
Result<Lowered> lower(const Graph& quantized, const std::string& name, const Observer& observer = {}, const DspCell& cell = dsp48e2);

struct Compiled {
    CompileOptions options;
    std::shared_ptr<const Board> board;
    Model model;
    Design design;  ///< Folded and plumbed.
    std::vector<RegionRecord> regions;
    std::int64_t interval =
        0;  ///< Of a compile: cycles from one frame to the next, of the core: the RTL schedule's, or the slowest unit's.
    std::vector<Placement> compute_units = {{}};
    std::optional<Throughput> modelled;     ///< Of a compile.
    std::optional<Cost> predicted;          ///< Of the RTL kernel's stream core, where every unit has an RTL face.
    std::vector<const BackEnd*> back_ends;  ///< What the project emits.
    Diagnostics warnings;                   ///< Of the kernel on its board, and of what is not emitted.
    StageSeconds seconds;                   ///< Of the model's stages, and of those to here.
};

/// Everything up to the folded, plumbed Design. On the heap: engines keep references into it.
Result<std::unique_ptr<Compiled>> compile(const std::filesystem::path& path, const CompileOptions& options, const Observer& observer = {});

/// Outcome of the check that every compile ends with.
struct SelfCheck {
    std::int64_t sample_count = 0;
    bool random = false;  ///< No samples were at hand: uniform over the input's range.
    std::int64_t elements = 0, equal = 0, ties = 0;
    std::string worst_node;  ///< Region with the least SQNR against float.
    double worst_sqnr_db = 0;
    double output_sqnr_db = 0;  ///< At the model's last value before a suffix such as Softmax; of all outputs together.
    std::vector<std::pair<std::string, double>> outputs;  ///< The same of each output, by name.
    nlohmann::ordered_json regions;
    Diagnostics warnings;
    bool exact() const { return equal + ties == elements; }
};
Result<SelfCheck> self_check(const Compiled& compiled, const Observer& observer = {});

/// Writes the project into `directory` (see ProjectFolder); what becomes of files of the user's that stand in the way is said. An error,
/// and nothing is written, where a check says that the contract is not the model's arithmetic.
Status write_project(const Compiled& compiled, const SelfCheck* check, const std::filesystem::path& source_file,
                     const std::filesystem::path& directory, const Observer& observer = {});

/// How the kernel is written.
EmitOptions emit_options(const Compiled& compiled);

/// Reads a project back: its models and Design. With `locking` it waits for whoever replaces the project, and finishes what was
/// interrupted.
Result<std::unique_ptr<Compiled>> load_project(const std::filesystem::path& directory, bool locking = true);
/// The same of a folder that a user has named: an error where it is no project.
Result<std::unique_ptr<Compiled>> open_project(const std::filesystem::path& directory);

}  // namespace weft
