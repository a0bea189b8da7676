// package.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/package.h"

#include <fmt/format.h>

#include "src/base/files.h"
#include "src/base/scratch.h"

namespace weft {

CardProject card_project(const Compiled& compiled) {
    return {compiled.model.quantized, compiled.design, emit_options(compiled), *compiled.board};
}

Result<Package> package_emulated(const PackageRequest& request, const Observer& observer) {
    std::vector<std::unique_ptr<Compiled>> projects;
    std::vector<CardProject> list;
    for (const std::filesystem::path& folder : request.projects) {
        WEFT_ASSIGN(std::unique_ptr<Compiled> project, open_project(folder));
        list.push_back(card_project(*project));
        projects.push_back(std::move(project));
    }
    for (const Diagnostic& said : settle_cache(request.projects[0]))
        if (observer.said) observer.said(said);
    WEFT_ASSIGN(const Card card, emulated_card(list, request.emulation));
    WEFT_ASSIGN(const std::string xclbin, package_emulation(card, observer.progress));
    WEFT_CHECK(write_file(request.output, xclbin));

    Package package{projects[0]->board->name, card.clock_mhz, {}, xclbin.size()};
    const std::vector<std::string> names = unit_names(card);
    for (std::size_t u = 0; u < names.size(); ++u)
        package.units.push_back({names[u], card.kernels[card.units[u].kernel].kernel.name, card.banks[card.units[u].bank].name});
    return package;
}

}  // namespace weft
