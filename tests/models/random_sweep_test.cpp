// random_sweep_test.cpp
// Random model files through the whole of weft: `check` says what `compile` does, the contract is its oracle, and the kernels of some, as
// C++ and as RTL under stalls, give the contract's results. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>

#include <chrono>
#include <fstream>
#include <map>
#include <set>

#include "src/data/npy.h"
#include "src/driver/check_model.h"
#include "src/emit/shell.h"
#include "src/engines/host.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/schedule/schedule.h"
#include "src/simulate/hls_simulation.h"
#include "src/simulate/rtl_simulation.h"
#include "tests/conformance/points.h"
#include "tests/messages.h"
#include "tests/models/random_file.h"
#include "tests/paths.h"

namespace weft::test {
namespace {

constexpr std::uint64_t default_networks = 40, default_kernels_every = 19;
constexpr std::int64_t images = 4;

std::set<std::string> operators_of(const std::string& bytes) {
    onnx::ModelProto model;
    EXPECT_TRUE(model.ParseFromString(bytes));
    std::set<std::string> operators;
    for (const auto& node : model.graph().node()) operators.insert(node.op_type());
    return operators;
}

/// A compiled network whose kernel is to be simulated, and what its frames must give.
struct Kernel {
    std::uint64_t seed = 0;
    std::unique_ptr<Compiled> compiled;
    RtlProject rtl;
    std::vector<std::vector<IntTensor>> frames, expected;
};

class Sweep {
public:
    explicit Sweep(std::uint64_t count) : count_(count), every_(setting("WEFT_KERNELS_EVERY", default_kernels_every)) {}

    void add(std::uint64_t seed) {
        SCOPED_TRACE(fmt::format("WEFT_SEED={} WEFT_RANDOM_POINTS=1", seed));
        const RandomFile file = random_file(seed);
        for (const std::string& name : operators_of(file.bytes)) ++operators_[name];
        Tally& tally = forms_[file.form];
        ++tally.drawn;
        auto compiled = compile_and_check(seed, file);
        if (compiled) {
            ++tally.compiled;
            expect_exact(*compiled);
            if (compiled_++ % every_ == 0) simulate(seed, std::move(compiled));
        }
        if (++drawn_ % 50 == 0 && drawn_ < count_) say_progress();
    }

    void finish() {
        run_rtl();
        say_progress();
        for (const auto& [form, tally] : forms_) fmt::print("  {:<34} {:>5} drawn, {:>5} compiled\n", form, tally.drawn, tally.compiled);
        for (const auto& [reason, times] : refusals_) fmt::print("  refused {:>4}: {}\n", times, reason);
        fmt::print("  networks with");
        for (const auto& [name, times] : operators_) fmt::print(" {} {}", name, times);
        fmt::print("\n");
        std::fflush(stdout);
        EXPECT_GE(2 * compiled_, drawn_) << "most of what is drawn is refused: the drawing says little";
    }

private:
    struct Tally {
        int drawn = 0, compiled = 0;
    };

    /// Compiles, with samples where the network is a float one; `check`, which has none, must have said so, in the same words.
    std::unique_ptr<Compiled> compile_and_check(std::uint64_t seed, const RandomFile& file) {
        const auto path = folder_ / fmt::format("network{}.onnx", seed);
        std::ofstream(path, std::ios::binary) << file.bytes;
        CompileOptions options;
        if (file.needs_samples && seed % 7 == 1) options.quantize.bits = "w4a6";
        if (file.needs_samples && seed % 7 == 2) options.quantize.bits = "w2a3";
        const auto checked = check_model(path, options, {});
        if (file.needs_samples) options.calibration = write_samples(seed, file.input);
        auto compiled = compile(path, options);
        std::filesystem::remove(path);
        std::filesystem::remove(folder_ / "x.npy");

        const Diagnostics refusal = compiled ? Diagnostics{} : compiled.error();
        const std::vector<std::string> problems = to_strings(checked ? checked->problems : checked.error());
        EXPECT_EQ(problems, to_strings(refusal)) << file.form << ": check and compile differ";
        if (compiled) {
            EXPECT_TRUE(checked && checked->supported) << file.form;
            EXPECT_TRUE(checked && checked->needs_samples == file.needs_samples) << file.form;
            return *std::move(compiled);
        }
        EXPECT_FALSE(checked && checked->supported) << file.form;
        ++refusals_[refusal.empty() ? "" : refusal[0].reason];
        for (const Diagnostic& diagnostic : refusal) {
            EXPECT_NE(diagnostic.node + diagnostic.tensor, "") << "what is refused has no name: " << diagnostic.reason;
            EXPECT_NE(diagnostic.help, "") << diagnostic.reason;
        }
        return nullptr;
    }

