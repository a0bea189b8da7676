// reference.cpp
// The engine `reference`: the integer contract by the units' reference models. It counts its images.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "src/engines/engine_def.h"
#include "src/engines/kernel_engine.h"

namespace weft {

namespace {

class Reference : public Engine {
public:
    explicit Reference(std::unique_ptr<Engine> contract) : contract_(std::move(contract)) {}

    std::string_view name() const override { return "reference"; }
    Result<std::vector<NamedTensor>> run(std::span<const NamedTensor> inputs, std::int64_t images, const Progress& progress) override {
        images_ = images;
        return contract_->run(inputs, images, progress);
    }
    EngineMeasures measures() const override {
        return {.json = {{"reference_images", images_}}, .text = fmt::format("reference models: {} images\n", images_)};
    }

private:
    std::unique_ptr<Engine> contract_;
    std::int64_t images_ = 0;
};

Result<std::unique_ptr<Engine>> make(const EngineSubject& subject, const EngineOptions& options, const StageProgress&) {
    WEFT_ASSIGN(std::unique_ptr<Engine> contract, IntegerEngine::make(subject.quantized, subject.design, true, options.threads));
    return std::unique_ptr<Engine>(std::make_unique<Reference>(std::move(contract)));
}

}  // namespace

extern const EngineDef engine_reference{
    .name = "reference",
    .needs = EngineNeeds::design,
    .make = make,
};

}  // namespace weft