    std::filesystem::path write_samples(std::uint64_t seed, Shape shape) {
        shape[0] = 8;
        Tensor samples(DataType::float32, shape);
        std::mt19937_64 random(seed);
        std::normal_distribution<float> normal(0.3F, 1);
        for (float& element : samples.as<float>()) element = normal(random);
        const Bytes head = npy_header(samples);
        const auto path = folder_ / "x.npy";
        std::ofstream out(path, std::ios::binary);
        out.write(reinterpret_cast<const char*>(head.data()), static_cast<std::streamsize>(head.size()));
        out.write(reinterpret_cast<const char*>(samples.raw()), static_cast<std::streamsize>(samples.bytes()));
        return path;
    }

    void expect_exact(const Compiled& compiled) {
        const auto check = self_check(compiled);
        ASSERT_TRUE(check) << messages(check);
        EXPECT_TRUE(check->exact()) << check->regions.dump(1);
        EXPECT_GT(check->elements, 0);
        elements_ += check->elements;
        ties_ += check->ties;
    }

    void simulate(std::uint64_t seed, std::unique_ptr<Compiled> compiled) {
        Kernel kernel;
        kernel.seed = seed;
        kernel.compiled = std::move(compiled);
        Design& design = kernel.compiled->design;
        // Memories are found by the unit's name: networks of one program must not share any.
        for (const auto& unit : design.units) unit->name = fmt::format("network{}_{}", seed, unit->name);
        const Model& model = kernel.compiled->model;
        const auto contract = IntegerEngine::make(model.quantized, design, true);
        const auto host = Host::make(model.quantized, design);
        ASSERT_TRUE(contract && host);
        const std::vector<double> low{-1}, high{2};
        const std::vector<NamedTensor> samples = random_inputs(model.source, low, high, images, seed);
        for (std::int64_t image = 0; image < images; ++image) {
            const std::vector<Tensor> inputs{sample_of(samples[0].tensor, image, *model.source.inputs[0])};
            const auto streams = (*contract)->all_streams(inputs);
            const auto sent = host->prepare(inputs);
            ASSERT_TRUE(streams && sent);
            kernel.frames.push_back(*sent);
            std::vector<IntTensor> results;
            for (const KernelOutput& output : design.outputs)
                for (std::size_t s = 0; s < design.streams.size(); ++s)
                    if (design.streams[s].get() == output.binding.stream) results.push_back((*streams)[s]);
            kernel.expected.push_back(std::move(results));
        }
        run_hls(kernel);
        if (!has_verilator()) return;
        auto project = emit_rtl(design, {});
        ASSERT_TRUE(project) << messages(project.error());
        kernel.rtl = *std::move(project);
        kernels_.push_back(std::move(kernel));
        constexpr std::size_t built_together = 8;
        if (kernels_.size() == built_together) run_rtl();
    }

    void run_hls(const Kernel& kernel) {
        if (!has_compiler()) return;
        const EmitOptions emit = emit_options(*kernel.compiled);
        if (!hls_takes(kernel.compiled->design, emit)) return;
        const auto project = emit_hls(kernel.compiled->design, emit);
        ASSERT_TRUE(project) << messages(project.error());
        const auto simulation = HlsSimulation::build(*project, kernel_ports(kernel.compiled->design, emit));
        ASSERT_TRUE(simulation) << messages(simulation.error());
        const auto received = simulation->run(kernel.frames, {});
        ASSERT_TRUE(received) << messages(received.error());
        EXPECT_EQ(*received, kernel.expected);
        ++hls_;
    }

    /// Those that wait for it, in one program: outputs of the contract in the cycles of the schedule, at full pace and under stalls.
    void run_rtl() {
        if (kernels_.empty()) return;
        const std::vector<Kernel> kernels = std::move(kernels_);
        kernels_.clear();
        std::vector<RtlProject> projects;
        for (const Kernel& kernel : kernels) projects.push_back(kernel.rtl);
        const auto simulation = RtlSimulation::build(projects, {.brief = true});
        ASSERT_TRUE(simulation) << messages(simulation.error());
        for (std::size_t i = 0; i < kernels.size(); ++i) {
            for (const std::uint64_t stalls : {std::uint64_t{0}, kernels[i].seed + 7}) {
                SCOPED_TRACE(fmt::format("WEFT_SEED={}, stall seed {}", kernels[i].seed, stalls));
                const auto run = simulation->run(i, kernels[i].frames, {.stall_seed = stalls, .patience = 100000});
                ASSERT_TRUE(run) << messages(run.error());
                EXPECT_EQ(run->outputs, kernels[i].expected);
                const auto predicted =
                    schedule(kernels[i].compiled->design, {.frames = static_cast<int>(kernels[i].frames.size()), .stall_seed = stalls});
                ASSERT_TRUE(predicted) << messages(predicted.error());
                for (std::size_t port = 0; port < predicted->ports.size(); ++port)
                    EXPECT_EQ(run->port_cycles[port], predicted->ports[port].cycles) << kernels[i].rtl.ports[port].name;
            }
            ++rtl_;
        }
    }

    void say_progress() const {
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
        fmt::print("{} of {} networks: {} compiled, {} refused, {} elements equal ({} ties), {} run as HLS, {} as RTL; {:.0f} s\n", drawn_,
                   count_, compiled_, drawn_ - compiled_, elements_ - ties_, ties_, hls_, rtl_, seconds.count());
        std::fflush(stdout);
    }

    TemporaryFolder folder_;
    std::uint64_t count_ = 0, every_ = 1, drawn_ = 0, compiled_ = 0, hls_ = 0, rtl_ = 0;
    std::int64_t elements_ = 0, ties_ = 0;
    std::map<std::string, Tally> forms_;
    std::map<std::string, int> refusals_, operators_;
    std::vector<Kernel> kernels_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// `make sweep` draws 2,000. WEFT_RANDOM_POINTS says how many networks, WEFT_SEED the first one's seed, WEFT_KERNELS_EVERY of how many that
/// compile one is simulated.
TEST(RandomSweep, CheckSaysWhatCompileDoesAndKernelsEqualTheOracle) {
    const std::uint64_t first = first_seed(), count = setting("WEFT_RANDOM_POINTS", default_networks);
    Sweep sweep(count);
    for (std::uint64_t seed = first; seed < first + count; ++seed) sweep.add(seed);
    sweep.finish();
}

/// What is drawn holds all that the sweep is to say something about.
TEST(RandomSweep, FilesHoldEveryKindOfNetwork) {
    std::set<std::string> operators, forms;
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        const RandomFile file = random_file(seed);
        operators.merge(operators_of(file.bytes));
        forms.insert(file.form);
    }
    for (const char* name : {"Conv",
                             "Gemm",
                             "MatMul",
                             "Pad",
                             "MaxPool",
                             "AveragePool",
                             "GlobalAveragePool",
                             "GlobalMaxPool",
                             "ReduceMean",
                             "Concat",
                             "Transpose",
                             "Reshape",
                             "Flatten",
                             "BatchNormalization",
                             "Relu",
                             "LeakyRelu",
                             "PRelu",
                             "Sigmoid",
                             "Tanh",
                             "Clip",
                             "Add",
                             "Sub",
                             "Mul",
                             "Softmax",
                             "ArgMax",
                             "QuantizeLinear",
                             "DequantizeLinear",
                             "Quant",
                             "IntQuant",
                             "BipolarQuant",
                             "MultiThreshold",
                             "QLinearConv",
                             "QLinearMatMul",
                             "QGemm",
                             "QLinearAdd",
                             "QLinearConcat",
                             "QLinearAveragePool",
                             "QLinearGlobalAveragePool",
                             "QLinearLeakyRelu",
                             "QLinearSigmoid"})
        EXPECT_TRUE(operators.contains(name)) << name;
    EXPECT_THAT(forms, testing::IsSupersetOf({"float, the input read twice", "float, channels last at the end", "float, a computed addend",
                                              "QDQ", "QOperator", "QONNX Quant", "MultiThreshold"}));
}

}  // namespace
}  // namespace weft::test
